"""Composite values, `code$value`: parts that one element has together
(hl7.org/fhir/R4/search.html#composite).

Of the resource itself the parts occur once, so all of them holding is exact. Of a repeating element
the rows of one part are keyed by the others (fhirstore/keys.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from fhirstore.errors import InvalidValue
from fhirstore.search.chain import Compile
from fhirstore.search.clause import Clause
from fhirstore.search.condition import NOTHING, Binder, Branch, Condition, Scope
from fhirstore.search.definitions import SearchParameter, parameters
from fhirstore.search.escapes import escape, split, unescape
from fhirstore.search.json_path import json_path
from fhirstore.search.paths import split_type
from fhirstore.search.spellings import (
    MOST_ELEMENTS,
    composite_name,
    split_parts,
    token_spelling,
)
from fhirstore.search.types import reference, token
from fhirstore.search.types.system_codes import codes_of

_RANK = 1


def compile_clause(
    clause: Clause, scope: Scope, binder: Binder, compile_part: Compile
) -> Condition:
    """The resources with an element that has all parts of one of the values."""
    found: list[Condition] = []
    for stored in clause.parameter.stored:
        composite = parameters(scope.version, scope.rtype)[stored]
        for value in clause.values:
            texts = split(value, "$")
            if len(texts) != len(composite.parts) or not all(texts):
                problem = f"takes {len(composite.parts)} values with $ between them"
                raise InvalidValue(parameter=clause.name, problem=problem)
            if composite.root:
                found += _of_element(clause, composite, texts, scope, binder, compile_part)
            else:
                found.append(_of_resource(clause, composite, texts, scope, binder, compile_part))
    return _any_of(found)


def _of_resource(
    clause: Clause,
    composite: SearchParameter,
    texts: Sequence[str],
    scope: Scope,
    binder: Binder,
    compile_part: Compile,
) -> Condition:
    known = parameters(scope.version, scope.rtype)
    conditions = []
    for part, text in zip(composite.parts, texts, strict=True):
        # A part may be of fewer data types than the parameter whose rows it has.
        parameter = replace(known[part.code], paths=part.paths)
        one = Clause(name=clause.name, parameter=parameter, modifier="", values=(text,))
        conditions.append(compile_part(one, scope, binder))
        if part.type == "string" and set(part.paths) < set(known[part.code].paths):
            conditions.append(_holding(part.paths, binder))  # its rows do not tell which it was
    return _all_of(conditions, scope)


def _holding(paths: Sequence[str], binder: Binder) -> Condition:
    """The resources that have a value under one of the paths, as their bodies tell."""
    named = [json_path(split_type(path)[0]) for path in paths]
    tests = [
        f"jsonb_path_exists(fhir_json(r.body), {binder.bind(one, 'jsonpath')})" for one in named
    ]
    return Condition(resource=" or ".join(tests), rank=_RANK)


def _of_element(
    clause: Clause,
    composite: SearchParameter,
    texts: Sequence[str],
    scope: Scope,
    binder: Binder,
    compile_part: Compile,
) -> list[Condition]:
    keyed, compared = split_parts([part.type for part in composite.parts])
    spellings = [_spellings(clause, composite, n, texts[n], scope) for n in keyed]
    found = []
    for at in range(MOST_ELEMENTS) if len(compared) > 1 else (None,):
        names = tuple(composite_name(composite.code, said, at) for said in product(*spellings))
        conditions = [
            _compared(clause, composite, n, texts[n], names, scope, binder, compile_part)
            for n in compared
        ]
        found.append(_all_of(conditions, scope))
    return found


def _spellings(
    clause: Clause, composite: SearchParameter, at: int, text: str, scope: Scope
) -> list[str]:
    part = composite.parts[at]
    if part.type == "reference":
        referring = replace(clause.parameter, targets=part.targets, paths=part.paths)
        wanted = replace(clause, parameter=referring)
        return reference.targets(wanted, unescape(text), "", scope)
    if part.type == "uri":
        return [unescape(text)]
    asked = token.read_token(clause.name, text)
    if asked.code is None:
        known = codes_of(clause.name, composite, at, str(asked.system), scope)
        return [token_spelling(code, asked.system) for code in known]
    return [token_spelling(asked.code, asked.system)]


def _compared(
    clause: Clause,
    composite: SearchParameter,
    at: int,
    text: str,
    names: tuple[str, ...],
    scope: Scope,
    binder: Binder,
    compile_part: Compile,
) -> Condition:
    part = composite.parts[at]
    values: tuple[str, ...] = (text,)
    if part.type == "token":
        asked = token.read_token(clause.name, text)
        if asked.code is None:
            known = codes_of(clause.name, composite, at, str(asked.system), scope)
            values = tuple(f"{escape(str(asked.system))}|{escape(code)}" for code in known)
    if not names or not values:
        return NOTHING
    parameter = replace(
        clause.parameter,
        type=part.type,
        paths=part.paths,
        targets=part.targets,
        stored=names,
        parts=(),
        roots=(),
    )
    one = Clause(name=clause.name, parameter=parameter, modifier="", values=values)
    return compile_part(one, scope, binder)


def _all_of(conditions: Sequence[Condition], scope: Scope) -> Condition:
    """All hold: the rows of the first that the others hold of."""
    first, *rest = conditions
    if not first.drives or any(condition.resource for condition in rest):
        tests = [condition.test(scope.owners, "r") for condition in conditions]
        return Condition(resource=" and ".join(tests), rank=_RANK)
    branch = first.branches[0]
    tests = [condition.test(scope.owners, "x") for condition in rest]
    return Condition(branches=(branch.narrowed(tests),), rank=_RANK)


def _any_of(conditions: Sequence[Condition]) -> Condition:
    """One holds: of rows of the same table one branch."""
    by_table: dict[str, list[Branch]] = {}
    for condition in conditions:
        for branch in condition.branches:
            by_table.setdefault(branch.table, []).append(branch)
    resource = " or ".join(f"({c.resource})" for c in conditions if c.resource)
    branches = tuple(map(_one, by_table.values()))
    return Condition(branches=branches, resource=resource, rank=_RANK)


def _one(branches: Sequence[Branch]) -> Branch:
    if len(branches) == 1:
        return branches[0]
    return Branch(
        table=branches[0].table,
        where=f"({' or '.join(f'({branch.where})' for branch in branches)})",
        versioned=all(branch.versioned for branch in branches),
    )
