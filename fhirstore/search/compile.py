"""From clauses to SQL conditions: one file of `types/` per kind of parameter. Pure; every value is
bound, never written into the text."""

from __future__ import annotations

from fhirstore.errors import InvalidValue
from fhirstore.search import sight
from fhirstore.search.chain import compile_chain
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Plan, Scope
from fhirstore.search.escapes import split, unescape
from fhirstore.search.request import SearchRequest
from fhirstore.search.types import (
    date,
    every_type,
    number,
    reference,
    string,
    system_only,
    token,
    uri,
)

_MODIFIERS = {
    "token": token.MODIFIERS,
    "string": string.MODIFIERS,
    "uri": uri.MODIFIERS,
    "date": ("",),
    "number": ("",),
    "quantity": ("",),
    "id": ("",),
    "updated": ("",),
}


def compile_search(request: SearchRequest, scope: Scope) -> Plan:
    """The conditions of a search, all of which must hold. Raises `InvalidValue`."""
    binder = Binder()
    conditions = [compile_clause(clause, scope, binder) for clause in request.clauses]
    seen = sight.seen(scope, binder, letters="s")
    return Plan(scope=scope, conditions=conditions, values=binder.values, seen=seen)


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """One clause's condition."""
    if clause.chained:
        return compile_chain(clause, scope, binder, compile_clause)
    kind = clause.parameter.type
    if clause.modifier == "missing":
        return every_type.by_missing(clause, scope, binder)
    if kind in _MODIFIERS and clause.modifier not in _MODIFIERS[kind]:
        raise InvalidValue(parameter=clause.name, problem=f"unknown modifier {clause.modifier}")
    match kind:
        case "token":
            return _token(clause, scope, binder)
        case "reference":
            return reference.compile_clause(clause, scope, binder)
        case "string":
            return string.compile_clause(clause, scope, binder)
        case "date":
            return date.compile_clause(clause, scope, binder)
        case "uri":
            return uri.compile_clause(clause, scope, binder)
        case "number" | "quantity":
            return number.compile_clause(clause, scope, binder)
        case "id":
            return every_type.by_id(clause, binder)
        case "updated":
            return every_type.by_last_updated(clause, scope, binder)
    raise InvalidValue(parameter=clause.name, problem="cannot be searched by")


def _token(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    systems = [
        unescape(parts[0])
        for value in clause.values
        if len(parts := split(value, "|")) == 2 and parts[0] and not parts[1]
    ]
    if not systems:
        return token.compile_clause(clause, scope, binder)
    if len(systems) < len(clause.values):
        problem = "system| cannot be combined with other forms in one list"
        raise InvalidValue(parameter=clause.name, problem=problem)
    return system_only.compile_clause(clause, systems, scope, binder)
