"""A search as asked: the query's pairs read into clauses and controls. Pure; nothing here knows a
database.

Unknown parameters are one policy in one place: ignored, and remembered as such (R4 leaves them out
of its links), or refused under `Prefer: handling=strict` (wire contract 12.8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from fhirstore.errors import InvalidRequest, InvalidValue, UnknownParameter
from fhirstore.rtypes import BY_LOWER_CASE
from fhirstore.search import controls
from fhirstore.search.clause import BROADEST, Clause, read_clause
from fhirstore.search.definitions import types
from fhirstore.search.sorting import MOST_KEYS, Key, Sort, read_key, settled

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

    @property
    def told(self) -> str:
        """What to call it where it is ignored or refused: an order by its keys."""
        ordering = self.name.partition(":")[0] == "_sort"
        return f"{self.name}={self.value}" if ordering else self.name


@dataclass(frozen=True, kw_only=True)
class Part:
    """The filters of a search as one type understands them."""

    rtype: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, kw_only=True)
class Within:
    """A compartment that a search keeps to: `Patient/{id}/Observation`."""

    compartment: str
    fid: str


@dataclass(frozen=True, kw_only=True)
class SearchRequest:
    """A search in one version: of one type, or (`rtype` "") of several. `skip` is None unless one
    was given; `after` and `afterid` are "" for none; `total` is "accurate", "estimate" or "none".

    `pairs` are all that were sent (in R4 an order of which some keys are not known as two of them),
    `ignored` those among them that had no effect, `filters` the names and values of the rest that
    say what matches.
    """

    version: str
    rtype: str
    parts: tuple[Part, ...]
    count: int
    skip: int | None
    afterid: str
    after: str
    sort: Sort
    total_only: bool
    total: str
    pairs: tuple[Pair, ...]
    ignored: frozenset[Pair]
    filters: tuple[tuple[str, str], ...]
    controls: controls.Controls
    within: Within | None = None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The filters of a search of one type."""
        return self.parts[0].clauses if self.parts else ()


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


def parse(
    *, version: str, rtype: str, pairs: Sequence[Pair], strict: bool, within: Within | None = None
) -> SearchRequest:
    """Read a type search. Raises `InvalidValue` (which names the parameter) and, when strict,
    `UnknownParameter`.
    """
    return _parse(version, rtype, (rtype,), pairs, strict, within)


def parse_ordinary(
    *, version: str, rtype: str, pairs: Sequence[Pair], strict: bool
) -> SearchRequest:
    """The same of a search that is not answered with its matches: it cannot ask for contained
    resources.
    """
    read = parse(version=version, rtype=rtype, pairs=pairs, strict=strict)
    if read.controls.contained:
        raise InvalidValue(parameter="_contained", problem="goes with a search only")
    return read


def parse_system(
    *,
    version: str,
    rtypes: Sequence[str],
    pairs: Sequence[Pair],
    strict: bool,
    within: Within | None = None,
) -> SearchRequest:
    """Read a search of several types: `_type` of the pairs chooses among `rtypes`; a parameter
    counts where all of those that were chosen have it. Raises as `parse`.
    """
    chosen = chosen_types(pairs)
    if chosen is not None:
        rtypes = [rtype for rtype in chosen if rtype in types(version)]
    return _parse(version, "", tuple(dict.fromkeys(rtypes)), pairs, strict, within)


def chosen_types(pairs: Sequence[Pair]) -> list[str] | None:
    """The types that `_type` names, None where there is none. Raises `InvalidValue`."""
    given = [pair.value for pair in pairs if pair.name == "_type" and pair.value]
    names = [name.strip() for value in given for name in value.split(",") if name.strip()]
    if any(name.lower() not in BY_LOWER_CASE for name in names):
        raise InvalidValue(parameter="_type", problem="unknown resource type")
    return [BY_LOWER_CASE[name.lower()] for name in names] if names else None


TOTALS = ("accurate", "estimate", "none")


def _parse(
    version: str,
    rtype: str,
    rtypes: tuple[str, ...],
    pairs: Sequence[Pair],
    strict: bool,
    within: Within | None,
) -> SearchRequest:
    reader = _Reader(version, rtype, rtypes)
    for pair in pairs:
        if "\0" in pair.name or "\0" in pair.value:
            raise InvalidRequest("a parameter holds a NUL character")
        reader.take(pair)
    if strict and reader.unknown:
        names = ", ".join(reader.unknown)
        raise UnknownParameter(f"unknown search parameter for {rtype or 'all types'}: {names}")
    count, total = page_size(pairs), _last(pairs, "_total") or "accurate"
    if total not in TOTALS:
        raise InvalidValue(parameter="_total", problem=f"is none of {', '.join(TOTALS)}")
    shown = controls.read(version=version, pairs=pairs)
    if shown.contained:
        _check_contained(rtype, reader)
    return SearchRequest(
        version=version,
        rtype=rtype,
        parts=tuple(Part(rtype=name, clauses=tuple(reader.clauses[name])) for name in rtypes),
        count=count,
        skip=number(pairs, "_skip", "_offset"),
        afterid=_last(pairs, "_afterid"),
        after=_last(pairs, "_after"),
        sort=settled(reader.sort),
        total_only=count == 0 or shown.summary == "count",
        total=total,
        pairs=tuple(one for pair in pairs for one in reader.divided.get(pair, (pair,))),
        ignored=frozenset(reader.ignored),
        filters=tuple(reader.filters),
        controls=shown,
        within=within,
    )


def _check_contained(rtype: str, reader: _Reader) -> None:
    """Contained resources are referred to by nothing but their container: what follows references
    from or to them would have to look elsewhere."""
    for clause in (one for clauses in reader.clauses.values() for one in clauses):
        if clause.chained or clause.parameter.type == "list":
            asked = next(n for n, _ in reader.filters if n.startswith(clause.name))
            raise InvalidValue(parameter="_contained", problem=f"does not go with {asked}")
    if not rtype and not reader.typed:
        raise InvalidValue(parameter="_contained", problem="needs a _type when there is none")


def _last(pairs: Sequence[Pair], name: str) -> str:
    return next((pair.value for pair in reversed(pairs) if pair.name == name), "")


class _Reader:
    """Sorts pairs into clauses, controls and what is ignored."""

    def __init__(self, version: str, rtype: str, rtypes: tuple[str, ...]) -> None:
        self.version, self.rtype = version, rtype
        self.clauses: dict[str, list[Clause]] = {name: [] for name in rtypes}
        self.filters: list[tuple[str, str]] = []
        self.breadth = 0
        self.typed = False
        self.sort: list[Key] = []
        self.ignored: set[Pair] = set()
        self.unknown: dict[str, None] = {}
        self.divided: dict[Pair, tuple[Pair, ...]] = {}

    def take(self, pair: Pair) -> None:
        name, _, modifier = pair.name.partition(":")
        if name in ("_count", "_skip", "_offset") and not modifier:
            if not _DIGITS.fullmatch(pair.value):
                self.ignored.add(pair)
        elif name in _SILENT and not modifier:
            pass
        elif controls.takes(pair.name):
            if not pair.value:
                self.ignored.add(pair)
        elif name == "_sort":
            self._take_sort(pair, modifier)
        elif name == "_type" and not modifier and not self.rtype:
            self.typed |= bool(pair.value)
        else:
            self._take_filter(pair)

    def _take_sort(self, pair: Pair, modifier: str) -> None:
        if modifier not in ("", "asc", "desc"):
            raise InvalidValue(parameter="_sort", problem=f"unknown modifier {modifier}")
        known, others = [], []
        for asked in filter(None, (part.strip() for part in pair.value.split(","))):
            descending = asked.startswith("-") or modifier == "desc"
            key = read_key(self.version, self.rtype, asked.removeprefix("-"), descending=descending)
            if key is None:
                others.append(asked)
            else:
                self.sort.append(key)
                known.append(asked)
        if len(self.sort) > MOST_KEYS:
            raise InvalidValue(parameter="_sort", problem=f"more than {MOST_KEYS} keys")
        if others:
            self.unknown[_order(pair, others).told] = None
        if not known:
            self.ignored.add(pair)
        elif others and self.version == "r4":
            ignored = _order(pair, others)
            self.divided[pair] = _order(pair, known), ignored
            self.ignored.add(ignored)

    def _take_filter(self, pair: Pair) -> None:
        read = {
            rtype: read_clause(self.version, rtype, pair.name, pair.value) for rtype in self.clauses
        }
        found = {rtype: clause for rtype, clause in read.items() if clause is not None}
        if len(found) < len(read) or not found:
            self._unknown(pair)
        elif all(clause.values for clause in found.values()):
            self.filters.append((pair.name, pair.value))
            for rtype, clause in found.items():
                self.clauses[rtype].append(clause)
            self.breadth += max(clause.breadth for clause in found.values())
            if len(self.filters) > MOST_FILTERS or self.breadth > BROADEST:
                raise InvalidRequest("the search has too many filters")
        elif pair.value:
            problem = "has no value between its commas"
            raise InvalidValue(parameter=next(iter(found.values())).name, problem=problem)
        else:
            # Forms send what was left blank: no error (hl7.org/fhir/R4/search.html#errors).
            self.ignored.add(pair)

    def _unknown(self, pair: Pair) -> None:
        self.ignored.add(pair)
        self.unknown[pair.name] = None


def _order(pair: Pair, keys: Sequence[str]) -> Pair:
    """An order by some of its keys."""
    value = ",".join(keys)
    name, _, _ = pair.raw.partition("=")
    return Pair(name=pair.name, value=value, raw=f"{name}={quote(value, safe=',')}")
