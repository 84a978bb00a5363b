"""The elements of every resource and data type of the three FHIR versions, from compact tables
(built by `manage.py make_search_definitions`).

A table is read when its version is first asked for, and a type's elements when the type is: a
process that never needs them pays nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fhirstore.remembered import remembered

FOLDER = Path(__file__).parent
MANY = -1
"""`Element.max` of an element that may be repeated without limit ("*")."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a structure.

    `types`: data types ("Quantity", "code", "BackboneElement", "Reference", "Resource"), several
    for a choice, none where `content_reference` names the path whose elements it has
    ("Observation.referenceRange"). `targets`: the resource types that a Reference may point to;
    empty: any. `codes`: those of a required binding, None where it is not bound or open (mime
    types, languages, units); `value_set`: the url of that binding. `summary`: shown under
    `_summary=true`. `modifier`: changes the meaning of the rest."""

    min: int
    max: int
    types: tuple[str, ...]
    targets: tuple[str, ...] = ()
    codes: frozenset[str] | None = None
    summary: bool = False
    modifier: bool = False
    content_reference: str = ""
    value_set: str = ""

    @property
    def repeats(self) -> bool:
        """Whether its JSON is a list."""
        return self.max != 1 and self.max != 0


@dataclass(frozen=True, slots=True)
class Property:
    """A JSON property: the element behind it, the element's name ("value[x]") and the one data type
    that its name says ("Quantity" for `valueQuantity`; "" for a content reference)."""

    name: str
    element: Element
    type: str


def children(version: str, path: str) -> Mapping[str, Element]:
    """The elements directly below a path ("Observation", "Observation.component") by their names
    ("status", "value[x]"), in the order of the definition; empty for a type that the version lacks.
    A content reference is followed, data types are not."""
    rtype, _, tail = path.partition(".")
    held = _type(version, rtype)
    found = held.children.get(tail, _NONE)
    if not found and tail and (below := held.elements.get(tail)) and below.content_reference:
        return children(version, below.content_reference)
    return found


def element(version: str, path: str) -> Element | None:
    """The element at a path ("Patient.contact.name", "Observation.value[x]"); None for none."""
    rtype, _, tail = path.partition(".")
    return _type(version, rtype).elements.get(tail)


@remembered(4096)
def properties(version: str, path: str) -> Mapping[str, Property]:
    """The JSON properties below a path, choices spelt out (`valueQuantity`, `valueString`);
    without `resourceType` and the `_name` siblings of primitives."""
    found: dict[str, Property] = {}
    for name, below in children(version, path).items():
        if name.endswith("[x]"):
            for kind in below.types:
                found[name[:-3] + kind[0].upper() + kind[1:]] = Property(name, below, kind)
        else:
            found[name] = Property(name, below, below.types[0] if below.types else "")
    return MappingProxyType(found)


def kind(version: str, name: str) -> str:
    """ "resource", "complex" or "primitive"; "" where the version has no such type."""
    return _type(version, name).kind


def names(version: str) -> tuple[str, ...]:
    """The names of all types of a version, abstract ones too."""
    return tuple(_table(version)[1])


def value_set(version: str, url: str) -> frozenset[str] | None:
    """The codes of a value set that some element is bound to as required; None for one whose codes
    are not known. A version behind `|` is left out of account."""
    return _table(version)[0].get(url.partition("|")[0])


_NONE: Mapping[str, Element] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Type:
    kind: str
    elements: Mapping[str, Element]
    children: Mapping[str, Mapping[str, Element]]


@lru_cache(maxsize=3)
def _table(version: str) -> tuple[Mapping[str, frozenset[str]], Mapping[str, bytes]]:
    """The value sets, and the types not yet read, a JSON line each."""
    sets, *lines = gzip.decompress((FOLDER / f"{version}.gz").read_bytes()).splitlines()
    types = {name.decode(): rest for name, _, rest in (line.partition(b"\t") for line in lines)}
    return {url: frozenset(codes) for url, codes in json.loads(sets).items()}, types


@remembered(600)
def _type(version: str, name: str) -> _Type:
    sets, types = _table(version)
    line = types.get(name)
    if line is None:
        return _Type("", _NONE, {})
    kind, rows = json.loads(line)
    elements: dict[str, Element] = {}
    below: dict[str, dict[str, Element]] = {}
    for tail, *row in rows:
        made = elements[tail] = _element(row, sets)
        parent, _, last = tail.rpartition(".")
        below.setdefault(parent, {})[last] = made
    return _Type(kind, elements, below)


def _element(row: list[Any], sets: Mapping[str, frozenset[str]]) -> Element:
    least, most, types, targets, url, flags, reference = row
    return Element(
        min=least,
        max=most,
        types=tuple(types),
        targets=tuple(targets),
        codes=sets.get(url),
        summary="s" in flags,
        modifier="m" in flags,
        content_reference=reference,
        value_set=url,
    )
