"""Token values: `code`, `system|code`, `|code`, `system|` in any mixture, `:not`, `:of-type`, `:in`
and `:not-in` (hl7.org/fhir/R4/search.html#token). `:text` is fhirstore/search/types/coded_text.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search import value_sets
from fhirstore.search.clause import Clause
from fhirstore.search.condition import (
    MOST_PARTS,
    Binder,
    Branch,
    Condition,
    Scope,
    coded_rows,
    token_rows,
)
from fhirstore.search.definitions import present_bits
from fhirstore.search.escapes import split, unescape
from fhirstore.search.implied import implied_systems
from fhirstore.search.links import present_key, system_key
from fhirstore.search.paths import split_type
from fhirstore.search.spellings import typed_value
from fhirstore.search.types import system_only

MODIFIERS = ("", "not", "of-type", "in", "not-in")
_RANKS = {"identifier": 0, "code": 1, "category": 3, "status": 4}
_NEGATED = ("not", "not-in")
_WITH_SYSTEM = ("CodeableConcept", "Coding", "Identifier")


@dataclass(frozen=True, kw_only=True)
class TokenValue:
    """A token as asked; None: not said, "" as system: none."""

    system: str | None
    code: str | None


def read(clause: Clause) -> list[TokenValue]:
    """The clause's tokens. Raises `InvalidValue`."""
    return [read_token(clause.name, value) for value in clause.values]


def read_token(name: str, value: str) -> TokenValue:
    """One token as asked. Raises `InvalidValue`."""
    parts = [unescape(part) for part in split(value, "|")]
    if len(parts) == 1:
        return TokenValue(system=None, code=parts[0])
    if len(parts) > 2 or not any(parts):
        raise InvalidValue(parameter=name, problem="a token is code, system|code, |code or system|")
    return TokenValue(system=parts[0], code=parts[1] or None)


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows that hold one of the codes, or with a negating modifier none."""
    if clause.modifier == "of-type":
        return _of_type(clause, scope, binder)
    if clause.modifier in ("in", "not-in"):
        condition = _matching(_in_sets(clause, scope), clause, scope, binder)
    else:
        condition = _asked(clause, scope, binder)
    return replace(condition, negated=clause.modifier in _NEGATED)


def _asked(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The clause's tokens. An element of type code has a system without naming it: asked for with
    that, its codes are those without one, and any value is one of `system|`."""
    tokens = read(clause)
    implied = [token for token in tokens if token.system]
    if implied:
        known = implied_systems(scope.version, scope.rtype, clause.parameter.paths)
        implied = [token for token in implied if token.system in known]
    if not implied:
        return _matching(tokens, clause, scope, binder)
    if not _kinds(clause).issubset(("code",)):
        coded = [replace(token, system="") for token in implied if token.code is not None]
        return _matching([*tokens, *coded], clause, scope, binder)
    tokens = [replace(t, system="") if t in implied else t for t in tokens]
    condition = _matching([t for t in tokens if t.system or t.code], clause, scope, binder)
    if all(token.code for token in implied):
        return condition
    if scope.link:
        there = token_rows([present_key(scope.link, clause.parameter.code)], scope.bit, binder)
        return replace(condition, branches=(*condition.branches, there))
    mask = binder.bind(1 << present_bits(scope.rtype)[clause.parameter.code], "bigint")
    tests = [test for test in (condition.resource, f"(r.present & {mask}) <> 0") if test]
    return replace(condition, resource=" or ".join(tests))


def _kinds(clause: Clause) -> set[str]:
    return {split_type(path)[1] for path in clause.parameter.paths}


def _in_sets(clause: Clause, scope: Scope) -> list[TokenValue]:
    """The codes of the value sets. A value that is a mere code has no system of its own, what it is
    bound to says it."""
    kinds = _kinds(clause) or {"Coding"}
    held: dict[TokenValue, None] = {}
    for system, code in value_sets.codes(clause.name, map(unescape, clause.values), scope):
        if system is None or kinds.intersection(_WITH_SYSTEM):
            held[TokenValue(system=system, code=code)] = None
        if system and code is not None and not kinds.issubset(_WITH_SYSTEM):
            held[TokenValue(system="", code=code)] = None
    return list(held)


def _of_type(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """`system|code|value`: the type of an identifier, and its value."""
    if "Identifier" not in _kinds(clause):
        problem = ":of-type goes with identifiers only"
        raise InvalidValue(parameter=clause.name, problem=problem)
    tokens = []
    for value in clause.values:
        parts = [unescape(part) for part in split(value, "|")]
        if len(parts) != 3 or not parts[1] or not parts[2]:
            problem = ":of-type takes the type's system|the type's code|value"
            raise InvalidValue(parameter=clause.name, problem=problem)
        tokens.append(TokenValue(system=parts[0], code=typed_value(parts[1], parts[2])))
    stored = tuple(f"{param}:of-type" for param in clause.parameter.stored)
    typed = replace(clause, parameter=replace(clause.parameter, stored=stored))
    return _matching(tokens, typed, scope, binder)


def _matching(
    tokens: Sequence[TokenValue], clause: Clause, scope: Scope, binder: Binder
) -> Condition:
    stored = clause.parameter.stored
    plain = {t.code: None for t in tokens if t.system is None and t.code is not None}
    exact = {
        (t.system, t.code): None for t in tokens if t.system is not None and t.code is not None
    }
    systems = [t.system for t in tokens if t.system is not None and t.code is None]
    if systems and scope.link:
        rows = [system_key(scope.link, p, system) for p in stored for system in systems]
        more = Condition(branches=(token_rows(rows, scope.bit, binder),), rank=3)
        if not plain and not exact:
            return more
        held = _matching([t for t in tokens if t.code is not None], clause, scope, binder)
        return replace(held, branches=held.branches + more.branches)
    resource = system_only.test(clause, systems, scope, binder) if systems else ""
    if not plain and not exact:
        return Condition(resource=resource, rank=3)
    branch = _branch(plain, exact, scope, stored, binder)
    return Condition(branches=(branch,), resource=resource, rank=_RANKS.get(clause.name, 2))


def _branch(
    plain: Collection[str],
    exact: Collection[tuple[str, str]],
    scope: Scope,
    stored: Sequence[str],
    binder: Binder,
) -> Branch:
    rtype = scope.keyed
    wanted = [keys.token_key(rtype, p, code) for p in stored for code in plain]
    if not exact or not stored:
        return token_rows(wanted, scope.bit, binder)
    if len(wanted) + 2 * len(exact) * len(stored) <= MOST_PARTS:
        in_system = [
            (
                keys.token_key(rtype, p, code),
                keys.system_hash(system),
                keys.system_code_key(rtype, p, system, code),
            )
            for system, code in exact
            for p in stored
        ]
        return coded_rows(wanted, in_system, scope.bit, binder)
    tests = [f"x.key = any({binder.bind(wanted, 'bigint[]')})"] if wanted else []
    tests.append(_in_systems(exact, scope, stored, binder))
    where = f"(x.vers & {scope.bit}) <> 0 and ({' or '.join(tests)})"
    return Branch(table="fhir_token", where=where, versioned=True)


def _in_systems(
    exact: Collection[tuple[str, str]], scope: Scope, stored: Sequence[str], binder: Binder
) -> str:
    rtype = scope.keyed
    pairs = [(p, system, code) for p in stored for system, code in exact]
    first = [keys.token_key(rtype, p, code) for p, _, code in pairs]
    second = [keys.system_code_key(rtype, p, system, code) for p, system, code in pairs]
    systems = binder.bind([keys.system_hash(system) for _, system, _ in pairs], "int[]")
    firsts = binder.bind(first, "bigint[]")
    return (
        f"(x.key = any({firsts}) and (x.key, x.sys) in (select * from unnest({firsts}, {systems}))"
        f" or x.key = any({binder.bind(second, 'bigint[]')}))"
    )
