"""A search as asked: the query's pairs read into clauses and controls. Pure; nothing here knows a
database.

Unknown parameters are one policy in one place: ignored, and remembered as such (R4 leaves them out
of its links), or refused under `Prefer: handling=strict` (wire contract 12.8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from fhirstore.errors import InvalidRequest, InvalidValue, UnknownParameter
from fhirstore.search import controls
from fhirstore.search.clause import BROADEST, Clause, read_clause
from fhirstore.search.definitions import primary_date

LIST_PAGE, LONGEST_PAGE = 10, 1000
FARTHEST_SKIP = 2**62
MOST_FILTERS = 50
"""Planning a statement takes the square of their number: a thousand would keep the database for
minutes.
"""
PAGING = ("_skip", "_offset", "_afterid", "_after")
UNREPEATED = ("access_token",)
"""Never repeated in a link: bundles are kept by apps, and a token must not lie in them."""
_SILENT = (*PAGING, *UNREPEATED, "_format", "_pretty", "_total")
_DIGITS = re.compile(r"[0-9]{1,40}")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One `name=value` of a query; `raw` as the client wrote it, for links."""

    name: str
    value: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Sort:
    """An order: `by` is "fid", "updated" or "rid" (the primary date)."""

    by: str
    descending: bool


BY_ID = Sort(by="fid", descending=False)


@dataclass(frozen=True, kw_only=True)
class SearchRequest:
    """A search of one type in one version. `skip` is None unless one was given; `after` and
    `afterid` are "" for none.

    `pairs` are all that were sent, `ignored` those among them that had no effect.
    """

    version: str
    rtype: str
    clauses: tuple[Clause, ...]
    count: int
    skip: int | None
    afterid: str
    after: str
    sort: Sort
    total_only: bool
    pairs: tuple[Pair, ...]
    ignored: frozenset[Pair]
    controls: controls.Controls = controls.PLAIN


def read_pairs(query: str) -> list[Pair]:
    """The pairs of a query string, in order."""
    pairs = []
    for raw in query.split("&"):
        if raw:
            name, _, value = raw.partition("=")
            pairs.append(Pair(name=unquote_plus(name), value=unquote_plus(value), raw=raw))
    return pairs


def number(pairs: Sequence[Pair], *names: str) -> int | None:
    """The first readable whole number under one of the names; a malformed one counts as absent
    (wire contract 12.4).
    """
    for pair in pairs:
        if pair.name in names and _DIGITS.fullmatch(pair.value):
            return min(int(pair.value), FARTHEST_SKIP)
    return None


def page_size(pairs: Sequence[Pair]) -> int:
    """`_count`, 10 by default, at most 1000."""
    asked = number(pairs, "_count")
    return LIST_PAGE if asked is None else min(asked, LONGEST_PAGE)


def parse(*, version: str, rtype: str, pairs: Sequence[Pair], strict: bool) -> SearchRequest:
    """Read a type search. Raises `InvalidValue` (which names the parameter) and, when strict,
    `UnknownParameter`.
    """
    reader = _Reader(version, rtype)
    for pair in pairs:
        if "\0" in pair.name or "\0" in pair.value:
            raise InvalidRequest("a parameter holds a NUL character")
        reader.take(pair)
    if strict and reader.unknown:
        raise UnknownParameter(f"unknown search parameter for {rtype}: {', '.join(reader.unknown)}")
    count = page_size(pairs)
    return SearchRequest(
        version=version,
        rtype=rtype,
        clauses=tuple(reader.clauses),
        count=count,
        skip=number(pairs, "_skip", "_offset"),
        afterid=_last(pairs, "_afterid"),
        after=_last(pairs, "_after"),
        sort=reader.sort or BY_ID,
        total_only=count == 0 or _last(pairs, "_summary") == "count",
        pairs=tuple(pairs),
        ignored=frozenset(reader.ignored),
        controls=controls.read(version=version, pairs=pairs),
    )


def _last(pairs: Sequence[Pair], name: str) -> str:
    return next((pair.value for pair in reversed(pairs) if pair.name == name), "")


class _Reader:
    """Sorts pairs into clauses, controls and what is ignored."""

    def __init__(self, version: str, rtype: str) -> None:
        self.version, self.rtype = version, rtype
        self.clauses: list[Clause] = []
        self.breadth = 0
        self.sort: Sort | None = None
        self.ignored: set[Pair] = set()
        self.unknown: dict[str, None] = {}

    def take(self, pair: Pair) -> None:
        name, _, modifier = pair.name.partition(":")
        if name in ("_count", "_skip", "_offset") and not modifier:
            if not _DIGITS.fullmatch(pair.value):
                self.ignored.add(pair)
        elif controls.takes(pair.name) or (name in _SILENT and not modifier):
            pass
        elif name == "_sort":
            self._take_sort(pair, modifier)
        else:
            self._take_filter(pair)

    def _take_sort(self, pair: Pair, modifier: str) -> None:
        if modifier not in ("", "asc", "desc"):
            raise InvalidValue(parameter="_sort", problem=f"unknown modifier {modifier}")
        effective = False
        for key in pair.value.split(","):
            by = self._order(key.strip().removeprefix("-"))
            if by is None:
                self.unknown[pair.name] = None
            elif self.sort is None:
                # Orders after the first could only part what shares its very moment.
                descending = key.strip().startswith("-") or modifier == "desc"
                self.sort, effective = Sort(by=by, descending=descending), True
        if not effective:
            self.ignored.add(pair)

    def _order(self, name: str) -> str | None:
        if name == primary_date(self.version, self.rtype):
            return "rid"
        return {"_id": "fid", "_lastUpdated": "updated"}.get(name)

    def _take_filter(self, pair: Pair) -> None:
        clause = read_clause(self.version, self.rtype, pair.name, pair.value)
        if clause is None:
            self._unknown(pair)
        elif clause.values:
            self.clauses.append(clause)
            self.breadth += clause.breadth
            if len(self.clauses) > MOST_FILTERS or self.breadth > BROADEST:
                raise InvalidRequest("the search has too many filters")
        else:
            self.ignored.add(pair)

    def _unknown(self, pair: Pair) -> None:
        self.ignored.add(pair)
        self.unknown[pair.name] = None
