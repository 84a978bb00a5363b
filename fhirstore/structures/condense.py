"""Makes the compact structure table of one FHIR version from HL7's StructureDefinitions (reduced to
path, min, max, types, binding and flags) and the codes of required value sets.

The result is text: a line with the value sets (canonical URL to codes), then a line a type: its
name, a tab, and `[kind, rows]`. A row: path below the type, min, max (-1 for "*"), data types,
targets of a Reference (none: any), URL of the required value set, flags (`s` summary, `m`
modifier), path of the content reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_KINDS = {"resource": "resource", "primitive-type": "primitive", "complex-type": "complex"}
_SYSTEM = "http://hl7.org/fhirpath/System."
_PROFILED = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}
"""Names that old definitions give to a data type with a profile."""
DERIVED = {
    "code": "string",
    "id": "string",
    "markdown": "string",
    "oid": "uri",
    "uuid": "uri",
    "unsignedInt": "integer",
    "positiveInt": "integer",
    "Age": "Quantity",
    "Count": "Quantity",
    "Distance": "Quantity",
    "Duration": "Quantity",
    "Money": "Quantity",
}
"""Data types that DSTU2 and STU3 define as a profile of another one: they have its elements."""


def condense_structures(
    structures: Mapping[str, Any], required_codes: Mapping[str, Iterable[str]]
) -> str:
    """The text of the table."""
    types = dict(structures["types"])
    for name, base in DERIVED.items():
        if name not in types:
            types[name] = types[base]
    lines = [_json({url: sorted(codes) for url, codes in sorted(required_codes.items())})]
    for name, definition in sorted(types.items()):
        rows = _rows(definition["element"])
        lines.append(f"{name}\t{_json([_kind(name, definition), rows])}")
    return "\n".join(lines) + "\n"


def _json(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"))


def _kind(name: str, definition: Mapping[str, Any]) -> str:
    said: str = definition["kind"]
    if said in _KINDS:
        return _KINDS[said]
    return "primitive" if name[0].islower() else "complex"  # DSTU2 says "datatype" of both


def _rows(elements: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    rows = []
    for element in elements:
        root, _, tail = element["path"].partition(".")
        if not tail:
            continue
        rows.append(
            [
                tail,
                element["min"],
                -1 if element["max"] == "*" else int(element["max"]),
                _types(element),
                _targets(element),
                _value_set(element),
                "s" * element.get("isSummary", False) + "m" * element.get("isModifier", False),
                _reference(root, element, elements),
            ]
        )
    return rows


def _types(element: Mapping[str, Any]) -> list[str]:
    codes = [t.get("code", "") for t in element.get("type", ())]
    named = [
        code[len(_SYSTEM) :].lower() if code.startswith(_SYSTEM) else _PROFILED.get(code, code)
        for code in codes
    ]
    return [name for name in dict.fromkeys(named) if name]


def _targets(element: Mapping[str, Any]) -> list[str]:
    """The types that its References may have as target; [] where one of them may have any."""
    kinds = [t for t in element.get("type", ()) if t.get("code") == "Reference"]
    if not all(t.get("target") for t in kinds):
        return []
    found = sorted({name for t in kinds for name in t["target"]})
    return [] if {"Resource", "Any"} & set(found) else found


def _value_set(element: Mapping[str, Any]) -> str:
    binding = element.get("binding", {})
    url: str = binding.get("valueSet", "") if binding.get("strength") == "required" else ""
    return url.partition("|")[0]


def _reference(root: str, element: Mapping[str, Any], elements: Sequence[Mapping[str, Any]]) -> str:
    """The path a content reference names; DSTU2 names only the last element of it."""
    said: str = element.get("contentReference", "")
    if not said or said.startswith("#"):
        return said[1:]
    ends = (
        e["path"]
        for e in elements
        if e["path"].endswith(f".{said}") and not e.get("contentReference")
    )
    found = next(ends, "")
    if not found:
        raise ValueError(f"{element['path']}: no element {said} in {root}")
    return found
