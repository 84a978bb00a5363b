"""`Observation/$lastn`: the newest observations of each kind
(hl7.org/fhir/R4/observation-operation-lastn.html).

Kinds are codes: observations that share one are of one kind, however many codings each has. The
newest observations are read first; then those of other kinds than these, and so on, so that a user
with a hundred thousand heart rates costs a few statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from fhirstore.api import presented
from fhirstore.api.call import Answer, Call
from fhirstore.api.operation import operation_pairs, pair, values
from fhirstore.errors import InvalidRequest, InvalidValue, NotFound
from fhirstore.keys import normalise
from fhirstore.search import controls
from fhirstore.search.bundle import bundle
from fhirstore.search.definitions import primary_date
from fhirstore.search.escapes import escape
from fhirstore.search.execute import Found, run
from fhirstore.search.paging import cut, links
from fhirstore.search.request import PAGING, Pair, SearchRequest, parse_ordinary, read_pairs
from fhirstore.search.rows import Row

MOST, MOST_IN_ALL = 1000, 5000
_STEP = 200
_TOGETHER = 500
"""Codes in one `code:not`."""
_SUBJECTS = ("patient", "subject")
_KINDS = ("category", "code", "combo-code")
_OWN = ("max", "_count", "_sort", "_total", *PAGING)

Code = tuple[str, str]
"""(system, code) of a coding; ("text", ...) with a leading blank where there are only words."""


def lastn(call: Call) -> Answer:
    """The `max` newest (1 by default) of each kind among what the other parameters, those of a
    search, find: a patient or subject, and a category or code. All at once, or pages of `_count`.
    """
    if call.rtype != "Observation":
        raise NotFound(f"$lastn is an operation on Observation, not on {call.rtype}")
    pairs = operation_pairs(call)
    most = _most(pairs)
    asked = [p for p in pairs if p.name not in _OWN]
    request = _request(call, asked)
    names = {clause.name for clause in request.clauses}
    if names.isdisjoint(_SUBJECTS) or names.isdisjoint(_KINDS):
        raise InvalidRequest("$lastn needs a patient or subject, and a category or code")
    # How the answer is to look has no part in finding it.
    filters = [p for p in asked if p not in request.ignored and not controls.takes(p.name)]
    found = _newest(call, filters, most)
    shown, following = cut(pairs, found)
    entries = presented.entries(call, shown, controls=request.controls)
    return Answer(
        body=bundle(
            kind="searchset",
            total=len(found),
            entries=[] if request.total_only else entries,
            links=links(
                version=call.version,
                url=f"{call.base}/Observation/$lastn",
                pairs=pairs,
                ignored=request.ignored,
                following=following,
            ),
        )
    )


def _most(pairs: list[Pair]) -> int:
    asked = values(pairs, "max") or ["1"]
    if not (asked[-1].isascii() and asked[-1].isdecimal() and int(asked[-1][:9]) > 0):
        raise InvalidValue(parameter="max", problem="is not a positive number")
    return min(int(asked[-1][:9]), MOST)


def _request(call: Call, pairs: Sequence[Pair]) -> SearchRequest:
    strict = call.prefers("strict")
    return parse_ordinary(version=call.version, rtype=call.rtype, pairs=pairs, strict=strict)


@dataclass(kw_only=True)
class Kind:
    """Observations of one kind, and all codes by which they are."""

    codes: set[Code] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)


class _Kinds:
    """Which code is of which kind."""

    def __init__(self) -> None:
        self.by_code: dict[Code, Kind] = {}

    def add(self, row: Row) -> None:
        codes = _codes(orjson.loads(row.body))
        known = {id(kind): kind for code in codes if (kind := self.by_code.get(code))}
        kind, *others = known.values() or (Kind(),)
        for other in others:
            kind.codes |= other.codes
            kind.rows = _ordered([*kind.rows, *other.rows])
        kind.codes |= codes
        kind.rows.append(row)
        for code in kind.codes:
            self.by_code[code] = kind

    def every(self) -> list[Kind]:
        return list({id(kind): kind for kind in self.by_code.values()}.values())


def _newest(call: Call, filters: list[Pair], most: int) -> list[Row]:
    kinds = _Kinds()
    found = _found(call, filters, _STEP)
    whole = not found.following
    while found.rows:
        for row in found.rows:
            kinds.add(row)
        if not found.following:
            break
        others = _none_of([code for code in kinds.by_code if not _is_text(code)])
        found = _found(call, [*filters, *others, *read_pairs(found.following)], _STEP)
    if most > 1 and not whole:
        kinds = _filled(call, filters, kinds, most)
    shown = sorted(kinds.every(), key=lambda kind: kind.rows[0].rid, reverse=True)
    if sum(min(len(kind.rows), most) for kind in shown) > MOST_IN_ALL:
        raise InvalidValue(parameter="max", problem=f"more than {MOST_IN_ALL} observations in all")
    return [row for kind in shown for row in kind.rows[:most]]


def _filled(call: Call, filters: list[Pair], known: _Kinds, most: int) -> _Kinds:
    """The same kinds with so many of each as are asked for."""
    rows: dict[tuple[int, str], Row] = {}
    for kind in known.every():
        coded = [code for code in sorted(kind.codes) if not _is_text(code)]
        more = _found(call, [*filters, pair("code", _tokens(coded))], most).rows if coded else ()
        rows |= {(row.owner, row.fid): row for row in (*kind.rows, *more)}
    filled = _Kinds()
    for row in _ordered(list(rows.values())):
        filled.add(row)
    return filled


def _found(call: Call, pairs: list[Pair], count: int) -> Found:
    order = pair("_sort", f"-{primary_date(call.version, call.rtype)}")
    request = _request(call, [*pairs, order, pair("_count", str(count))])
    return run(request, call.scope())


def _codes(resource: dict[str, Any]) -> set[Code]:
    """The codes of an observation; the words where it has none."""
    code = resource.get("code")
    concept: dict[str, Any] = code if isinstance(code, dict) else {}
    codings = concept.get("coding")
    found = {
        (str(coding.get("system", "")), coding["code"].casefold())
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, dict) and isinstance(coding.get("code"), str) and coding["code"]
    }
    text = concept.get("text")
    return found or {(_TEXT, normalise(text) if isinstance(text, str) else "")}


_TEXT = " text"
"""No system begins with a blank."""


def _is_text(code: Code) -> bool:
    return code[0] == _TEXT


def _tokens(codes: Sequence[Code]) -> str:
    return ",".join(f"{escape(system)}|{escape(code)}" for system, code in codes)


def _none_of(codes: list[Code]) -> list[Pair]:
    steps = range(0, len(codes), _TOGETHER)
    return [pair("code:not", _tokens(codes[n : n + _TOGETHER])) for n in steps]


def _ordered(rows: list[Row]) -> list[Row]:
    """Newest first; ids part what shares its very moment."""
    return sorted(rows, key=lambda row: (row.rid, row.fid), reverse=True)
