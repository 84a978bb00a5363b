"""`GET {Type}` and `POST {Type}/_search` (wire contract 12.2 to 12.4, 12.8), and the same over all
types (`GET ?_type=...`) and in a compartment (`Patient/{id}/Observation`, `Patient/{id}/*`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson
from django.conf import settings

from fhirstore import outcome
from fhirstore.api import presented
from fhirstore.api.call import Answer, Call
from fhirstore.errors import NotFound
from fhirstore.permissions import widened
from fhirstore.rtypes import BY_LOWER_CASE, NUMBERS
from fhirstore.search.bundle import bundle, hint
from fhirstore.search.condition import Scope
from fhirstore.search.contained_page import run_contained
from fhirstore.search.definitions import COMPARTMENTS, types
from fhirstore.search.execute import NONE, Found, run
from fhirstore.search.explain import explained
from fhirstore.search.held_types import held_types
from fhirstore.search.paging import check_window, links
from fhirstore.search.parts import members
from fhirstore.search.request import (
    Pair,
    SearchRequest,
    Within,
    parse,
    parse_system,
    read_pairs,
)

EVERY_TYPE = "*"


def search(call: Call) -> Answer:
    """A page of what matches. A type that only another version has is empty; one that none has is
    not known."""
    if call.rtype not in NUMBERS:
        raise NotFound(f"there is no resource type {call.rtype}")
    return _of_type(call, f"{call.base}/{call.rtype}", None)


def search_system(call: Call) -> Answer:
    """A page of what matches among several types: those of `_type`, or all the user has."""
    return _of_system(call, call.base, None)


def search_within(call: Call) -> Answer:
    """A page of what matches in a compartment: of one type, or (`*`) of all it may hold."""
    compartment = BY_LOWER_CASE.get(call.compartment.lower(), "")
    if compartment not in COMPARTMENTS or compartment not in types(call.version):
        raise NotFound("there is nothing at this address")
    within = Within(compartment=compartment, fid=call.within)
    url = f"{call.base}/{compartment}/{call.within}/{call.rtype}"
    if call.rtype == EVERY_TYPE:
        return _of_system(call, url, within)
    if call.rtype not in NUMBERS or not members(call.version, compartment, call.rtype):
        raise NotFound(f"{call.rtype} is not in the compartment of a {compartment}")
    return _of_type(call, url, within)


def _of_type(call: Call, url: str, within: Within | None) -> Answer:
    strict = call.prefers("strict")
    request = parse(
        version=call.version, rtype=call.rtype, pairs=_pairs(call), strict=strict, within=within
    )
    return _answer(call, url, request, call.scope())


def _of_system(call: Call, url: str, within: Within | None) -> Answer:
    pairs = _pairs(call)
    owners = call.owners()
    if not owners.several:
        owners = widened(owners, version=call.version)
    known = [name for name in held_types(owners) if name in types(call.version)]
    if within is not None:
        known = [name for name in known if members(call.version, within.compartment, name)]
    request = parse_system(
        version=call.version,
        rtypes=known,
        pairs=pairs,
        strict=call.prefers("strict"),
        within=within,
    )
    kept = tuple(p for p in request.parts if p.rtype in known or request.controls.contained)
    scope = replace(call, rtype="Patient").scope()
    return _answer(call, url, replace(request, parts=kept), replace(scope, owners=owners))


def _pairs(call: Call) -> list[Pair]:
    return [*read_pairs(call.query), *read_pairs(call.form)]


def _answer(call: Call, url: str, request: SearchRequest, scope: Scope) -> Answer:
    check_window(request, longest=settings.R4_SKIP_MAX)
    known = not request.rtype or request.rtype in types(call.version)
    brief = not request.controls.includes
    if known and request.controls.contained:
        found = run_contained(request, scope)
    else:
        found = run(request, scope, brief=brief) if known else NONE
    told = []
    if request.controls.explain and known:
        told = explained(request, replace(scope, owners=call.owners()))
    return as_bundle(call, url, request, found, told=told)


def as_bundle(
    call: Call, url: str, request: SearchRequest, found: Found, *, told: Sequence[str] = ()
) -> Answer:
    """The page as a searchset; `told`: what `_explain` tells."""
    entries = presented.entries(call, found.rows, controls=request.controls)
    if request.controls.explain:
        entries.append(hint(_told(told)))
    if request.ignored and call.version == "r4" and call.prefers("lenient"):
        entries.append(hint(_ignored(request)))
    page_links = links(
        version=call.version,
        url=url,
        pairs=request.pairs,
        ignored=request.ignored,
        following=found.following,
    )
    return Answer(
        body=bundle(kind="searchset", total=found.total, entries=entries, links=page_links)
    )


def _ignored(request: SearchRequest) -> bytes:
    names = ", ".join(sorted({pair.told for pair in request.ignored}))
    said = outcome.outcome(
        severity="warning", code="not-supported", text=f"these parameters were ignored: {names}"
    )
    return orjson.dumps(said)


def _told(lines: Sequence[str]) -> bytes:
    """What `_explain` tells, an issue a sentence."""
    said = outcome.outcome(severity="information", code="informational", text="")
    issue = said["issue"][0]
    said["issue"] = [
        {**issue, "details": {"text": line}, "diagnostics": line}
        for line in lines or ["This version has no such type: there was nothing to look at."]
    ]
    return orjson.dumps(said)
