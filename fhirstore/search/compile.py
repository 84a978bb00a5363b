"""From clauses to SQL conditions: one file of `types/` per kind of parameter. Every value is bound,
never written into the text. Pure, but for the value sets that `:in` names, which are read."""

from __future__ import annotations

from fhirstore.errors import InvalidValue
from fhirstore.search.chain import compile_chain
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope
from fhirstore.search.has import compile_has
from fhirstore.search.types import (
    coded_text,
    composite,
    date,
    every_type,
    full_text,
    listed,
    near,
    number,
    reference,
    string,
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
    "id": ("", "not"),
    "updated": ("",),
    "composite": ("",),
    "text": ("",),
    "list": ("",),
    "special": ("",),
}
_HIERARCHIES = ("above", "below")


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """One clause's condition. Raises `InvalidValue`."""
    if clause.reverse:
        return compile_has(clause, scope, binder, compile_clause)
    if clause.chained:
        return compile_chain(clause, scope, binder, compile_clause)
    kind = clause.parameter.type
    if clause.modifier == "missing":
        return every_type.by_missing(clause, scope, binder)
    if kind == "token" and clause.modifier == "text":
        return coded_text.compile_clause(clause, scope, binder)
    _check_modifier(clause, kind)
    match kind:
        case "token":
            return token.compile_clause(clause, scope, binder)
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
        case "composite":
            return composite.compile_clause(clause, scope, binder, compile_clause)
        case "text":
            return full_text.compile_clause(clause, scope, binder)
        case "list":
            return listed.compile_clause(clause, scope, binder, compile_clause)
        case "special":
            return near.compile_clause(clause, binder)
    raise InvalidValue(parameter=clause.name, problem="cannot be searched by")


def _check_modifier(clause: Clause, kind: str) -> None:
    if kind == "token" and clause.modifier in _HIERARCHIES:
        problem = f":{clause.modifier} of a code needs a terminology server; list the codes"
        raise InvalidValue(parameter=clause.name, problem=problem)
    if kind in _MODIFIERS and clause.modifier not in _MODIFIERS[kind]:
        raise InvalidValue(parameter=clause.name, problem=f"unknown modifier {clause.modifier}")
