"""What a token's scopes let be read, as a predicate in every statement that shows or tests
resources (wire contract 7.6; SMART v2 scopes like `user/Observation.rs?category=laboratory`).

A scope's query is a search like any other and is compiled like one; one that cannot be read grants
nothing. A statement over another type than its scope's (a chain's target, an include) asks again
with that type.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from accounts.scopes import READING, WHOLE, Pairs, Sight, sight
from fhirstore.errors import FhirError
from fhirstore.rtypes import NUMBERS

# As a module: what compiles a search asks here about the targets of chains.
from fhirstore.search import compile as compiling
from fhirstore.search.clause import read_clause
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.definitions import types

__all__ = ["Sight", "seen", "seen_of_any", "sight"]


def seen(scope: Scope, binder: Binder, alias: str = "r", *, letters: str = READING) -> str:
    """What remains to be asked of a row of `fhir_resource` of the scope's type and owners, as
    ` and (...)`; "" where everything may be seen. `letters`: of the scopes that count.
    """
    test = _test(scope, binder, alias, letters)
    return f" and {test}" if test else ""


def seen_of_any(
    scope: Scope,
    binder: Binder,
    alias: str = "r",
    *,
    rtypes: Collection[str] | None = None,
    letters: str = READING,
) -> str:
    """The same of rows of several types (`rtypes`; None: all of the scope's version)."""
    if scope.sight.everything:
        return ""
    whole, tests = [], []
    for rtype in types(scope.version) if rtypes is None else rtypes:
        test = _test(replace(scope, rtype=rtype, number=NUMBERS[rtype]), binder, alias, letters)
        if not test:
            whole.append(NUMBERS[rtype])
        elif test != _NOTHING:
            tests.append(f"({alias}.rtype = {NUMBERS[rtype]} and {test})")
    tests.insert(0, f"{alias}.rtype = any({binder.bind(whole, 'smallint[]')})")
    return f" and ({' or '.join(tests)})"


_NOTHING = "false"


def _test(scope: Scope, binder: Binder, alias: str, letters: str) -> str:
    alternatives = scope.sight.of(scope.rtype, letters)
    if alternatives is None:
        return ""
    # The scopes' own searches see everything: they are what sight is made of.
    whole = replace(scope, sight=WHOLE)
    tests = [test for pairs in alternatives if (test := _alternative(whole, pairs, binder, alias))]
    return f"({' or '.join(tests)})" if tests else _NOTHING


def _alternative(scope: Scope, pairs: Pairs, binder: Binder, alias: str) -> str:
    tests = []
    for name, value in pairs:
        try:
            clause = read_clause(scope.version, scope.rtype, name, value)
            if clause is None or not clause.values:
                return ""
            condition = compiling.compile_clause(clause, scope, binder)
        except FhirError:
            return ""
        if condition.resource and alias != "r":
            tests.append(
                f"exists (select 1 from fhir_resource r where {scope.owners.own('r')}"
                f" and r.owner = {alias}.owner and r.rtype = {scope.number}"
                f" and r.rid = {alias}.rid and {condition.test(scope.owners, 'r')})"
            )
        else:
            tests.append(condition.test(scope.owners, alias))
    return " and ".join(tests) or "true"
