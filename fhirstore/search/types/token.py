"""Token values: `code`, `system|code`, `|code`, `system|`, and `:not`
(hl7.org/fhir/R4/search.html#token).
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope
from fhirstore.search.escapes import split, unescape

MODIFIERS = ("", "not")
_RANKS = {"identifier": 0, "code": 1, "category": 3, "status": 4}


@dataclass(frozen=True, kw_only=True)
class TokenValue:
    """A token as asked; None: not said, "" as system: none."""

    system: str | None
    code: str | None


def read(clause: Clause) -> list[TokenValue]:
    """The clause's tokens. Raises `InvalidValue`."""
    return [_token(clause.name, value) for value in clause.values]


def _token(name: str, value: str) -> TokenValue:
    parts = [unescape(part) for part in split(value, "|")]
    if len(parts) == 1:
        return TokenValue(system=None, code=parts[0])
    if len(parts) > 2 or not any(parts):
        raise InvalidValue(parameter=name, problem="a token is code, system|code, |code or system|")
    return TokenValue(system=parts[0], code=parts[1] or None)


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows that hold one of the codes. A `system|` without code is answered by
    `fhirstore.search.system_only` before."""
    tokens = read(clause)
    wheres = []
    plain = [t.code for t in tokens if t.system is None and t.code is not None]
    stored = clause.parameter.stored
    if plain:
        wanted = [keys.token_key(scope.rtype, p, code) for p in stored for code in plain]
        wheres.append(_key(wanted, binder))
    for token in tokens:
        if token.system is not None and token.code is not None:
            wheres += [_in_system(token, scope, p, binder) for p in stored]
    single = len(wheres) == 1 and len(plain) == 1 and len(stored) == 1
    where = f"(x.vers & {scope.bit}) <> 0 and ({' or '.join(wheres)})"
    return Condition(
        branches=(Branch(table="fhir_token", where=where, single=single, versioned=True),),
        negated=clause.modifier == "not",
        rank=_RANKS.get(clause.name, 2),
    )


def _key(wanted: list[int], binder: Binder) -> str:
    if len(wanted) == 1:
        return f"x.key = {binder.bind(wanted[0], 'bigint')}"
    return f"x.key = any({binder.bind(wanted, 'bigint[]')})"


def _in_system(token: TokenValue, scope: Scope, param: str, binder: Binder) -> str:
    system, code = token.system or "", token.code or ""
    first = binder.bind(keys.token_key(scope.rtype, param, code), "bigint")
    sys = binder.bind(keys.system_hash(system), "int")
    second = binder.bind(keys.system_code_key(scope.rtype, param, system, code), "bigint")
    return f"(x.key = {first} and x.sys = {sys} or x.key = {second})"
