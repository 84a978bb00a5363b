"""Tokens by the text that stands with them, `code:text=headache`: the text of a CodeableConcept,
the display of a Coding, the text of an Identifier's type; compared as strings are
(hl7.org/fhir/R4/search.html#token).
"""

from __future__ import annotations

from dataclasses import replace

from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope
from fhirstore.search.spellings import text_of
from fhirstore.search.types import string


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows whose codes' text begins with one of the values."""
    stored = tuple(text_of(param) for param in clause.parameter.stored)
    plain = replace(clause, modifier="", parameter=replace(clause.parameter, stored=stored))
    return string.compile_clause(plain, scope, binder)
