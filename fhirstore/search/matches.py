"""Where the matches of a compiled search come from, as from clauses that a further condition may
follow. All begin with the owner."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.search.condition import Branch, Condition, Plan, Scope


def index_tells(plan: Plan) -> bool:
    """Whether index rows alone answer all conditions."""
    return not plan.seen and not any(condition.resource for condition in plan.conditions)


def driver_of(plan: Plan) -> Condition | None:
    """The condition to start from: the one that leaves fewest; None: start from the type."""
    fit = [c for c in plan.conditions if c.drives and c.branches[0].versioned]
    return min(fit, key=lambda condition: condition.rank, default=None)


def _tests(
    plan: Plan, alias: str, without: Condition | None = None, *, probed: bool = False
) -> str:
    owners = plan.scope.owners
    # Index rows are told by index rows, before the resources are joined.
    rest = [
        c.test(owners, "r" if c.resource else alias, probed=probed)
        for c in plan.conditions
        if c is not without
    ]
    return "".join(f" and {test}" for test in rest) + plan.seen


def every(scope: Scope, alias: str) -> str:
    """From all resources of the type that are visible in the version."""
    return (
        f"fhir_resource {alias} where {scope.owners.own(alias)} and {alias}.rtype = {scope.number}"
        f" and ({alias}.vers & {scope.bit}) <> 0"
    )


def whole_type(plan: Plan) -> str:
    """From the resources `r` of the type."""
    return f"{every(plan.scope, 'r')}{_tests(plan, 'r')}"


def driven(plan: Plan, driver: Condition, *, joined: bool, part: str = "") -> str:
    """From the driver's index rows `x`, no resource twice; `joined` with the resources as `r`.
    `part`: from those of one of its branch's parts, in the order of row ids.
    """
    scope, branch = plan.scope, driver.branches[0]
    source, own = _rows(replace(branch, where=part, single=True) if part else branch, scope)
    resources = f" {looked_up(scope)}" if joined else ""
    return f"{source} x{resources} where {own}{_tests(plan, 'x', driver)}"


def looked_up(scope: Scope) -> str:
    """The resources `r` of rows `x`, as a join.

    Limited to the one that there is, it is looked up by its row. Otherwise all resources of the
    type may be read in the order of the page, and the rows again for each of them.
    """
    same = " and r.owner = x.owner" if scope.owners.several else ""
    found = f"select r.* from {every(scope, 'r')}{same} and r.rid = x.rid limit 1"
    return f"cross join lateral ({found}) r"


def _rows(branch: Branch, scope: Scope) -> tuple[str, str]:
    """A source of a branch's rows, one for each resource, and what has to hold of them as `x`."""
    owners = scope.owners
    if branch.single:
        return branch.table, f"{owners.own('x')} and {branch.where}"
    if branch.apart and not owners.several:
        return f"({branch.select(owners, 'x.owner, x.rid')})", "true"
    if branch.parts and not owners.several:
        rows = branch.select(owners, "x.owner, x.rid")
        return f"(select distinct x.owner, x.rid from ({rows}) x)", "true"
    where = f"{owners.own('x')} and {branch.where}"
    return f"(select distinct x.owner, x.rid from {branch.table} x where {where})", "true"


def walk(plan: Plan) -> str:
    """The resources `r` in order, each looked up in the index: for a page that comes soon."""
    return f"{every(plan.scope, 'r')}{_tests(plan, 'r', probed=True)}"


def sieved(plan: Plan, driver: Condition, matches: str) -> str:
    """The resources `r` in order, each looked for among the matches, which are gathered before:
    for a page that comes late. `matches`: rows `x` of them; "": the index does not tell them."""
    scope, rest = plan.scope, ""
    if not matches:
        source, own = _rows(driver.branches[0], scope)
        matches, rest = f"{source} x where {own}", _tests(plan, "r", driver, probed=True)
    return f"{every(scope, 'r')} and ((r.rid in (select x.rid from {matches})) is true){rest}"


def merged(plan: Plan) -> str:
    """The matches of all owners that are visible; of rows that count as one the first."""
    owners, driver = plan.scope.owners, driver_of(plan)
    source = driven(plan, driver, joined=True) if driver else whole_type(plan)
    once, first = owners.once()
    return (
        f"select distinct on ({once}) r.owner, r.rtype, r.rid, r.fid, r.updated, r.lo"
        f" from {source}{owners.visible('r', plan.scope.bit)} order by {first}"
    )
