"""Makes the compact definition of one FHIR version from HL7's files: search parameters, structures
and compartments.

The result is what `fhirstore.search.definitions` loads. Per resource type: `identifier` ("*", "1"
or ""), `compartments` (name to parameter codes), `params`: code to [type, paths, stored, targets,
definition id] and, for composites, [..., roots, parts] (composites.py).

A path is JSON property names with the data type behind the colon: `name.given:string`,
`telecom[system=phone]:ContactPoint`, `subject?Patient:Reference` (only targets of that type),
`entry[0].resource:Resource`. `stored` names the parameters under whose keys the rows lie: itself,
or another one with the same paths (`patient` lies under `subject`), or the two parts of a `combo-`
parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhirstore.search.definitions.composites import Composites
from fhirstore.search.definitions.expression import (
    Step,
    UnknownExpression,
    alternatives,
)
from fhirstore.search.definitions.repairs import EXPRESSIONS, FIRST_ENTRY, WITHOUT_ANSWER
from fhirstore.search.definitions.structures import Structures, Typed

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
    "reference": frozenset(["Reference", "canonical", "uri", "Resource"]),
    "string": frozenset(
        [
            "string",
            "markdown",
            "code",
            "id",
            "uri",
            "base64Binary",
            "HumanName",
            "Address",
            "CodeableConcept",
            "Annotation",
        ]
    ),
    "date": frozenset(["date", "dateTime", "instant", "Period", "Timing"]),
    "number": frozenset(
        ["integer", "positiveInt", "unsignedInt", "decimal", "Duration", "Quantity", "Range"]
    ),
    "quantity": frozenset(
        [
            "Quantity",
            "SimpleQuantity",
            "Age",
            "Duration",
            "Count",
            "Distance",
            "Money",
            "Range",
            "SampledData",
        ]
    ),
    "uri": frozenset(["uri", "url", "canonical", "oid", "uuid", "id", "string"]),
    "special": frozenset(["BackboneElement"]),
}
"""The data types that each parameter type is indexed from (fhirstore/search/plans.py)."""

SHARED = ("Resource", "DomainResource")
NOT_IN_A_COMPARTMENT = "related-ref"


@dataclass(frozen=True)
class Condensed:
    """The compact definition by resource type, and the parameters that could not be made into paths
    ("Type.code: expression")."""

    content: dict[str, Any]
    problems: list[str] = field(default_factory=list)


def condense(
    *,
    version: str,
    structures: Mapping[str, Any],
    parameters: Sequence[Mapping[str, Any]],
    additional: Sequence[Mapping[str, Any]] = (),
    compartments: Iterable[Mapping[str, Any]] = (),
) -> Condensed:
    """Build the compact definition. `additional` parameters (US Core's) give way to those of the
    version. Without a definition of the patient compartment (DSTU2): the parameters whose target is
    Patient."""
    known = Structures(structures)
    types: dict[str, Any] = {
        name: {
            "identifier": known.cardinality(f"{name}.identifier"),
            "compartments": {},
            "params": {},
        }
        for name in sorted(known.resource_types())
    }
    xpath = version == "dstu2"
    making = _Making(version, types, known, Composites(known, parameters, INDEXED, xpath=xpath))
    for parameter in (*parameters, *additional):
        bases = [parameter["base"]] if isinstance(parameter["base"], str) else parameter["base"]
        for base in bases:
            if base not in SHARED and parameter["type"] is not None:
                making.add(base, parameter)
    defined = {c["code"]: c for c in compartments}
    for name, content in types.items():
        content["params"] = dict(sorted(content["params"].items()))
        _share(content["params"])
        content["compartments"] = {
            compartment: codes
            for compartment in dict.fromkeys(("Patient", *sorted(defined)))
            if (codes := _compartment(name, content["params"], defined.get(compartment)))
        }
    return Condensed(types, sorted(making.problems))


class _Making:
    """The parameters of one version on their way into the table."""

    def __init__(
        self, version: str, types: dict[str, Any], known: Structures, composites: Composites
    ) -> None:
        self._repaired = EXPRESSIONS.get(version, {})
        self._xpath = version == "dstu2"
        self._types = types
        self._known = known
        self._composites = composites
        self.problems: list[str] = []

    def add(self, base: str, parameter: Mapping[str, Any]) -> None:
        """Add a parameter to a type that it is defined for, unless that has one of this code."""
        code, kind = parameter["code"], parameter["type"]
        params = self._types[base]["params"]
        if code in params:
            return
        if kind == "composite":
            for name, (roots, parts) in self._composites.expanded(base, parameter).items():
                params[name] = [kind, [], [name], [], parameter["id"], roots, parts]
            return
        name = f"{base}.{code}"
        expression = self._repaired.get(name) or (
            parameter.get("xpath" if self._xpath else "expression") or ""
        )
        paths: list[str] = []
        if parameter.get("xpathUsage") not in WITHOUT_ANSWER or name in self._repaired:
            paths = _paths(self._known, base, kind, expression, xpath=self._xpath)
        if not paths:
            self.problems.append(f"{name}: {expression}")
        targets = ["Patient"] if code == "patient" else parameter.get("target", [])
        if first := FIRST_ENTRY.get(name):
            paths = [path.replace(":", f"[resourceType={first}]:") for path in paths]
            targets = [first]
        everything = len(targets) >= len(self._types) - 8
        params[code] = [kind, paths, [code], [] if everything else sorted(targets), parameter["id"]]


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
        indexed = _whole_codings([t for t in typed if t.type in INDEXED.get(kind, ())])
        found.update(dict.fromkeys(indexed))
    if kind == "token" and {path.rsplit(":")[-1] for path in found} == {
        "boolean",
        "dateTime",
    }:
        return [
            path.rsplit(":")[0] + ":exists" for path in found
        ]  # DSTU2's deceased: a date says yes
    return list(found)


def _whole_codings(typed: Sequence[Typed]) -> list[str]:
    """The paths with their types. Where an expression ends in the code of whatever value an
    extension has (US Core's race): the Codings, so that their system can be asked for too."""
    codings = [
        t.json.removesuffix(".code")
        for t in typed
        if t.element == "Coding.code" and t.json.startswith("extension[")
    ]
    if codings:
        return [f"{path}:Coding" for path in codings if "value" in path and "valueU" not in path]
    return [f"{t.json}:{t.type}" for t in typed]


def _share(params: dict[str, Any]) -> None:
    """Let a parameter with the paths of another one use the other's rows."""
    for code, (kind, paths, *_) in params.items():
        if kind == "composite" and code.startswith("combo-"):
            params[code][2] = _parts_of_combo(code)
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
            parts = _parts_of_combo(code)
            joined = sorted(path for part in parts if part in params for path in params[part][1])
            if joined == bare:
                params[code][2] = parts


def _parts_of_combo(code: str) -> list[str]:
    return [code.removeprefix("combo-"), code.replace("combo-", "component-")]


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
