"""Where the matches of a compiled search come from, as from clauses that a further condition may
follow. All begin with the owner."""

from __future__ import annotations

from fhirstore.search.condition import Condition, Plan


def index_tells(plan: Plan) -> bool:
    """Whether index rows alone answer all conditions."""
    return not plan.seen and not any(condition.resource for condition in plan.conditions)


def driver_of(plan: Plan) -> Condition | None:
    """The condition to start from: the one that leaves fewest; None: start from the type."""
    fit = [c for c in plan.conditions if c.drives and c.branches[0].versioned]
    return min(fit, key=lambda condition: condition.rank, default=None)


def _tests(plan: Plan, alias: str, without: Condition | None) -> str:
    owners = plan.scope.owners
    rest = [c.test(owners, alias) for c in plan.conditions if c is not without]
    return "".join(f" and {test}" for test in rest) + plan.seen


def whole_type(plan: Plan) -> str:
    """From the resources `r` of the type."""
    scope = plan.scope
    own = f"{scope.owners.own('r')} and r.rtype = {scope.number} and (r.vers & {scope.bit}) <> 0"
    return f"fhir_resource r where {own}{_tests(plan, 'r', None)}"


def driven(plan: Plan, driver: Condition, *, joined: bool) -> str:
    """From the driver's index rows `x`; `joined` with the resources as `r`."""
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


def walk(plan: Plan, driver: Condition) -> str:
    """The resources in order, each probed; `exists` would be planned as a join of everything."""
    scope, branch = plan.scope, driver.branches[0]
    probe = (
        f"select 1 from {branch.table} x where {scope.owners.own('x')} and {branch.where}"
        " and x.rid = r.rid limit 1"
    )
    return (
        f"fhir_resource r cross join lateral ({probe}) hit where {scope.owners.own('r')}"
        f" and r.rtype = {scope.number} and (r.vers & {scope.bit}) <> 0{_tests(plan, 'r', driver)}"
    )


def merged(plan: Plan) -> str:
    """The matches of all owners that are visible; of rows that count as one the first."""
    owners, driver = plan.scope.owners, driver_of(plan)
    source = driven(plan, driver, joined=True) if driver else whole_type(plan)
    once, first = owners.once()
    return (
        f"select distinct on ({once}) r.owner, r.rtype, r.rid, r.fid, r.updated, r.lo"
        f" from {source}{owners.visible('r', plan.scope.bit)} order by {first}"
    )
