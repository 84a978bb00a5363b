"""What resources refer to, read from their bodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from fhirstore import keys
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search.condition import Scope
from fhirstore.search.controls import ANY, Include, references
from fhirstore.search.definitions import SearchParameter, parameters, types
from fhirstore.search.plans import readers
from fhirstore.search.rows import Row
from fhirstore.search.values import homes, targets

Name = tuple[int, int, str]
"""(owner, rtype, fid)."""
Keyed = tuple[int, int, int]
"""(owner, key of a token row, rtype of the resource it is of)."""
_REFERENCE, _URL = "Reference", "url"


@dataclass(frozen=True, kw_only=True)
class Referred:
    """What is referred to: by `names`, and by canonical url: the `keys` under which resources of
    that url are indexed, and by (rtype, url) the `versions` that are meant ("": any)."""

    names: set[Name] = field(default_factory=set)
    keys: dict[Keyed, None] = field(default_factory=dict)
    versions: dict[tuple[int, str], set[str]] = field(default_factory=dict)

    def means(self, row: Row) -> bool:
        """Whether a resource found by its url is of a version that is meant."""
        resource = orjson.loads(row.body)
        wanted = self.versions.get((row.rtype, resource.get(_URL)), set())
        return "" in wanted or resource.get("version") in wanted

    def _add_canonical(self, owner: int, text: str, rtypes: Sequence[str]) -> None:
        url, _, version = text.partition("|")
        for rtype in rtypes:
            number = NUMBERS[rtype]
            self.keys[owner, keys.uri_key(rtype, _URL, url), number] = None
            self.versions.setdefault((number, url), set()).add(version)

    def add(self, row: Row, resource: Any, include: Include, code: str, scope: Scope) -> None:
        """Add what a resource refers to by one parameter."""
        parameter = parameters(scope.version, NAMES[row.rtype])[code]
        for kind, read in readers(parameter):
            for value in read(resource):
                for target in _here(targets(kind, value), scope):
                    rtype, _, fid = target.partition("/")
                    if rtype in NUMBERS and include.target in ("", rtype):
                        self.names.add((row.owner, NUMBERS[rtype], fid))
                if kind != _REFERENCE and isinstance(value, str):
                    rtypes = _with_url(scope.version, parameter, include.target)
                    self._add_canonical(row.owner, value, rtypes)


def referred(rows: Sequence[Row], includes: Sequence[Include], scope: Scope) -> Referred:
    """What the rows refer to by the includes' parameters."""
    found = Referred()
    for row in rows:
        source = NAMES[row.rtype]
        mine = [include for include in includes if include.source in (source, ANY)]
        resource = orjson.loads(row.body) if mine else None
        for include in mine:
            for code in codes(scope.version, source, include.code):
                found.add(row, resource, include, code, scope)
    return found


def codes(version: str, rtype: str, code: str) -> list[str]:
    """The reference parameters of a type that an include's `code` means."""
    known = references(version, rtype)
    if code == ANY:
        return list(known)
    return [code] if code in known else []


def _here(found: Iterator[str], scope: Scope) -> Iterator[str]:
    """Those that name a resource of this server, as "Type/id"."""
    for target in found:
        for home in homes(scope.base, scope.version):
            target = target.removeprefix(home)
        if target.count("/") == 1 and "\0" not in target:
            yield target


def _with_url(version: str, parameter: SearchParameter, only: str) -> list[str]:
    """The types among a parameter's targets that are named by a url of their own."""
    possible = parameter.targets or tuple(types(version))
    return [
        rtype for rtype in possible if only in ("", rtype) and _URL in parameters(version, rtype)
    ]
