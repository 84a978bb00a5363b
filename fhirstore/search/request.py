"""A search as asked: the query's pairs read into clauses and controls. Pure; nothing here knows a
database.

Unknown parameters are one policy in one place: ignored, and remembered as such (R4 leaves them out
of its links), or refused under `Prefer: handling=strict` (wire contract 12.8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

from fhirstore.errors import InvalidRequest, InvalidValue, UnknownParameter
from fhirstore.search.definitions import SearchParameter, parameters, primary_date
from fhirstore.search.escapes import split

LIST_PAGE, LONGEST_PAGE = 10, 1000
FARTHEST_SKIP = 2**62
PAGING = ("_skip", "_offset", "_afterid", "_after")
UNREPEATED = ("access_token",)
"""Never repeated in a link: bundles are kept by apps, and a token must not lie in them."""
_QUIET = ("_format", "_pretty", "_total")
_DIGITS = re.compile(r"[0-9]{1,40}")
_MOST_VALUES = 1000


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One `name=value` of a query; `raw` as the client wrote it, for links."""

    name: str
    value: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One filter: a parameter, a modifier ("" for none) and values of which one must match (escapes
    kept).
    """

    name: str
    parameter: SearchParameter
    modifier: str
    values: tuple[str, ...]


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

    `pairs` are all that were sent, `ignored` the names among them that had no effect.
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
    ignored: frozenset[str]


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
    )


def _last(pairs: Sequence[Pair], name: str) -> str:
    return next((pair.value for pair in reversed(pairs) if pair.name == name), "")


class _Reader:
    """Sorts pairs into clauses, controls and what is ignored."""

    def __init__(self, version: str, rtype: str) -> None:
        self.version, self.rtype = version, rtype
        self.known = parameters(version, rtype)
        self.clauses: list[Clause] = []
        self.sort: Sort | None = None
        self.ignored: dict[str, None] = {}
        self.unknown: dict[str, None] = {}

    def take(self, pair: Pair) -> None:
        name, _, modifier = pair.name.partition(":")
        if name in ("_count", "_skip", "_offset") and not modifier:
            if not _DIGITS.fullmatch(pair.value):
                self.ignored[pair.name] = None
        elif name in (*PAGING, *UNREPEATED, *_QUIET) and not modifier:
            pass
        elif name == "_summary" and not modifier:
            if pair.value not in ("count", "false"):
                self._unknown(pair)
        elif name == "_sort":
            self._take_sort(pair, modifier)
        else:
            self._take_filter(pair, name, modifier)

    def _take_sort(self, pair: Pair, modifier: str) -> None:
        if modifier not in ("", "asc", "desc"):
            raise InvalidValue(parameter="_sort", problem=f"unknown modifier {modifier}")
        for key in pair.value.split(","):
            by = self._order(key.strip().removeprefix("-"))
            if by is None:
                self._unknown(pair)
                return
            # Orders after the first could only part what shares its very moment.
            self.sort = self.sort or Sort(
                by=by, descending=key.strip().startswith("-") or modifier == "desc"
            )

    def _order(self, name: str) -> str | None:
        if name == primary_date(self.version, self.rtype):
            return "rid"
        return {"_id": "fid", "_lastUpdated": "updated"}.get(name)

    def _take_filter(self, pair: Pair, name: str, modifier: str) -> None:
        parameter = self.known.get(name) or common_parameter(self.version, name)
        if parameter is None or not parameter.paths:
            self._unknown(pair)
            return
        if not pair.value:
            self.ignored[pair.name] = None
            return
        values = [value for value in split(pair.value, ",") if value]
        if len(values) > _MOST_VALUES:
            raise InvalidValue(parameter=name, problem=f"more than {_MOST_VALUES} values")
        if values:
            self.clauses.append(
                Clause(name=name, parameter=parameter, modifier=modifier, values=tuple(values))
            )

    def _unknown(self, pair: Pair) -> None:
        self.ignored[pair.name] = None
        self.unknown[pair.name] = None


_COMMON = {
    "_id": "id",
    "_lastUpdated": "updated",
    "_tag": "token",
    "_security": "token",
    "_profile": "uri",
    "_source": "uri",
}


def common_parameter(version: str, name: str) -> SearchParameter | None:
    """A parameter that every type has; `_source` exists in R4 only."""
    if name not in _COMMON or (name == "_source" and version != "r4"):
        return None
    return replace(_COMMON_TEMPLATE, code=name, type=_COMMON[name], stored=(name,), id=name)


_COMMON_TEMPLATE = SearchParameter(
    code="", type="", paths=("meta",), stored=(), targets=(), components=(), id=""
)
