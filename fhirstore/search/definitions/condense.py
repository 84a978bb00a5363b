"""Makes the compact definition of one FHIR version from HL7's files: search parameters, structures
and the patient compartment.

The result is what `fhirstore.search.definitions` loads. Per resource type: `identifier` ("*", "1"
or ""), `compartment` (parameter codes), `params`: code to [type, paths, stored, targets,
components, definition id].

A path is JSON property names with the data type behind the colon: `name.given:string`,
`telecom[system=phone]:ContactPoint`, `subject?Patient:Reference` (only targets of that type),
`entry[0].resource:Resource`. `stored` names the parameters under whose keys the rows lie: itself,
or another one with the same paths (`patient` lies under `subject`), or the two parts of a `combo-`
parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirstore.search.definitions.expression import (
    Step,
    UnknownExpression,
    alternatives,
)
from fhirstore.search.definitions.structures import Structures

INDEXED = {
    "token": frozenset(
        [
            "exists",
            "Coding",
            "CodeableConcept",
            "Identifier",
            "ContactPoint",
            "boolean",
            "code",
            "string",
            "id",
            "uri",
            "oid",
            "canonical",
            "markdown",
            "integer",
            "positiveInt",
            "unsignedInt",
            "decimal",
            "date",
            "dateTime",
        ]
    ),
    "reference": frozenset(["Reference", "canonical", "uri"]),
    "string": frozenset(
        [
            "string",
            "markdown",
            "code",
            "id",
            "uri",
            "HumanName",
            "Address",
            "CodeableConcept",
            "Annotation",
        ]
    ),
    "date": frozenset(["date", "dateTime", "instant", "Period", "Timing"]),
    "number": frozenset(
        ["integer", "positiveInt", "unsignedInt", "decimal", "Duration", "Quantity"]
    ),
    "quantity": frozenset(
        ["Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "Money", "Range"]
    ),
    "uri": frozenset(["uri", "url", "canonical", "oid", "uuid", "id", "string"]),
}
"""The data types that each parameter type is indexed from (fhirstore/search/extract.py)."""

SHARED = ("Resource", "DomainResource")
NOT_IN_A_COMPARTMENT = "related-ref"


@dataclass(frozen=True)
class Condensed:
    """The compact definition, and the parameters that could not be made into paths ("Type.code:
    expression")."""

    types: dict[str, Any]
    problems: list[str] = field(default_factory=list)


def condense(
    *,
    structures: Mapping[str, Any],
    parameters: Iterable[Mapping[str, Any]],
    compartment: Mapping[str, Any] | None,
    xpath: bool,
) -> Condensed:
    """Build the compact definition. `compartment` None (DSTU2): the parameters whose target is
    Patient."""
    known = Structures(structures)
    types: dict[str, Any] = {
        name: {
            "identifier": known.cardinality(f"{name}.identifier"),
            "compartment": [],
            "params": {},
        }
        for name in sorted(known.resource_types())
    }
    problems: list[str] = []
    for parameter in parameters:
        bases = [parameter["base"]] if isinstance(parameter["base"], str) else parameter["base"]
        for base in bases:
            if base not in SHARED and parameter["type"] is not None:
                _add(types, known, base, parameter, xpath=xpath, problems=problems)
    for name, content in types.items():
        content["params"] = dict(sorted(content["params"].items()))
        _share(content["params"])
        content["compartment"] = _compartment(name, content["params"], compartment)
    return Condensed(types, sorted(problems))


def _add(
    types: dict[str, Any],
    known: Structures,
    base: str,
    parameter: Mapping[str, Any],
    *,
    xpath: bool,
    problems: list[str],
) -> None:
    code, kind = parameter["code"], parameter["type"]
    expression = parameter.get("xpath" if xpath else "expression") or ""
    paths: list[str] = []
    if kind in INDEXED and parameter.get("xpathUsage") not in ("nearby", "distance"):
        paths = _paths(known, base, kind, expression, xpath=xpath)
    if not paths and kind != "composite":
        problems.append(f"{base}.{code}: {expression}")
    targets = ["Patient"] if code == "patient" else parameter.get("target", [])
    everything = len(targets) >= len(types) - 8
    components = [
        [_last(c["definition"]), c["expression"]]
        for c in parameter.get("component", ())
        if kind == "composite"
    ]
    types[base]["params"][code] = [
        kind,
        paths,
        [code],
        [] if everything else sorted(targets),
        components,
        parameter["id"],
    ]


def _last(definition: str | Mapping[str, str]) -> str:
    url = definition if isinstance(definition, str) else definition["reference"]
    return url.rsplit("/", 1)[-1]


def _paths(known: Structures, base: str, kind: str, expression: str, *, xpath: bool) -> list[str]:
    found: dict[str, None] = {}
    try:
        members = alternatives(expression, xpath=xpath) if expression else []
    except UnknownExpression:
        return []
    for member in members:
        if member[0].argument in known.types and member[0].argument != base:
            continue  # another type's share of the union
        try:
            typed = known.resolve(
                member if member[0].argument == base else (Step("name", base), *member)
            )
        except UnknownExpression:
            continue
        found.update((f"{t.json}:{t.type}", None) for t in typed if t.type in INDEXED[kind])
    if kind == "token" and {path.rsplit(":")[-1] for path in found} == {
        "boolean",
        "dateTime",
    }:
        return [
            path.rsplit(":")[0] + ":exists" for path in found
        ]  # DSTU2's deceased: a date says yes
    return list(found)


def _share(params: dict[str, Any]) -> None:
    """Let a parameter with the paths of another one use the other's rows."""
    for code, (kind, paths, _stored, _targets, _components, _id) in params.items():
        if not paths:
            continue
        bare = sorted(path.replace("?Patient:", ":") for path in paths)
        same = [
            other
            for other, row in params.items()
            if row[0] == kind
            and sorted(row[1]) == bare
            and (code != other)
            and _leads(other, code, params)
        ]
        if same:
            params[code][2] = [same[0]]
        elif code.startswith("combo-"):
            parts = [code.removeprefix("combo-"), code.replace("combo-", "component-")]
            joined = sorted(path for part in parts if part in params for path in params[part][1])
            if joined == bare:
                params[code][2] = parts


def _leads(other: str, code: str, params: Mapping[str, Any]) -> bool:
    """Of parameters with equal paths the one with the most targets keeps the rows, then the first
    by name."""

    def rank(name: str) -> tuple[bool, bool, int, str]:
        row = params[name]
        filtered = any("?" in path for path in row[1])
        return (
            filtered,
            name != "subject",
            -(len(row[3]) or 1000) if row[0] == "reference" else 0,
            name,
        )

    return rank(other) < rank(code)


def _compartment(
    name: str, params: Mapping[str, Any], definition: Mapping[str, Any] | None
) -> list[str]:
    if definition is not None:
        listed: list[str] = next(
            (r.get("param", []) for r in definition["resource"] if r["code"] == name),
            [],
        )
        return [code for code in listed if code in params]
    first = [code for code in ("patient", "subject") if code in params]
    codes = [
        code
        for code, row in params.items()
        if row[0] == "reference" and "Patient" in row[3] and row[1]
    ]
    return first + [code for code in codes if code not in first and code != NOT_IN_A_COMPARTMENT]
