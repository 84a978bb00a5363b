"""Expressions resolved against the structures of a FHIR version: JSON property names and the data
type each path ends in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhirstore.search.definitions.expression import Step, UnknownExpression

_NESTED = {"BackboneElement", "Element", ""}


@dataclass(frozen=True)
class Typed:
    """A path on its way: `json` as the compact notation writes it, `element` the path in the
    structures, `type` the data type."""

    json: str
    element: str
    type: str


class Structures:
    """The elements of every resource and data type of one version (structures.json)."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.types: Mapping[str, Any] = content["types"]
        self._elements = {e["path"]: e for t in self.types.values() for e in t["element"]}

    def resource_types(self) -> list[str]:
        """Names of the concrete resource types."""
        return [n for n, t in self.types.items() if t["kind"] == "resource" and not t["abstract"]]

    def cardinality(self, path: str) -> str:
        """ "1" or "*", "" where there is no such element."""
        element = self._elements.get(path)
        return "" if element is None else ("1" if element["max"] == "1" else "*")

    def targets(self, path: str) -> list[str]:
        """The types a Reference at this path may point to; "Resource" or "Any" for any."""
        element = self._elements.get(path, {})
        return [name for t in element.get("type", ()) for name in t.get("target", ())]

    def resolve(self, steps: Sequence[Step]) -> list[Typed]:
        """All typed paths of one alternative. Raises UnknownExpression where the structures have no
        such element."""
        root = steps[0].argument
        found = [Typed("", root, root)]
        for step in steps[1:]:
            found = self._apply(step, found)
            if not found:
                raise UnknownExpression(" ".join(f"{s.kind}:{s.argument}" for s in steps))
        return [t for state in found for t in self._extension_values(state)]

    def _apply(self, step: Step, states: Iterable[Typed]) -> list[Typed]:
        match step.kind:
            case "name":
                return [typed for state in states for typed in self._child(state, step.argument)]
            case "as":
                return [s for s in states if s.type.lower() == step.argument.lower()]
            case "where":
                return [replace(s, json=f"{s.json}[{step.argument}]") for s in states]
            case "target":
                return [replace(s, json=f"{s.json}?{step.argument}") for s in states]
            case "exists":
                return [replace(s, type="exists") for s in states]
            case _:
                return [replace(s, json=f"{s.json}[{step.argument}]") for s in states]

    def _child(self, state: Typed, name: str) -> list[Typed]:
        base = state.element if state.type in _NESTED or state.element == state.type else state.type
        if reference := self._elements.get(base, {}).get("contentReference"):
            base = self._referred(base, reference)
        dot = f"{state.json}." if state.json else ""
        if element := self._elements.get(f"{base}.{name}"):
            return [Typed(dot + name, f"{base}.{name}", code) for code in _codes(element)]
        if element := self._elements.get(f"{base}.{name}[x]"):
            return [
                Typed(dot + name + code[0].upper() + code[1:], f"{base}.{name}[x]", code)
                for code in _codes(element)
            ]
        return [
            Typed(dot + name, path, code)
            for path, element in self._elements.items()
            if path.startswith(f"{base}.") and path.endswith("[x]")
            for code in _codes(element)
            if path[len(base) + 1 : -3] + code[0].upper() + code[1:] == name
        ]

    def _referred(self, base: str, reference: str) -> str:
        """Where a contentReference leads: a path ("#Observation.referenceRange"), in DSTU2 the
        element's last name."""
        if reference.startswith("#"):
            return reference[1:]
        root = base.split(".", 1)[0]
        ends = (
            p for p in self._elements if p.startswith(f"{root}.") and p.endswith(f".{reference}")
        )
        return next((p for p in ends if not self._elements[p].get("contentReference")), base)

    def _extension_values(self, state: Typed) -> list[Typed]:
        if state.type != "Extension":
            return [state]
        return [
            self._child(state, f"value{kind}")[0] for kind in ("CodeableConcept", "Coding", "Code")
        ]


def _codes(element: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(t.get("code", "") for t in element.get("type", ()))) or [""]
