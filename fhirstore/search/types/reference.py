"""Reference values: an id, `Type/id`, an absolute URL (ours or another's), `:Type`, `:identifier`
(hl7.org/fhir/R4/search.html#reference)."""

from __future__ import annotations

import re
from dataclasses import replace

from fhirstore import keys
from fhirstore.errors import InvalidValue
from fhirstore.rtypes import BY_LOWER_CASE, NAMES
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition, Scope, token_rows
from fhirstore.search.escapes import unescape
from fhirstore.search.types import token
from fhirstore.search.values import homes

_TYPED = re.compile(r"([A-Za-z]+)/([^/]+(?:/_history/[^/]+)?)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_RANKS = {"patient": 6, "subject": 6}


def compile_clause(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    """The rows that point to one of the targets."""
    if clause.modifier == "identifier":
        return _by_identifier(clause, scope, binder)
    only = ""
    if clause.modifier:
        only = BY_LOWER_CASE.get(clause.modifier.lower(), "")
        if not only:
            raise InvalidValue(parameter=clause.name, problem=f"unknown modifier {clause.modifier}")
    wanted = [
        keys.reference_key(scope.keyed, param, target)
        for value in clause.values
        for target in targets(clause, unescape(value), only, scope)
        for param in clause.parameter.stored
    ]
    branch = token_rows(wanted, scope.bit, binder)
    return Condition(branches=(branch,), rank=_RANKS.get(clause.name, 2))


def targets(clause: Clause, value: str, only: str, scope: Scope) -> list[str]:
    """What a stored reference may look like that the value asks for: one of the version that it
    names, or of any."""
    allowed = [only] if only else list(clause.parameter.targets) or list(NAMES[1:])
    own = value
    for home in homes(scope.base, scope.version):
        own = own.removeprefix(home)
    typed = _TYPED.fullmatch(own)
    if typed and typed[1].lower() in BY_LOWER_CASE:
        rtype = BY_LOWER_CASE[typed[1].lower()]
        fits = clause.parameter.targets == () or rtype in allowed
        return [f"{rtype}/{typed[2]}"] if fits and only in ("", rtype) else []
    if "/" in own or _SCHEME.match(own):
        if not clause.parameter.canonical:
            bare = own.partition("/_history/")[0]
            named = BY_LOWER_CASE.get("".join(bare.split("/")[-2:-1]).lower(), only)
            return [own] if only in ("", named) else []
        url, _, version = own.partition("|")
        return [own if version else url]
    # A uri may be a bare name.
    canonical = [own] if clause.parameter.canonical else []
    return [*(f"{rtype}/{own}" for rtype in allowed), *canonical]


def _by_identifier(clause: Clause, scope: Scope, binder: Binder) -> Condition:
    stored = tuple(f"{param}:identifier" for param in clause.parameter.stored)
    plain = replace(clause, modifier="", parameter=replace(clause.parameter, stored=stored))
    return token.compile_clause(plain, scope, binder)
