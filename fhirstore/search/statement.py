"""The SQL of a compiled search: one statement that answers the owner's change number, the exact
total and a page in order.

Shapes of a page. *Few matches*: start from the rows of the most telling index condition, join the
resources, sort. *Many matches by id or `_lastUpdated`*: walk the resources in that order and probe
the index for each; a sort would read them all, and PostgreSQL does not see by itself which owner is
heavy, so the total decides: the one that is remembered, or the one that the statement itself
counts, which then runs one of both. *By the primary date*: from index rows alone where they tell
all that is asked. *By values that lie elsewhere*: gathered beside the matches
(`fhirstore.search.sorting`). *Several types*: the matches of each. *Several owners* (all users of
an application, or patients that others let a user see): the matches of all, those that count as one
once. Every shape begins with the owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhirstore.permissions import PERMITTED
from fhirstore.search.condition import Binder, Plan, Scope
from fhirstore.search.matches import driven, driver_of, index_tells, merged, walk, whole_type
from fhirstore.search.moments import instant
from fhirstore.search.paging import Position
from fhirstore.search.rows import BRIEF, COLUMNS
from fhirstore.search.sorting import Column, Sort, behind, columns, gathered, order
from fhirstore.search.totals import Counted

MANY = 2000
"""From how many matches on a page by id or `_lastUpdated` is walked to."""
ESTIMATED = 1001
"""Where the counting of an estimate stops."""


KNOWN_SEQ, KNOWN_TOTAL = "known_seq", "known_total"
"""The names of the values of a remembered total: the only ones that change from one call of a
search to the next."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    sql: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which part of the matches: at most `limit`, after a position (or `offset` ones skipped).
    `mixed`: they may be of several types.
    `counted`: "accurate", "estimate" or "none". `known`: the total under some change number of the
    owner; only where the owner has moved on is it counted. `many`: whether there are more than
    `MANY` matches, None where that is not known.
    """

    sort: Sort
    limit: int
    offset: int = 0
    after: Position | None = None
    counted: str = "none"
    known: Counted | None = None
    many: bool | None = None
    mixed: bool = False
    brief: bool = False


HEAD = 3
"""How many columns come before those of the row: change number, total, whether others let the one
owner see something of theirs. They are in every row; where a page has none, ask for the total
alone."""


def search(plans: Sequence[Plan], wanted: Page, binder: Binder) -> Statement:
    """The statement of a page; `limit` 0: of the total alone. `binder` is that of the plans."""
    scope = plans[0].scope
    head = f"with s as materialized (select {_head(plans, wanted, binder)})"
    if not wanted.limit:
        return _statement(scope, binder, f"{head} select s.* from s")
    found = columns(wanted.sort, mixed=wanted.mixed, several=scope.owners.several)
    page = _Page(plans=plans, wanted=wanted, columns=found, binder=binder)
    places = [replace(column, sql=f"{{a}}.c{n}") for n, column in enumerate(found)]
    carried = "".join(f", {place.sql.format(a='p')}" for place in places)
    # Ordered by what the page itself is ordered by, so that an order which an index gives is kept.
    sql = f"""{head}
select (select s.seq from s), (select s.total from s), (select s.permitted from s),
  {BRIEF if wanted.brief else COLUMNS}{carried} from ({page.sql()}) p
join fhir_resource b on b.owner = p.owner and b.rtype = p.rtype and b.rid = p.rid
  and {scope.owners.own("b")} order by {order(places, "p")}"""
    return _statement(scope, binder, sql)


def _statement(scope: Scope, binder: Binder, sql: str) -> Statement:
    return Statement(sql=sql, values={**binder.values, **scope.owners.values()})


def _head(plans: Sequence[Plan], wanted: Page, binder: Binder) -> str:
    scope = plans[0].scope
    counted = f"({total(plans, estimate=wanted.counted == 'estimate')})"
    counted = "null::bigint" if wanted.counted == "none" else counted
    if scope.owners.several:
        return f"null::bigint as seq, {counted} as total, false as permitted"
    seq = f"(select o.seq from fhir_owner o where {scope.owners.own('o')})"
    permitted = PERMITTED.format(version=scope.version)
    if wanted.counted != "none":
        known = wanted.known or Counted(-1, 0)
        at = binder.name(KNOWN_SEQ, known.seq, "bigint")
        remembered = binder.name(KNOWN_TOTAL, known.total, "bigint")
        counted = f"case when {seq} = {at} then {remembered} else {counted} end"
    return f"{seq} as seq, {counted} as total, {permitted} as permitted"


def total(plans: Sequence[Plan], *, estimate: bool = False) -> str:
    """How many resources match, as a select of one number."""
    found = [_matching(plan, "1") for plan in plans]
    if estimate:
        return (
            f"select count(*) from (select 1 from ({' union all '.join(found)}) m"
            f" limit {ESTIMATED}) m"
        )
    if len(plans) > 1:
        return f"select count(*) from ({' union all '.join(found)}) m"
    if plans[0].scope.owners.several:
        return f"select count(*) from ({merged(plans[0])}) m"
    return _matching(plans[0], "count(*)")


def _matching(plan: Plan, wanted: str) -> str:
    """A select over the matches that needs no more than their number."""
    if plan.scope.owners.several:
        return f"select {wanted} from ({merged(plan)}) m"
    driver = driver_of(plan)
    if driver is None:
        return f"select {wanted} from {whole_type(plan)}"
    return f"select {wanted} from {driven(plan, driver, joined=not index_tells(plan))}"


@dataclass(frozen=True, kw_only=True)
class _Page:
    plans: Sequence[Plan]
    wanted: Page
    columns: Sequence[Column]
    binder: Binder
    bound: dict[str, str] = field(default_factory=dict)

    def sql(self) -> str:
        """The row ids of the page, their places and the values of the order's columns."""
        limit = self.binder.bind(self.wanted.limit, "bigint")
        offset = self.binder.bind(self.wanted.offset, "bigint")
        alias, sources = "r", self._sources()
        if len(sources) == 1:
            alias, source = sources[0]
            source += self._after(alias)
        else:
            most = self.binder.bind(self.wanted.limit + self.wanted.offset, "bigint")
            parted = self.wanted.sort[0].by == "rid"
            within = self.columns[1:] if parted else self.columns
            parts = [
                f"(select {self._carried(a)} from {one}{'' if parted else self._after(a)}"
                f" order by {order(within, a)} limit {most})"
                for a, one in sources
            ]
            source = f"({' union all '.join(parts)}) r"
        values = ", ".join(
            f"{column.sql.format(a=alias)} as c{n}" for n, column in enumerate(self.columns)
        )
        sorted_by = order(self.columns, alias)
        rtype = f"{self.plans[0].scope.number}::smallint" if alias == "x" else f"{alias}.rtype"
        return (
            f"select {alias}.owner, {rtype} as rtype, {alias}.rid, {values}"
            f" from {source} order by {sorted_by} limit {limit} offset {offset}"
        )

    def _after(self, alias: str) -> str:
        if self.wanted.after is None:
            return ""
        values = self.wanted.after.values
        bound = [
            self.binder.bind(
                instant(value) if type(value) is int and column.kind == "timestamptz" else value,
                column.kind,
            )
            for column, value in zip(self.columns, values, strict=True)
        ]
        return behind(self.columns, values, alias, bound)

    def _carried(self, alias: str) -> str:
        """What a part of the page hands on: the row's names and what it is ordered by."""
        rtype = f"{self.plans[0].scope.number}::smallint" if alias == "x" else f"{alias}.rtype"
        names = {"owner": f"{alias}.owner", "rtype": rtype, "rid": f"{alias}.rid"}
        for column in self.columns:
            if column.sql.startswith("{a}."):
                name = column.sql.removeprefix("{a}.")
                names.setdefault(name, f"{alias}.{name}")
        return ", ".join(f"{sql} as {name}" for name, sql in names.items())

    def _sources(self) -> list[tuple[str, str]]:
        """Where the rows come from, each an alias and a from clause that a condition may follow;
        what several of them find is put together."""
        by, descending = self.wanted.sort[0].by, self.wanted.sort[0].descending
        if any(key.computed for key in self.wanted.sort):
            source = gathered(
                self.wanted.sort, self._matches(self.plans[0]), self.plans[0].scope, self.binder
            )
            return [("r", source)]
        if len(self.plans) > 1:
            return [("r", self._matches(plan)) for plan in self.plans]
        (plan,) = self.plans
        if plan.scope.owners.several:
            return [("r", self._matches(plan))]
        driver = driver_of(plan)
        if by == "rid":
            alias, source = "r", whole_type(plan)
            if driver is not None:
                joined = not index_tells(plan)
                alias = "r" if joined else "x"
                source = driven(plan, driver, joined=joined)
            if descending:
                return [(alias, source)]
            return [
                (alias, f"{source}{self._undated(alias, undated=undated)}")
                for undated in (False, True)
            ]
        if driver is None:
            return [("r", whole_type(plan))]
        few = driven(plan, driver, joined=True)
        indexed = by in _INDEXED and len(self.wanted.sort) == 1
        if not indexed or self.wanted.many is False:
            return [("r", few)]
        if self.wanted.many:
            return [("r", walk(plan, driver))]
        if self.wanted.counted != "accurate":
            return [("r", few)]
        counted = "(select s.total from s)"
        return [
            ("r", f"{few} and {counted} <= {MANY}"),
            ("r", f"{walk(plan, driver)} and {counted} > {MANY}"),
        ]

    def _undated(self, alias: str, *, undated: bool) -> str:
        """Those without a date, or those with one, as far as they come after the position: each is
        in the order of the index."""
        test = f" and {alias}.rid {'<' if undated else '>='} 0"
        if self.wanted.after is None:
            return test
        behind_undated, rid = self.wanted.after.values
        if behind_undated == undated:
            return f"{test} and {alias}.rid > {self.binder.bind(rid, 'bigint')}"
        return test if undated else f"{test} and false"

    def _matches(self, plan: Plan) -> str:
        """The matches of one type as `r`, with a condition at the end."""
        if plan.scope.owners.several:
            return f"({merged(plan)}) r where true"
        driver = driver_of(plan)
        return driven(plan, driver, joined=True) if driver else whole_type(plan)


_INDEXED = ("fid", "updated")
"""Orders in which an index over the resources lies."""
