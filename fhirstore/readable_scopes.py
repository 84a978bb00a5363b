"""Whether a scope that a client asks for means anything: a misspelt type or search would be a token
that sees nothing, and nobody would know why."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.scopes import Pairs
from fhirstore.errors import FhirError
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.clause import Clause, read_clause
from fhirstore.search.compile import compile_clause
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.definitions import types
from fhirstore.search.owners import Owners

_READS_DATA = frozenset(("in", "not-in"))
"""Modifiers whose meaning lies in resources of the user."""


def readable(resource_type: str, pairs: Pairs) -> bool:
    """Whether a FHIR version has the type (`*`: any), and such a search of it."""
    if resource_type not in ("*", *NUMBERS):
        return False
    return not pairs or any(
        _finds(version, rtype, pairs)
        for version in VERSION_BITS
        for rtype in _types(version, resource_type)
    )


def _types(version: str, resource_type: str) -> Iterable[str]:
    known = types(version)
    return known if resource_type == "*" else {resource_type} & set(known)


def _finds(version: str, rtype: str, pairs: Pairs) -> bool:
    scope = Scope(
        owners=Owners(numbers=(0,)),
        version=version,
        bit=VERSION_BITS[version],
        rtype=rtype,
        number=NUMBERS[rtype],
        now_microseconds=0,
        base="",
    )
    return all(_is_search(scope, name, value) for name, value in pairs)


def _is_search(scope: Scope, name: str, value: str) -> bool:
    try:
        clause = read_clause(scope.version, scope.rtype, name, value)
        if clause is None or not clause.values:
            return False
        if not _reads_data(clause):
            compile_clause(clause, scope, Binder())
    except FhirError:
        return False
    return True


def _reads_data(clause: Clause) -> bool:
    if clause.chained:
        return any(_reads_data(step) for _, step in clause.chained)
    return clause.modifier in _READS_DATA or clause.parameter.type == "list"
