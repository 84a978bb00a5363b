"""Which address and method is which interaction, below a version's base. One table for HTTP and for
the entries of a Bundle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from fhirstore.api import quick
from fhirstore.api.batch import perform
from fhirstore.api.call import Interaction
from fhirstore.api.capabilities import capabilities
from fhirstore.api.create import create
from fhirstore.api.delete import delete, delete_match, delete_version
from fhirstore.api.docref import docref
from fhirstore.api.everything import delete_everything, everything
from fhirstore.api.export import kick_off, kick_off_group
from fhirstore.api.history import history, history_system, history_type
from fhirstore.api.lastn import lastn
from fhirstore.api.patch import patch, patch_match
from fhirstore.api.permission import give, take
from fhirstore.api.purge import purge
from fhirstore.api.read import read, vread
from fhirstore.api.search import search, search_system, search_within
from fhirstore.api.update import post, put, put_match
from fhirstore.api.validate import validate
from fhirstore.errors import MethodNotAllowed, NotFound
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search.request import UNREPEATED, read_pairs

METADATA = Interaction(name="", perform=capabilities)
"""The one interaction that needs no credentials: it has no name in scopes."""
SYSTEM = Interaction(name="search", perform=search_system, any_type=True)
_ABOUT_THE_ANSWER = ("_format", "_pretty", "_summary", "_elements", *UNREPEATED)


def resolve(method: str, path: str, query: str = "") -> tuple[Interaction, Mapping[str, str]]:
    """The interaction of a path like "/Patient/1", and what the path names, as fields of a `Call`:
    `rtype` (canonical spelling where any version knows it), `fid` and so on. The base itself is a
    search where the query filters. Raises NotFound, MethodNotAllowed."""
    if query and method == "GET" and path in ("", "/") and _filters(query):
        return SYSTEM, {}
    for pattern, methods in _BY_DEPTH.get(path.count("/"), ()):
        if match := pattern.fullmatch(path):
            if method not in methods:
                allowed = tuple(methods)
                raise MethodNotAllowed(f"{method} is not for this address", allowed=allowed)
            named = match.groupdict()
            if named.get("fid", "").startswith("$"):
                raise NotFound(_no_operation(named["fid"]))
            if "rtype" in named:
                named["rtype"] = BY_LOWER_CASE.get(named["rtype"].lower(), named["rtype"])
            return methods[method], named
    raise NotFound("there is nothing at this address")


def _no_operation(name: str) -> str:
    if name == "$everything":
        return "$everything is asked of a Patient: Patient/{id}/$everything"
    return f"{name} is no operation at this address"


def _filters(query: str) -> bool:
    return any(pair.name not in _ABOUT_THE_ANSWER for pair in read_pairs(query))


_WITHIN = r"/(?P<compartment>[A-Za-z]+)/(?P<within>[^/]+)/(?P<rtype>[A-Za-z]+|\*)"
_TYPE, _ID = r"/(?P<rtype>[A-Za-z]+)", r"/(?P<fid>[^/]+)"
_EXPORT = {
    "GET": Interaction(name="export", perform=kick_off, any_type=True),
    "POST": Interaction(name="export", perform=kick_off, any_type=True, takes="parameters"),
}

_OF_GROUP = {
    method: replace(interaction, perform=kick_off_group) for method, interaction in _EXPORT.items()
}

Route = tuple[re.Pattern[str], Mapping[str, Interaction]]
ROUTES: tuple[Route, ...] = tuple(
    (re.compile(pattern), methods)
    for pattern, methods in (
        (
            r"/?",
            {
                "GET": METADATA,
                "OPTIONS": METADATA,
                "POST": Interaction(
                    name="bundle",
                    perform=partial(perform, resolve=resolve),
                    read_only=False,
                    takes="resource",
                ),
            },
        ),
        (r"/metadata", {"GET": METADATA}),
        (
            r"/_history",
            {"GET": Interaction(name="history-system", perform=history_system, any_type=True)},
        ),
        (
            r"/_search",
            {
                "POST": Interaction(
                    name="search", perform=search_system, any_type=True, takes="form"
                ),
            },
        ),
        (_WITHIN, {"GET": Interaction(name="search", perform=search_within)}),
        (
            _WITHIN + r"/_search",
            {"POST": Interaction(name="search", perform=search_within, takes="form")},
        ),
        *((pattern, _EXPORT) for pattern in (r"/\$export", r"/(?P<rtype>Patient)/\$export")),
        (r"/(?P<rtype>Group)" + _ID + r"/\$export", _OF_GROUP),
        (r"/purge", {"DELETE": Interaction(name="purge", perform=purge, read_only=False)}),
        (
            _TYPE,
            {
                "GET": Interaction(name="search", perform=search, quick=quick.search),
                "POST": Interaction(
                    name="create", perform=create, read_only=False, takes="resource"
                ),
                "PUT": Interaction(
                    name="update", perform=put_match, read_only=False, takes="resource"
                ),
                "DELETE": Interaction(name="delete", perform=delete_match, read_only=False),
                "PATCH": Interaction(
                    name="patch", perform=patch_match, read_only=False, takes="patch"
                ),
            },
        ),
        (
            _TYPE + r"/\$validate",
            {"POST": Interaction(name="validate", perform=validate, takes="resource")},
        ),
        (
            _TYPE + _ID + r"/\$validate",
            {
                "GET": Interaction(name="validate", perform=validate),
                "POST": Interaction(name="validate", perform=validate, takes="resource"),
            },
        ),
        (
            _TYPE + r"/_history",
            {"GET": Interaction(name="history-type", perform=history_type)},
        ),
        (
            _TYPE + r"/_search",
            {"POST": Interaction(name="search", perform=search, takes="form")},
        ),
        (
            _TYPE + r"/\$lastn",
            {
                "GET": Interaction(name="search", perform=lastn),
                "POST": Interaction(name="search", perform=lastn, takes="parameters"),
            },
        ),
        (
            _TYPE + r"/\$docref",
            {
                "GET": Interaction(name="search", perform=docref),
                "POST": Interaction(name="search", perform=docref, takes="parameters"),
            },
        ),
        (
            _TYPE + _ID + r"/\$everything",
            {
                "GET": Interaction(name="everything", perform=everything, any_type=True),
                "POST": Interaction(
                    name="everything", perform=everything, any_type=True, takes="parameters"
                ),
                "DELETE": Interaction(
                    name="delete", perform=delete_everything, read_only=False, any_type=True
                ),
            },
        ),
        (
            _TYPE + _ID,
            {
                "GET": Interaction(name="read", perform=read, quick=quick.read),
                "PUT": Interaction(name="update", perform=put, read_only=False, takes="resource"),
                "POST": Interaction(name="update", perform=post, read_only=False, takes="resource"),
                "DELETE": Interaction(name="delete", perform=delete, read_only=False),
                "PATCH": Interaction(name="patch", perform=patch, read_only=False, takes="patch"),
            },
        ),
        (
            _TYPE + _ID + r"/_permission/(?P<seer>[^/]+)",
            {
                "PUT": Interaction(name="update", perform=give, read_only=False),
                "DELETE": Interaction(name="update", perform=take, read_only=False),
            },
        ),
        (_TYPE + _ID + "/_history", {"GET": Interaction(name="history", perform=history)}),
        (
            _TYPE + _ID + r"/_history/(?P<vid>[^/]+)",
            {
                "GET": Interaction(name="vread", perform=vread),
                "DELETE": Interaction(name="delete", perform=delete_version, read_only=False),
            },
        ),
    )
)


def _by_depth() -> Mapping[int, tuple[Route, ...]]:
    """The routes by the slashes in their paths, of which every pattern has so many as it is long;
    the first may do without its only one."""
    found: dict[int, list[Route]] = {0: [ROUTES[0]]}
    for pattern, methods in ROUTES:
        found.setdefault(pattern.pattern.replace("[^/]", "").count("/"), []).append(
            (pattern, methods)
        )
    return {depth: tuple(routes) for depth, routes in found.items()}


_BY_DEPTH = _by_depth()
