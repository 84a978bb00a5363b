"""`_list=42`: what the owner's List of this id holds (hl7.org/fhir/R4/search.html#list). Functional
lists (`$current-problems`) would need rules of their own and are refused."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.errors import InvalidValue
from fhirstore.rtypes import NUMBERS
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope
from fhirstore.search.escapes import unescape
from fhirstore.search.has import referred_to

_ITEM = ("item",)


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The resources in one of the lists."""
    wanted = []
    for value in map(unescape, clause.values):
        if value.startswith("$"):
            problem = "functional lists like $current-problems are not supported; name a List's id"
            raise InvalidValue(parameter=clause.name, problem=problem)
        wanted.append(value.removeprefix("List/"))
    lists = replace(scope, rtype="List", number=NUMBERS["List"])
    met = f"r.fid = any({binder.bind(wanted, 'text[]')})"
    return Condition(resource=referred_to(lists, _ITEM, met, binder), rank=2)
