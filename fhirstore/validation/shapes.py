"""The structure tables made ready for checking: by path, the JSON properties there may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from fhirstore import structures
from fhirstore.structures import Element, Property
from fhirstore.validation.primitives import Check, check_of

_NESTED = ("BackboneElement", "Element", "")


@dataclass(frozen=True, slots=True)
class Slot:
    """One JSON property. `says`: how an expression names it ("value.ofType(Quantity)"). `check` is
    there for a primitive; `below` is the path of the elements of anything else, "" for a resource
    of any type."""

    says: str
    type: str
    repeats: bool
    forbidden: bool
    check: Check | None
    below: str
    codes: frozenset[str] | None
    targets: frozenset[str]
    choice: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What an object at a path may hold: its properties, and those that must be there, each with
    the names it can have ("value[x]": valueQuantity, valueString, ...)."""

    slots: Mapping[str, Slot]
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@lru_cache(maxsize=8192)
def shape(version: str, path: str) -> Shape:
    """The shape of the objects at a path of the structures ("Patient", "Patient.contact",
    "Quantity")."""
    properties = structures.properties(version, path)
    required: dict[str, tuple[str, ...]] = {}
    for name, found in properties.items():
        if found.element.min:
            required[found.name] = (*required.get(found.name, ()), name)
    return Shape({n: _slot(version, path, n, p) for n, p in properties.items()}, required)


def _slot(version: str, path: str, name: str, found: Property) -> Slot:
    element, kind = found.element, found.type
    primitive = structures.kind(version, kind) == "primitive"
    if kind == "id" and name == "id" and structures.kind(version, path) != "resource":
        kind = "string"  # DSTU2's ids of elements: it says id, and its own examples do not keep it
    choice = found.name if found.name.endswith("[x]") else ""
    return Slot(
        says=f"{choice[:-3]}.ofType({kind})" if choice else name,
        type=kind,
        repeats=element.repeats,
        forbidden=element.max == 0,
        check=check_of(version, kind) if primitive else None,
        below=_below(version, path, found),
        codes=element.codes if kind in ("code", "Coding", "CodeableConcept") else None,
        targets=frozenset(element.targets) if kind == "Reference" else frozenset(),
        choice=choice,
    )


def _below(version: str, path: str, found: Property) -> str:
    element: Element = found.element
    if element.content_reference:
        return element.content_reference
    if found.type in ("Resource", "DomainResource"):
        return ""
    own = f"{path}.{found.name}"
    return own if found.type in _NESTED and structures.children(version, own) else found.type
