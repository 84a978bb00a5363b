"""Which elements a resource or data type has, read from the official structures: what an evaluator
needs to know the type of what it walks over. Shares nothing with the product."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.data.place import DEFINITIONS, content

VERSIONS = ("dstu2", "stu3", "r4")


@dataclass(frozen=True)
class Node:
    """A value, its data type ("CodeableConcept", "code"), and where its children are described."""

    value: Any
    kind: str
    shape: str


@lru_cache(maxsize=3)
def _elements(version: str) -> dict[str, dict[str, Any]]:
    """All elements of a version by path."""
    types = json.loads(content(DEFINITIONS / version / "structures.json.gz"))["types"]
    return {e["path"]: e for definition in types.values() for e in definition["element"]}


@lru_cache(maxsize=3)
def resource_types(version: str) -> frozenset[str]:
    types = json.loads(content(DEFINITIONS / version / "structures.json.gz"))["types"]
    return frozenset(n for n, d in types.items() if d.get("kind") == "resource")


@lru_cache(maxsize=20_000)
def _named(version: str, shape: str, name: str) -> tuple[tuple[str, str, str], ...]:
    """(JSON property, data type, shape) of an element; several for a choice. `name` may also be a
    choice's property, `valueQuantity`."""
    elements = _elements(version)
    found = elements.get(f"{shape}.{name}")
    if found is not None:
        return (_single(shape, name, found),)
    if choice := elements.get(f"{shape}.{name}[x]"):
        return _choices(name, choice)
    for path, element in elements.items():
        if (
            path.startswith(f"{shape}.")
            and path.endswith("[x]")
            and path.count(".") == (shape.count(".") + 1)
        ):
            for row in _choices(path.rpartition(".")[2][:-3], element):
                if row[0] == name:
                    return (row,)
    return ()


def _single(shape: str, name: str, element: dict[str, Any]) -> tuple[str, str, str]:
    if "contentReference" in element:
        target = element["contentReference"].rpartition("#")[2]
        return name, "BackboneElement", target
    codes = [_plain(t["code"]) for t in element.get("type", ())]
    if not codes or codes[0] in ("BackboneElement", "Element"):
        return name, "BackboneElement", f"{shape}.{name}"
    return name, codes[0], codes[0]


def _choices(name: str, element: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    codes = dict.fromkeys(_plain(t["code"]) for t in element["type"])
    if "*" in codes:
        codes = dict.fromkeys(_ANY)
    return tuple((name + code[0].upper() + code[1:], code, code) for code in codes)


def _plain(code: str) -> str:
    return {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}.get(code, code)


_ANY = [
    "base64Binary",
    "boolean",
    "canonical",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
    "Address",
    "Age",
    "Annotation",
    "Attachment",
    "CodeableConcept",
    "Coding",
    "ContactPoint",
    "Count",
    "Distance",
    "Duration",
    "HumanName",
    "Identifier",
    "Money",
    "Period",
    "Quantity",
    "Range",
    "Ratio",
    "Reference",
    "SampledData",
    "Signature",
    "Timing",
    "Meta",
]


def children(version: str, node: Node, name: str) -> list[Node]:
    """The values of a child element."""
    if not isinstance(node.value, dict):
        return []
    found = []
    for key, kind, shape in _named(version, node.shape, name):
        value = node.value.get(key)
        for item in value if isinstance(value, list) else [value]:
            if item is None:
                continue
            if kind in ("Resource", "DomainResource") and isinstance(item, dict):
                kind = shape = str(item.get("resourceType", ""))
            found.append(Node(item, kind, shape))
    return found
