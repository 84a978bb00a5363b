"""`_explain=true`: how a search was understood and answered, in plain words.

PostgreSQL tells what it did (`explain analyze` of the very statement). Told on are only reads that
an index bounded by the owner: what a filter threw away of another read would count other users'
rows. A token whose scopes show a part only is not told how many rows the others are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fhirstore import database
from fhirstore.errors import InvalidRequest
from fhirstore.search import statement
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Plan, Scope
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import SearchRequest

_TABLES = {
    "fhir_token": "codes, references and uris",
    "fhir_range": "dates, numbers and quantities",
    "fhir_string": "texts",
    "fhir_resource": "resources",
    "fhir_owner": "the change number",
    "fhir_tally": "how many there are of a type",
}


def explained(request: SearchRequest, scope: Scope) -> list[str]:
    """What to tell of a search, a sentence each. Raises `InvalidRequest` for a call that acts for
    several users.
    """
    if scope.owners.several:
        raise InvalidRequest("_explain tells of one user's data; name the user")
    binder = Binder()
    plans = compile_parts(request, scope, binder)
    told = [line for plan, part in _pairs(plans, request) for line in _understood(plan, part)]
    told += _asked(request)
    if not plans:
        return [*told, "Nothing was looked at: the token's scopes show none of these types."]
    if not scope.sight.everything:
        return [*told, "How many rows were looked at is told to whoever may see all of them only."]
    wanted = statement.Page(
        sort=request.sort,
        limit=0 if request.total_only else request.count + 1,
        offset=request.skip or 0,
        counted=request.total,
        mixed=not request.rtype,
    )
    made = statement.search(plans, wanted, binder)
    sql = f"explain (analyze, format json, timing off) {made.sql}".encode()
    row = database.cursor().execute(sql, made.values).fetchone()
    return [*told, *_answered(row[0][0] if row else {})]


def _pairs(
    plans: Sequence[Plan], request: SearchRequest
) -> Iterator[tuple[Plan, tuple[Clause, ...]]]:
    clauses = {part.rtype: part.clauses for part in request.parts}
    for plan in plans:
        yield plan, clauses[plan.scope.rtype]


def _understood(plan: Plan, clauses: Sequence[Clause]) -> Iterator[str]:
    rtype = plan.scope.rtype
    if not clauses:
        yield f"{rtype}: every one, without a filter."
    for clause, condition in zip(clauses, plan.conditions, strict=False):
        yield f"{rtype}: {described(clause)}; found by {_found_by(condition)}."
    if plan.seen:
        yield f"{rtype}: only what the token's scopes show."


def described(clause: Clause) -> str:
    """A filter in words; its values are the client's own."""
    if clause.chained:
        steps = " or ".join(f"{rtype} whose {described(step)}" for rtype, step in clause.chained)
        if clause.reverse:
            return f"{clause.parameter.code} refers to it from a {steps}"
        return f"{clause.name} refers to a {steps}"
    values = " or ".join(clause.values)
    kind = f"{clause.name} ({clause.parameter.type})"
    match clause.modifier:
        case "missing":
            has = "has no value" if clause.values == ("true",) else "has a value"
            return f"{kind} {has}"
        case "":
            return f"{kind} is {values}"
    return f"{kind}, compared by :{clause.modifier}, is {values}"


def _found_by(condition: Condition) -> str:
    ways = [f"the index of {_TABLES[branch.table]}" for branch in condition.branches]
    ways += ["the resource's own row"] if condition.resource else []
    ways += ["the order of dates in the row ids"] if condition.rid else []
    said = " and ".join(dict.fromkeys(ways)) or "nothing: no resource can have it"
    return f"leaving out what {said} finds" if condition.negated else said


def _asked(request: SearchRequest) -> Iterator[str]:
    keys = [f"{key.name}{' descending' if key.descending else ''}" for key in request.sort]
    yield f"In the order of {', '.join(keys)}; total: {request.total}."
    if request.controls.contained:
        also = "also" if request.controls.contained == "both" else "only"
        yield f"Contained resources are looked at {also}; what follows tells of the others."
    if request.within:
        yield f"Only in the compartment {request.within.compartment}/{request.within.fid}."
    for name in sorted({pair.told for pair in request.ignored}):
        yield f"Ignored: {name}."


def _answered(plan: dict[str, Any]) -> Iterator[str]:
    looked: dict[tuple[str, str], int] = {}
    for node in _nodes(plan.get("Plan", {})):
        table, index = node.get("Relation Name"), node.get("Index Name")
        if not index or "owner" not in node.get("Index Cond", ""):
            continue
        table = table or _table_of(index)
        if table not in _TABLES or not node.get("Actual Loops"):
            continue
        seen = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
        rows = round(seen * node["Actual Loops"])
        looked[table, index] = looked.get((table, index), 0) + rows
    for (table, index), rows in looked.items():
        yield f"Index {index} ({_TABLES[table]}): {rows} rows looked at."
    if "Execution Time" in plan:
        yield f"The database took {plan['Execution Time']:.1f} ms."


def _table_of(index: str) -> str:
    return next((table for table in _TABLES if index.startswith(table)), "")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
