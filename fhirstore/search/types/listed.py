"""`_list=42`: what the owner's List of this id holds (hl7.org/fhir/R4/search.html#list); and
`_list=$current-problems`: fhirstore/search/types/functional_lists.py."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.rtypes import NUMBERS
from fhirstore.search.chain import Compile
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope
from fhirstore.search.escapes import unescape
from fhirstore.search.has import referred_to
from fhirstore.search.types import functional_lists

_ITEM = ("item",)


def compile_clause(
    clause: Clause, scope: Scope, binder: Binder, compile_clause: Compile
) -> Condition:
    """The resources in one of the lists."""
    values = [unescape(value) for value in clause.values]
    tests = [
        functional_lists.test(value, scope, binder, compile_clause)
        for value in dict.fromkeys(values)
        if value.startswith("$")
    ]
    wanted = [value.removeprefix("List/") for value in values if not value.startswith("$")]
    if wanted:
        lists = replace(scope, rtype="List", number=NUMBERS["List"])
        met = f"r.fid = any({binder.bind(wanted, 'text[]')})"
        tests.append(referred_to(lists, _ITEM, met, binder))
    return Condition(resource=" or ".join(tests), rank=2)
