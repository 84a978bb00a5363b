"""The SQL of a compiled search: the exact total, and one page in order.

Three shapes. *Few matches*: start from the rows of the most telling index condition, join the
resources, sort. *Many matches in id order*: walk the resources by id and probe the index for each;
a sort would read them all, and PostgreSQL does not see by itself which owner is heavy, so the
total, which is needed anyhow, decides. *Several owners* (all users of an application, or patients
that others let a user see): the matches of all, those that count as one once. Every shape begins
with the owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fhirstore.permissions import PERMITTED
from fhirstore.search.condition import Condition, Plan
from fhirstore.search.paging import Position
from fhirstore.search.request import Sort
from fhirstore.search.rows import COLUMNS

MANY = 2000
"""From how many matches on a page in id order is walked to."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    sql: str
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which part of the matches: at most `limit`, after a position (or `offset` ones skipped)."""

    sort: Sort
    limit: int
    offset: int = 0
    after: Position | None = None


def total(plan: Plan) -> Statement:
    """How many resources match, and whether others let the one owner see something of theirs."""
    if plan.scope.owners.several:
        return _statement(plan, f"select count(*), false from ({_merged(plan)}) m", {})
    counted = f"select count(*), {PERMITTED.format(version=plan.scope.version)}"
    driver = _driver(plan)
    if driver is None:
        return _statement(plan, f"{counted} from {_whole_type(plan)}", {})
    joined = bool(plan.seen) or any(condition.resource for condition in plan.conditions)
    return _statement(plan, f"{counted} from {_driven(plan, driver, joined=joined)}", {})


def page(plan: Plan, wanted: Page, *, many: bool) -> Statement:
    """The resources of a page, in order. `many`: there are more than `MANY` matches."""
    order, after, bound = _order(plan, wanted)
    driver = _driver(plan)
    if plan.scope.owners.several:
        source = f"({_merged(plan)}) r where true"
    elif driver is None:
        source = _whole_type(plan)
    elif many and wanted.sort.by == "fid":
        source = _walk(plan, driver)
    else:
        source = _driven(plan, driver, joined=True)
    sql = f"""
select {COLUMNS} from (
  select r.owner, r.rid, row_number() over (order by {order}) as place
  from {source}{after} order by {order} limit %(limit)s::bigint offset %(offset)s::bigint
) p join fhir_resource b on b.owner = p.owner and b.rtype = {plan.scope.number} and b.rid = p.rid
where {plan.scope.owners.own("b")} order by p.place"""
    bound |= {"limit": wanted.limit, "offset": wanted.offset}
    return _statement(plan, sql, bound)


def _statement(plan: Plan, sql: str, bound: dict[str, Any]) -> Statement:
    return Statement(sql=sql, values={**plan.values, **plan.scope.owners.values(), **bound})


def _driver(plan: Plan) -> Condition | None:
    """The condition to start from: the one that leaves fewest; None: start from the type."""
    fit = [c for c in plan.conditions if c.drives and c.branches[0].versioned]
    return min(fit, key=lambda condition: condition.rank, default=None)


def _tests(plan: Plan, alias: str, without: Condition | None) -> str:
    owners = plan.scope.owners
    rest = [c.test(owners, alias) for c in plan.conditions if c is not without]
    return "".join(f" and {test}" for test in rest) + plan.seen


def _whole_type(plan: Plan) -> str:
    scope = plan.scope
    own = f"{scope.owners.own('r')} and r.rtype = {scope.number} and (r.vers & {scope.bit}) <> 0"
    return f"fhir_resource r where {own}{_tests(plan, 'r', None)}"


def _driven(plan: Plan, driver: Condition, *, joined: bool) -> str:
    """From the driver's index rows; `joined` with the resources as `r`."""
    scope, branch = plan.scope, driver.branches[0]
    if branch.single:
        source, own = branch.table, f"{scope.owners.own('x')} and {branch.where}"
    else:
        rows = f"select distinct x.owner, x.rid from {branch.table} x"
        source = f"({rows} where {scope.owners.own('x')} and {branch.where})"
        own = "true"
    if not joined:
        return f"{source} x where {own}{_tests(plan, 'x', driver)}"
    return (
        f"{source} x join fhir_resource r on r.owner = x.owner and r.rtype = {scope.number}"
        f" and r.rid = x.rid where {own} and {scope.owners.own('r')}"
        f" and (r.vers & {scope.bit}) <> 0{_tests(plan, 'r', driver)}"
    )


def _walk(plan: Plan, driver: Condition) -> str:
    """The resources by id, each probed; `exists` would be planned as a join of everything."""
    scope, branch = plan.scope, driver.branches[0]
    probe = (
        f"select 1 from {branch.table} x where {scope.owners.own('x')} and {branch.where}"
        " and x.rid = r.rid limit 1"
    )
    return (
        f"fhir_resource r cross join lateral ({probe}) hit where {scope.owners.own('r')}"
        f" and r.rtype = {scope.number} and (r.vers & {scope.bit}) <> 0{_tests(plan, 'r', driver)}"
    )


def _merged(plan: Plan) -> str:
    """The matches of all owners that are visible; of rows that count as one the first."""
    owners, driver = plan.scope.owners, _driver(plan)
    source = _driven(plan, driver, joined=True) if driver else _whole_type(plan)
    once, first = owners.once()
    return (
        f"select distinct on ({once}) r.owner, r.rid, r.fid, r.updated"
        f" from {source}{owners.visible('r', plan.scope.bit)} order by {first}"
    )


def _order(plan: Plan, wanted: Page) -> tuple[str, str, dict[str, Any]]:
    """The order, the condition "after the position", and what that binds."""
    sort, several = wanted.sort, plan.scope.owners.several
    columns = {
        "fid": ["r.fid"],
        "updated": ["r.updated", "r.fid"],
        # Resources without a primary date have negative row ids: last in either direction.
        "rid": ["r.rid"] if sort.descending else ["(r.rid < 0)", "r.rid"],
    }[sort.by]
    columns = [*columns, "r.owner"] if several else columns
    way = " desc" if sort.descending else ""
    order = ", ".join(column + way for column in columns)
    if wanted.after is None:
        return order, "", {}
    bound = [_bound(column) for column in columns]
    compare = "<" if sort.descending else ">"
    condition = f" and ({', '.join(columns)}) {compare} ({', '.join(bound)})"
    return order, condition, _position_values(wanted.after, sort)


def _bound(column: str) -> str:
    return {
        "r.fid": "%(after_fid)s::text",
        "r.updated": "%(after_updated)s::timestamptz",
        "(r.rid < 0)": "%(after_rid)s::bigint < 0",
        "r.rid": "%(after_rid)s::bigint",
        "r.owner": "%(after_owner)s::bigint",
    }[column]


def _position_values(position: Position, sort: Sort) -> dict[str, Any]:
    values: dict[str, Any] = {"after_fid": position.fid, "after_owner": position.owner}
    if sort.by == "updated":
        values["after_updated"] = moment(int(position.value))
    elif sort.by == "rid":
        values["after_rid"] = position.value
    return values


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999


def moment(microseconds: int) -> datetime:
    """The instant so many microseconds after 1970, kept within the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=min(max(microseconds, _EARLIEST), _LATEST))
