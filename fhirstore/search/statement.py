"""The SQL of a compiled search: one statement that answers the owner's change number, the exact
total and a page in order.

Shapes of a page. *A whole type*: its resources as they come in the order of an index. *Few
matches*: start from the rows of the most telling index condition, join the resources, sort. *Many
matches by id or `_lastUpdated`*: walk the resources in that order and probe the index for each, or
where many are to be skipped look each up in the matches; a sort would read them all, and PostgreSQL
does not see by itself which owner is heavy, so the total decides: the one that is remembered, or
the one that the statement itself counts, which then runs one of both. *By the primary date*: from
index rows alone where they tell all that is asked, of several keys the first of each. *By values
that lie elsewhere*: gathered beside the matches (`fhirstore.search.sorting`). *Several types*: the
matches of each. *Several owners* (all users of an application, or patients that others let a user
see): the matches of all, those that count as one once. Every shape begins with the owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhirstore import tally
from fhirstore.permissions import PERMITTED
from fhirstore.search.condition import Binder, Condition, Plan, Scope
from fhirstore.search.matches import (
    driven,
    driver_of,
    every,
    index_tells,
    looked_up,
    merged,
    sieved,
    walk,
    whole_type,
)
from fhirstore.search.moments import instant
from fhirstore.search.paging import Position
from fhirstore.search.rows import BRIEF, COLUMNS
from fhirstore.search.sorting import Column, Sort, behind, columns, gathered, order
from fhirstore.search.totals import Counted

MANY = 2000
"""From how many matches on a page by id or `_lastUpdated` is walked to."""
FAR = 500
"""From how many skipped matches on a walk gathers the matches before, instead of probing each."""
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
    found = columns(wanted.sort, mixed=wanted.mixed, several=scope.owners.several)
    page = _Page(plans=plans, wanted=wanted, columns=found, binder=binder)
    seq, counted, permitted = _head(plans, wanted, binder, shared=page.shared)
    if not wanted.limit:
        return _statement(scope, binder, f"select {seq}, {counted}, {permitted}")
    shown = BRIEF if wanted.brief else COLUMNS
    if page.whole:
        carried = "".join(f", {column.sql.format(a='b')}" for column in found)
        rows = f"{shown}{carried} from {page.rows('b')}"
        return _statement(scope, binder, f"select {seq}, {counted}, {permitted}, {rows}")
    head = ""
    if page.halved:
        head, counted = (
            f"with {page.matches}s as materialized (select {counted} as total) ",
            _COUNTED,
        )
    places = [replace(column, sql=page.place(n)) for n, column in enumerate(found)]
    carried = "".join(f", {place.sql.format(a='p')}" for place in places)
    # Ordered by what the page itself is ordered by, so that an order which an index gives is kept.
    sql = f"""{head}select {seq}, {counted}, {permitted}, {shown}{carried} from ({page.sql()}) p
join fhir_resource b on b.owner = p.owner and b.rtype = p.rtype and b.rid = p.rid
  and {scope.owners.own("b")} order by {order(places, "p")}"""
    return _statement(scope, binder, sql)


_COUNTED, _MATCHES = "(select s.total from s)", "m x"
"""The total, and the index rows of the matches as `x`, where the statement has them once for all.
"""


def _statement(scope: Scope, binder: Binder, sql: str) -> Statement:
    return Statement(sql=sql, values={**binder.values, **scope.owners.values()})


def _head(
    plans: Sequence[Plan], wanted: Page, binder: Binder, *, shared: bool
) -> tuple[str, str, str]:
    scope = plans[0].scope
    counted = "null::bigint"
    if wanted.counted != "none":
        counted = f"({total(plans, estimate=wanted.counted == 'estimate')})"
    if scope.owners.several:
        return "null::bigint", counted, "false"
    seq = f"(select o.seq from fhir_owner o where {scope.owners.own('o')})"
    permitted = PERMITTED.format(version=scope.version)
    if wanted.counted != "none" and not _bare(plans):
        if shared:
            counted = f"(select count(*) from {_MATCHES})"
        known = wanted.known or Counted(-1, 0)
        at = binder.name(KNOWN_SEQ, known.seq, "bigint")
        remembered = binder.name(KNOWN_TOTAL, known.total, "bigint")
        counted = f"case when {seq} = {at} then {remembered} else {counted} end"
    return seq, counted, permitted


def _bare(plans: Sequence[Plan]) -> bool:
    """Whether everything of the types is asked for and may be seen."""
    return not any(plan.conditions or plan.seen or plan.scope.owners.several for plan in plans)


def total(plans: Sequence[Plan], *, estimate: bool = False) -> str:
    """How many resources match, as a select of one number."""
    if _bare(plans):
        first, rtypes = plans[0].scope, {plan.scope.number for plan in plans}
        kept = tally.resources(first.owners, rtypes=rtypes, bit=first.bit)
        return f"select least(({kept}), {ESTIMATED})" if estimate else kept
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

    @property
    def whole(self) -> bool:
        """Whether the page is resources of the type as they lie in an index, without a filter:
        then their bodies are read in one go with the index."""
        (first, *others), plan = self.wanted.sort, self.plans[0]
        ordered = first.by == "fid" or (first.by == "rid" and first.descending)
        filtered = len(self.plans) > 1 or plan.conditions or plan.seen or plan.scope.owners.several
        return ordered and not (others or filtered or self.wanted.mixed or self.wanted.offset)

    def rows(self, alias: str) -> str:
        """From the rows of a `whole` page, in order."""
        limit = self.binder.bind(self.wanted.limit, "bigint")
        source = f"{every(self.plans[0].scope, alias)}{self._after(alias)}"
        return f"{source} order by {order(self.columns, alias)} limit {limit}"

    def place(self, number: int) -> str:
        """A column of the order among the page's."""
        sql = self.columns[number].sql
        return sql if sql == "{a}.rid" else f"{{a}}.c{number}"

    def sql(self) -> str:
        """The row ids of the page, their places and the values of the order's columns."""
        limit = self.binder.bind(self.wanted.limit, "bigint")
        offset = self.binder.bind(self.wanted.offset, "bigint")
        sources = self._sources()
        alias, source = sources[0]
        if len(sources) > 1:
            source = self._together(sources)
            alias = "r"
        values = "".join(
            f", {column.sql.format(a=alias)} as c{n}"
            for n, column in enumerate(self.columns)
            if self.place(n) != column.sql
        )
        sorted_by = order(self.columns, alias)
        rtype = f"{self.plans[0].scope.number}::smallint" if alias == "x" else f"{alias}.rtype"
        return (
            f"select {alias}.owner, {rtype} as rtype, {alias}.rid{values}"
            f" from {source} order by {sorted_by} limit {limit} offset {offset}"
        )

    def _together(self, sources: Sequence[tuple[str, str]]) -> str:
        """As many of each source as the page may need, all as `r`. Each by itself is in the order
        of an index, which a planner that expects a few rows would not care to merge by."""
        most = self.binder.bind(self.wanted.limit + self.wanted.offset, "bigint")
        # Whether a date is there is settled in each source.
        within = [column for column in self.columns if column.kind != "boolean"]
        parts = [
            f"(select {self._carried(a)} from {one} order by {order(within, a)} limit {most})"
            for a, one in sources
        ]
        together = f"({' union all '.join(parts)}) r"
        if not self._repeated:
            return together
        return f"(select distinct r.owner, r.rtype, r.rid from {together}) r"

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
        after = self._after("r")
        if any(key.computed for key in self.wanted.sort):
            source = gathered(
                self.wanted.sort, self._matches(self.plans[0]), self.plans[0].scope, self.binder
            )
            return [("r", f"{source}{after}")]
        if len(self.plans) > 1 or self.plans[0].scope.owners.several:
            return [("r", f"{self._matches(plan)}{after}") for plan in self.plans]
        (plan,) = self.plans
        driver = driver_of(plan)
        if self.wanted.sort[0].by == "rid":
            return self._by_date(plan, driver)
        if driver is None:
            return [("r", f"{whole_type(plan)}{after}")]
        if not self._walked:
            return [("r", f"{driven(plan, driver, joined=True)}{after}")]
        few = driven(plan, driver, joined=True)
        matches = driven(plan, driver, joined=False) if index_tells(plan) else ""
        if self.shared:
            few, matches = f"{_MATCHES} {looked_up(plan.scope)} where true", _MATCHES
        # What was stored together has one `_lastUpdated`, and is looked at before it is in order.
        far = self.wanted.offset >= FAR or self.wanted.sort[0].by == "updated"
        many = sieved(plan, driver, matches) if far else walk(plan)
        few, many = f"{few}{after}", f"{many}{after}"
        if self.halved:
            return [
                ("r", f"{few} and {_COUNTED} <= {MANY}"),
                ("r", f"{many} and {_COUNTED} > {MANY}"),
            ]
        return [("r", many if self.wanted.many else few)]

    def _by_date(self, plan: Plan, driver: Condition | None) -> list[tuple[str, str]]:
        """The sources of a page by the primary date alone."""
        if driver is None:
            alias, found = "r", [whole_type(plan)]
        else:
            joined = not index_tells(plan)
            alias = "r" if joined else "x"
            found = [
                driven(plan, driver, joined=joined, part=part)
                for part in driver.branches[0].parts or ("",)
            ]
        if self.wanted.sort[0].descending:
            return [(alias, f"{source}{self._after(alias)}") for source in found]
        return [
            (alias, f"{source}{self._undated(alias, undated=undated)}")
            for source in found
            for undated in (False, True)
        ]

    @property
    def _repeated(self) -> bool:
        """Whether several sources of the page may find the same resource."""
        driver = driver_of(self.plans[0])
        if self.wanted.sort[0].by != "rid" or driver is None:
            return False
        branch = driver.branches[0]
        return len(branch.parts) > 1 and not branch.apart

    @property
    def halved(self) -> bool:
        """Whether the statement holds two ways to the page, of which the total chooses one."""
        return self._walked and self.wanted.many is None and self.wanted.counted == "accurate"

    @property
    def shared(self) -> bool:
        """Whether the matches of several conditions are gathered once, to be counted and shown."""
        several = len(self.plans[0].conditions) > 1
        return several and bool(self.wanted.limit) and self.halved and index_tells(self.plans[0])

    @property
    def matches(self) -> str:
        """The shared matches, as the first part of a `with`."""
        driver = driver_of(self.plans[0])
        if not self.shared or driver is None:
            return ""
        rows = driven(self.plans[0], driver, joined=False)
        return f"m as materialized (select x.owner, x.rid from {rows}), "

    @property
    def _walked(self) -> bool:
        """Whether the page is in an order in which the resources can be walked, and filtered."""
        (first, *others), plan = self.wanted.sort, self.plans[0]
        filtered = len(self.plans) == 1 and driver_of(plan) and not plan.scope.owners.several
        return bool(filtered) and first.by in _INDEXED and not others

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
