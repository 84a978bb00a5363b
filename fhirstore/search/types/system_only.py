"""Tokens of the form `system|`: any code of a system. The index tells which resources hold that
system anywhere; whether under this parameter, their bodies tell."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fhirstore import keys
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Branch, Scope
from fhirstore.search.definitions import parameters
from fhirstore.search.json_path import json_path
from fhirstore.search.paths import split_type
from fhirstore.versions.observation import OLDER_SYSTEMS

_INSIDE = {"CodeableConcept": ".coding", "Coding": "", "Identifier": ""}
_INSIDE |= {"Reference": ".identifier"}  # asked for by `:identifier`


def test(clause: Clause, systems: list[str], scope: Scope, binder: Binder) -> str:
    """The condition that a resource `r` has a code of one of the systems."""
    tests = []
    for system in systems:
        sys = binder.bind(keys.system_hash(system), "int")
        where = f"x.sys = {sys} and (x.vers & {scope.bit}) <> 0"
        holders = Branch(table="fhir_token", where=where).select(scope.owners)
        shown = _shown(clause.name, clause.parameter.paths, system, binder)
        if scope.version != "r4":
            # Wearable rows, which all versions share, are stored in R4's shape.
            current = parameters("r4", scope.rtype).get(clause.name, clause.parameter)
            shared = _shown(clause.name, current.paths, NEWER_SYSTEMS.get(system, system), binder)
            shown = f"case when r.vers = {keys.EVERY_VERSION} then {shared} else {shown} end"
        tests.append(f"({scope.owners.among('r', holders)} and {shown})")
    return " or ".join(tests)


NEWER_SYSTEMS = {older: newer for newer, older in OLDER_SYSTEMS.items()}


def _shown(name: str, paths: Sequence[str], system: str, binder: Binder) -> str:
    said = binder.bind(json.dumps({"s": system}), "jsonb")
    tests = " or ".join(
        f"jsonb_path_exists(fhir_json(r.body), {binder.bind(path, 'jsonpath')}, {said})"
        for path in json_paths(name, paths)
    )
    return f"({tests or 'false'})"


def json_paths(name: str, paths: Sequence[str]) -> list[str]:
    """The JSON paths under which a parameter's systems lie, testing for `$s`."""
    if name in ("_tag", "_security"):
        return [f"$.meta.{name[1:]} ? (@.system == $s)"]
    found = []
    for names, kind in map(split_type, paths):
        if kind in _INSIDE:
            held = json_path(names, any_target=True)
            found.append(f"{held}{_INSIDE[kind]} ? (@.system == $s)")
    return found
