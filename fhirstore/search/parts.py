"""A search request compiled: a plan for each of its types, all binding their values together."""

from __future__ import annotations

from fhirstore import keys
from fhirstore.search import sight
from fhirstore.search.compile import compile_clause
from fhirstore.search.condition import Binder, Branch, Condition, Plan, Scope, of_type
from fhirstore.search.definitions import compartment_params, parameters
from fhirstore.search.request import SearchRequest, Within


def compile_parts(request: SearchRequest, scope: Scope, binder: Binder) -> list[Plan]:
    """The plans of a search; types of which the token sees nothing have none, unless it is the one
    type asked for. Raises `InvalidValue`.
    """
    found = []
    for part in request.parts:
        inner = scope
        if part.rtype != scope.rtype:
            inner = of_type(scope, version=request.version, rtype=part.rtype)
        if not request.rtype and scope.sight.of(part.rtype, "s") == ():
            continue
        conditions = [compile_clause(clause, inner, binder) for clause in part.clauses]
        if request.within is not None:
            conditions.append(belongs(request.within, inner, binder))
        seen = sight.seen(inner, binder, letters="s")
        found.append(Plan(scope=inner, conditions=conditions, values=binder.values, seen=seen))
    return found


def members(version: str, compartment: str, rtype: str) -> bool:
    """Whether resources of a type may be in a compartment."""
    return rtype == compartment or bool(compartment_params(version, compartment, rtype))


def belongs(within: Within, scope: Scope, binder: Binder) -> Condition:
    """The resources of the scope's type in a compartment: those that refer to its resource with one
    of the parameters that the version's definition names, and that resource itself."""
    target = f"{within.compartment}/{within.fid}"
    known = parameters(scope.version, scope.rtype)
    names = compartment_params(scope.version, within.compartment, scope.rtype)
    stored = {param: None for name in names if name in known for param in known[name].stored}
    wanted = [keys.reference_key(scope.rtype, param, target) for param in stored]
    where = f"(x.vers & {scope.bit}) <> 0 and x.key = any({binder.bind(wanted, 'bigint[]')})"
    own = ""
    if scope.rtype == within.compartment:
        own = f"r.fid = {binder.bind(within.fid, 'text')}"
    branches = (Branch(table="fhir_token", where=where, versioned=True),) if wanted else ()
    return Condition(branches=branches, resource=own, rank=5)
