"""Date values: the instants a value covers against those a stored date covers, all prefixes
(hl7.org/fhir/R4/search.html#date, #prefix). Both are half open, `[lo, hi)`; zone-less ones in UTC.

The primary date of a type (fhirstore/keys.py) lies in the row id, exact to the millisecond, and in
`fhir_resource.lo` and `hi`; only what lasts longer than a second has range rows besides. So its
filter has three parts: row ids that match for certain, row ids at the edges, which are looked up,
and range rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope
from fhirstore.search.definitions import primary_date
from fhirstore.search.escapes import unescape
from fhirstore.search.moments import moments
from fhirstore.search.spellings import local_of
from fhirstore.search.types.prefix import split_prefix

_MILLISECOND, _SECOND = 1_000, 1_000_000
_EDGE = _SECOND + 2 * _MILLISECOND
"""How far before its end a date of at most a second may begin, by its row id."""

_COMPARED = {
    "eq": "({x}.lo >= {lo} and {x}.hi <= {hi})",
    "ne": "({x}.lo < {lo} or {x}.hi > {hi})",
    "gt": "{x}.hi > {hi}",
    "ge": "({x}.hi > {hi} or {x}.lo >= {lo})",
    "lt": "{x}.lo < {lo}",
    "le": "({x}.lo < {lo} or {x}.hi <= {hi})",
    "sa": "{x}.lo >= {hi}",
    "eb": "{x}.hi <= {lo}",
    "ap": "({x}.lo < {hi} and {x}.hi > {lo})",
}


_LOCAL = ("eq", "ge", "le", "ap")
"""Under these a wearable's period also matches by the clock on the wall, so that `date=2018-05-01`
finds the day of that name wherever the wearer was."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A date as asked: a prefix and the microseconds `[lo, hi)`; `day`: without a time."""

    prefix: str
    lo: int
    hi: int
    day: bool


def read(clause: Clause, *, now: int) -> list[Asked]:
    """The clause's dates. Raises `InvalidValue`."""
    return [_asked(clause.name, unescape(value), now) for value in clause.values]


def _asked(name: str, value: str, now: int) -> Asked:
    prefix, text = split_prefix(value)
    # In a query that was not encoded, the plus of an offset has become a blank.
    span = moments(text.replace(" ", "+"))
    if span is None:
        raise InvalidValue(parameter=name, problem="cannot be read as a date")
    lo, hi = span
    if prefix == "ap":
        tenth = abs(now - (lo + hi) // 2) // 10
        lo, hi = max(lo - tenth, keys.MIN_MOMENT), min(hi + tenth, keys.MAX_MOMENT)
    return Asked(prefix=prefix, lo=lo, hi=hi, day="T" not in text)


def compared(asked: Asked, alias: str, binder: Binder) -> str:
    """The test of `alias.lo` and `alias.hi`."""
    lo, hi = binder.bind(asked.lo, "bigint"), binder.bind(asked.hi, "bigint")
    return _COMPARED[asked.prefix].format(x=alias, lo=lo, hi=hi)


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows whose date stands to one of the values as its prefix says."""
    values = read(clause, now=scope.now_microseconds)
    stored = clause.parameter.stored
    keyed = binder.bind([keys.param_key(scope.keyed, p) for p in stored], "bigint[]")
    tests = " or ".join(compared(asked, "x", binder) for asked in values)
    branch = Branch(table="fhir_range", where=f"x.key = any({keyed}) and ({tests})")
    primary = primary_date(scope.version, scope.rtype)
    if scope.link or primary not in stored:
        return Condition(branches=(branch,), rank=3)
    if local := [asked for asked in values if asked.day and asked.prefix in _LOCAL]:
        key = binder.bind(keys.param_key(scope.rtype, local_of(primary)), "bigint")
        tests = " or ".join(compared(asked, "x", binder) for asked in local)
        parts = (branch.where, f"x.key = {key} and ({tests})")
        where = f"(({parts[0]}) or ({parts[1]}))"
        branch = Branch(table="fhir_range", where=where, parts=parts)
    rids = " or ".join(_by_rid(asked, scope, binder) for asked in values)
    return Condition(branches=(branch,), rid=rids, rank=4)


def _by_rid(asked: Asked, scope: Scope, binder: Binder) -> str:
    """Row ids of dates that match; those at the edges are looked up."""
    certain, edges = _regions(asked)
    tests = [_within("{d}", certain, binder)] if certain else []
    if edges:
        # Scalar on purpose: `exists` may be planned by hashing all of the owner's rows.
        tests.append(
            f"({_within('{d}', edges, binder)} and (select {compared(asked, 'e', binder)}"
            f" from fhir_resource e where {scope.owners.own('e')} and e.owner = {{d}}.owner"
            f" and e.rtype = {scope.number} and e.rid = {{d}}.rid))"
        )
    return " or ".join(tests)


Interval = tuple[int, int]
_FIRST, _LAST = keys.MIN_MOMENT, keys.MAX_MOMENT


def _regions(asked: Asked) -> tuple[list[Interval], list[Interval]]:
    """Where a date may begin, in microseconds: so that it matches however long it lasts, and so
    that it must be looked up. What begins elsewhere lasts longer than a second or does not match.
    """
    lo, hi = asked.lo, asked.hi
    after_lo, after_hi = lo + _MILLISECOND, hi + _MILLISECOND
    match asked.prefix:
        case "eq":
            return [], [(lo, after_hi)]
        case "ne":
            return [(_FIRST, lo), (after_hi, _LAST)], [(lo, after_hi)]
        case "gt":
            return [(after_hi, _LAST)], [(hi - _EDGE, after_hi)]
        case "ge":
            return [(after_lo, _LAST)], [(lo - _EDGE, after_lo)]
        case "lt":
            return [(_FIRST, lo)], [(lo, after_lo)]
        case "le":
            return [(_FIRST, lo)], [(lo, after_hi)]
        case "sa":
            return [(after_hi, _LAST)], [(hi, after_hi)]
        case "eb":
            return [], [(_FIRST, after_lo)]
        case _:
            return [(after_lo, hi)], [(lo - _EDGE, after_lo), (hi, after_hi)]


def _within(alias: str, intervals: Sequence[Interval], binder: Binder) -> str:
    """Row ids of dates that begin in one of the intervals; their first milliseconds count whole for
    looking up, a certain interval begins a millisecond late for that."""
    tests = []
    for low, high in intervals:
        first = binder.bind(keys.rid_floor(max(low, _FIRST)), "bigint")
        if high >= _LAST:
            tests.append(f"{alias}.rid >= {first}")
        else:
            last = binder.bind(keys.rid_floor(high), "bigint")
            tests.append(f"({alias}.rid >= {first} and {alias}.rid < {last})")
    return f"({' or '.join(tests)})"
