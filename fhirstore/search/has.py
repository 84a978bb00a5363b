"""`_has:Observation:patient:code=x`: what is referred to by a match
(hl7.org/fhir/R4/search.html#has).

A resource holds the keys of all its index rows (`fhir_resource.keys`), and a reference's key is its
parameter's key and its target's, joined by xor: so the keys of those that match tell which targets
they name. The sources are looked for among the same owner's resources, as far as they may be
searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import sight
from fhirstore.search.chain import Compile, hashed
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope


def compile_has(clause: Clause, scope: Scope, binder: Binder, compile_clause: Compile) -> Condition:
    """The resources that a resource refers to which meets the inner clause."""
    source, step = clause.chained[0]
    inner = replace(scope, rtype=source, number=NUMBERS[source])
    met = hashed(step, compile_clause(step, inner, binder).test(scope.owners, "r"))
    return Condition(
        resource=referred_to(inner, clause.parameter.stored, met, binder),
        rank=7,
    )


def referred_to(source: Scope, params: Sequence[str], met: str, binder: Binder) -> str:
    """The condition that `r` is referred to, under one of the reference parameters, by a resource
    of the source scope's type for which `met` holds (of its own row `r`)."""
    owners, tests = source.owners, []
    seen = sight.seen(source, binder, letters="s")
    referring = (
        f"from fhir_resource r cross join lateral unnest(r.keys) as k(key)"
        f" where {owners.own('r')} and r.rtype = {source.number} and (r.vers & {source.bit}) <> 0"
        f"{owners.visible('r', source.bit)}{seen} and {met}"
    )
    for param in params:
        key = binder.bind(keys.param_key(source.rtype, param), "bigint")
        if owners.several:
            tests.append(f"(r.owner, {key} # r.self) in (select r.owner, k.key {referring})")
        else:
            tests.append(f"({key} # r.self) in (select k.key {referring})")
    return " or ".join(tests)
