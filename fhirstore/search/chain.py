"""Chains: `subject:Patient.name=x` asks for what refers to a match
(hl7.org/fhir/R4/search.html#chaining).

A reference's key is its parameter's key and its target's, joined by xor, so SQL makes it from the
targets themselves. Targets are looked for among the same owner's resources, as far as the token may
search them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import sight
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope

Compile = Callable[[Clause, Scope, Binder], Condition]


def compile_chain(
    clause: Clause, scope: Scope, binder: Binder, compile_clause: Compile
) -> Condition:
    """The rows that refer to a resource which meets the chained clause."""
    tests = []
    for target, step in clause.chained:
        inner = replace(scope, rtype=target, number=NUMBERS[target])
        met = hashed(step, compile_clause(step, inner, binder).test(scope.owners, "r"))
        seen = sight.seen(inner, binder, letters="s")
        for param in clause.parameter.stored:
            key = binder.bind(keys.param_key(scope.rtype, param), "bigint")
            named = (
                f"from fhir_resource r where {scope.owners.own('r')}"
                f" and r.rtype = {inner.number} and (r.vers & {scope.bit}) <> 0"
                f"{scope.owners.visible('r', scope.bit)}{seen} and {met}"
            )
            if scope.owners.several:
                tests.append(f"(x.owner, x.key) in (select r.owner, {key} # r.self {named})")
            else:
                # Worked out once and looked up in the index, whatever the planner believes.
                tests.append(f"x.key = any(array(select {key} # r.self {named}))")
    where = f"(x.vers & {scope.bit}) <> 0 and ({' or '.join(tests)})"
    return Condition(branches=(Branch(table="fhir_token", where=where, versioned=True),), rank=7)


def hashed(step: Clause, met: str) -> str:
    """A step's test so that a further step in it is worked out once and hashed. Left to itself it
    becomes a join, which may be planned as a loop in a loop in a loop."""
    return f"(({met}) is true)" if step.chained else met
