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
from fhirstore.search.chain import Compile, canonical_key, hashed
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope
from fhirstore.search.definitions import named_by_url


def compile_has(clause: Clause, scope: Scope, binder: Binder, compile_clause: Compile) -> Condition:
    """The resources that a resource refers to which meets the inner clause."""
    source, step = clause.chained[0]
    inner = replace(scope, rtype=source, number=NUMBERS[source])
    met = hashed(step, compile_clause(step, inner, binder).test(scope.owners, "r"))
    parameter = clause.parameter
    by_url = parameter.canonical and named_by_url(scope.version, scope.rtype)
    target = scope.rtype if by_url else ""
    return Condition(
        resource=referred_to(inner, parameter.stored, met, binder, by_url=target), rank=7
    )


def referred_to(
    source: Scope, params: Sequence[str], met: str, binder: Binder, *, by_url: str = ""
) -> str:
    """The condition that `r` is referred to, under one of the reference parameters, by a resource
    of the source scope's type for which `met` holds (of its own row `r`). `by_url`: the type of `r`
    where canonical references may name it."""
    owners, tests = source.owners, []
    seen = sight.seen(source, binder, letters="s")
    referring = (
        f"from fhir_resource r cross join lateral unnest(r.keys) as k(key)"
        f" where {owners.own('r')} and r.rtype = {source.number} and (r.vers & {source.bit}) <> 0"
        f"{owners.visible('r', source.bit)}{seen} and {met}"
    )
    owner = "r.owner, " if owners.several else ""
    referred = f"in (select {owner}k.key {referring})"
    for param in params:
        own = keys.param_key(source.rtype, param)
        tests.append(f"({owner}{binder.bind(own, 'bigint')} # r.self) {referred}")
        if by_url:
            key = binder.bind(canonical_key(own, by_url), "bigint")
            # `is true`: those that refer are gathered once and looked into for each key.
            tests.append(
                "exists (select 1 from unnest(r.keys) as n(key)"
                f" where (({owner}{key} # n.key) {referred}) is true)"
            )
    return " or ".join(tests)
