"""Tokens of the form `system|`: any code of a system. The index tells which resources hold that
system anywhere; whether under this parameter, their bodies tell."""

from __future__ import annotations

import json
import re

from fhirstore import keys
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Scope
from fhirstore.search.paths import split_type

_SEGMENT = re.compile(r"(\w+)(?:\[(?:(\w+)=([^\]]*)|(\d+))\])?(?:\?\w+)?")
_INSIDE = {"CodeableConcept": ".coding", "Coding": "", "Identifier": ""}


def test(clause: Clause, systems: list[str], scope: Scope, binder: Binder) -> str:
    """The condition that a resource `r` has a code of one of the systems. Shared wearable rows are
    stored in R4's shape, so their bodies are not asked."""
    tests = []
    for system in systems:
        sys = binder.bind(keys.system_hash(system), "int")
        where = f"x.sys = {sys} and (x.vers & {scope.bit}) <> 0"
        holders = Branch(table="fhir_token", where=where).select(scope.owners)
        said = binder.bind(json.dumps({"s": system}), "jsonb")
        shown = " or ".join(
            f"jsonb_path_exists(fhir_json(r.body), {binder.bind(path, 'jsonpath')}, {said})"
            for path in json_paths(clause)
        )
        shared = f"r.vers = {keys.EVERY_VERSION}"
        tests.append(f"({scope.owners.among('r', holders)} and ({shared} or {shown or 'false'}))")
    return " or ".join(tests)


def json_paths(clause: Clause) -> list[str]:
    """The JSON paths under which the parameter's systems lie, testing for `$s`."""
    if clause.name in ("_tag", "_security"):
        return [f"$.meta.{clause.name[1:]} ? (@.system == $s)"]
    found = []
    for names, kind in map(split_type, clause.parameter.paths):
        if kind in _INSIDE:
            steps = "".join(_step(match) for match in _SEGMENT.finditer(names))
            found.append(f"${steps}{_INSIDE[kind]} ? (@.system == $s)")
    return found


def _step(match: re.Match[str]) -> str:
    name, field, value, index = match.groups()
    step = f'."{name}"'
    if field:
        step += f' ? (@."{field}" == {json.dumps(value)})'
    return step + (f"[{index}]" if index else "")
