"""Chains: `subject:Patient.name=x` asks for what refers to a match
(hl7.org/fhir/R4/search.html#chaining).

A reference's key is its parameter's key and its target's, joined by xor, so SQL makes it from the
targets themselves. A canonical reference names the url, and the version or none: the target has a
key of that (fhirstore/keys.py), which is one of those that it holds. Targets are looked for among
the same owner's resources, as far as the token may search them, and within the resource itself
(fhirstore/search/links.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import sight
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Condition, Scope
from fhirstore.search.definitions import named_by_url
from fhirstore.search.links import link_key, link_name
from fhirstore.search.spellings import CANONICAL

Compile = Callable[[Clause, Scope, Binder], Condition]


def compile_chain(
    clause: Clause, scope: Scope, binder: Binder, compile_clause: Compile
) -> Condition:
    """The rows that refer to a resource which meets the chained clause."""
    tests = []
    for target, step in clause.chained:
        tests += _within(clause, target, step, scope, binder, compile_clause)
        inner = replace(scope, rtype=target, number=NUMBERS[target], link="")
        met = hashed(step, compile_clause(step, inner, binder).test(scope.owners, "r"))
        seen = sight.seen(inner, binder, letters="s")
        for param in clause.parameter.stored:
            own = keys.param_key(scope.keyed, param)
            named = (
                f"where {scope.owners.own('r')}"
                f" and r.rtype = {inner.number} and (r.vers & {scope.bit}) <> 0"
                f"{scope.owners.visible('r', scope.bit)}{seen} and {met}"
            )
            sources = [(f"{binder.bind(own, 'bigint')} # r.self", f"from fhir_resource r {named}")]
            if clause.parameter.canonical and named_by_url(scope.version, target):
                key = binder.bind(canonical_key(own, target), "bigint")
                sources.append((f"{key} # n.key", f"from fhir_resource r, {_KEYS} {named}"))
            for key, source in sources:
                if scope.owners.several:
                    tests.append(f"(x.owner, x.key) in (select r.owner, {key} {source})")
                else:
                    # Worked out once and looked up in the index, whatever the planner believes.
                    tests.append(f"x.key = any(array(select {key} {source}))")
    where = f"(x.vers & {scope.bit}) <> 0 and ({' or '.join(tests)})"
    return Condition(branches=(Branch(table="fhir_token", where=where, versioned=True),), rank=7)


def _within(
    clause: Clause,
    target: str,
    step: Clause,
    scope: Scope,
    binder: Binder,
    compile_clause: Compile,
) -> list[str]:
    """Tests of the rows that refer to a contained resource which meets the step. What a resource is
    asked besides its index rows, such as its id, is not asked of what it contains."""
    if step.reverse or (step.name in _OF_STORED and not step.chained):
        return []
    tests = []
    for param in clause.parameter.stored:
        link = link_name(scope.keyed, param, target)
        met = compile_clause(step, replace(scope, rtype=target, link=link), binder)
        if not (met.resource or met.rid):
            there = binder.bind(link_key(link), "bigint")
            tests.append(f"(x.key = {there} and {met.test(scope.owners, 'x')})")
    return tests


_OF_STORED = ("_id", "_lastUpdated", "_list", "_text", "_content")
_KEYS = "lateral unnest(r.keys) as n(key)"


def canonical_key(own: int, target: str) -> int:
    """What makes of the key under which canonical references name a resource of the target type
    that of such a reference, by xor; `own` is the reference parameter's. Of a resource's other keys
    it makes numbers that are keys of nothing."""
    return own ^ keys.param_key(target, CANONICAL)


def hashed(step: Clause, met: str) -> str:
    """A step's test so that a further step in it is worked out once and hashed. Left to itself it
    becomes a join, which may be planned as a loop in a loop in a loop."""
    return f"(({met}) is true)" if step.chained else met
