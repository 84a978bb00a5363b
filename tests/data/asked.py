"""From a value that an expression found to the query by which a client would look for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhirstore import digits
from tests.data.shapes import Node

Pairs = tuple[tuple[str, str], ...]
"""`name suffix` and value of the filters that must hold together: (("", "ge2020"), ("", "le2021"))
or ((":identifier", "a|b"),)."""

LONGEST = 500
"""Characters of a text that are looked for; a search takes 512."""

_NAME = ("text", "family", "given", "prefix", "suffix")
_ADDRESS = ("text", "line", "city", "district", "state", "postalCode", "country")
_DATES = ("date", "dateTime", "instant")
_QUANTITIES = ("Quantity", "Age", "Duration", "Count", "Distance", "Money")
_RELATIVE = re.compile(r"([A-Z]\w+)/[A-Za-z0-9.-]+(?:/_history/[A-Za-z0-9.-]+)?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
CURRENCY = "urn:iso:std:iso:4217"


def escaped(text: str) -> str:
    """A value whose `\\`, `,`, `|` and `$` are meant."""
    for sign in "\\,|$":
        text = text.replace(sign, f"\\{sign}")
    return text


def queries(kind: str, node: Node, targets: frozenset[str] = frozenset()) -> Iterator[Pairs]:
    """The queries that must find a resource with this value under a parameter of a type, whose
    references point to `targets` (empty: any)."""
    match kind:
        case "token":
            yield from ((("", text),) for text in tokens(node))
        case "string":
            yield from ((("", escaped(text[:LONGEST])),) for text in _strings(node))
        case "uri":
            yield from ((("", escaped(text)),) for text in _texts(node.value))
        case "reference":
            yield from _references(node, targets)
        case "date":
            yield from _dates(node)
        case "number":
            yield from ((("", text),) for text in _numbers(node.value))
        case "quantity":
            yield from _quantities(node)


def single(kind: str, node: Node) -> Iterator[str]:
    """The queries of one value without modifier: what a composite's part can hold."""
    for pairs in queries(kind, node):
        if len(pairs) == 1 and not pairs[0][0]:
            yield pairs[0][1]


def tokens(node: Node) -> Iterator[str]:
    value = node.value
    if node.kind in _DATES:
        yield "true"  # DSTU2's Patient.deceased: a date says yes
    elif node.kind == "CodeableConcept":
        for coding in _dicts(value, "coding"):
            yield from tokens(Node(coding, "Coding", "Coding"))
    elif node.kind in ("Coding", "Identifier"):
        code = value.get("code" if node.kind == "Coding" else "value")
        if isinstance(code, str) and code:
            yield f"{escaped(value.get('system', ''))}|{escaped(code)}"
    elif node.kind == "ContactPoint":
        yield from map(escaped, _texts(value.get("value")))
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, int | float):
        yield digits.literal(value)
    else:
        yield from map(escaped, _texts(value))


def _strings(node: Node) -> Iterator[str]:
    value = node.value
    if node.kind in ("HumanName", "Address"):
        for name in _NAME if node.kind == "HumanName" else _ADDRESS:
            yield from _texts(value.get(name))
    elif node.kind == "CodeableConcept":
        yield from _texts(value.get("text"))
        for coding in _dicts(value, "coding"):
            yield from _texts(coding.get("display"))
    elif node.kind not in _DATES:
        yield from _texts(value)


def _references(node: Node, targets: frozenset[str]) -> Iterator[Pairs]:
    if node.kind != "Reference":
        yield from ((("", escaped(text)),) for text in _texts(node.value))
        return
    reference = node.value.get("reference")
    if isinstance(reference, str) and _may_be(reference, targets):
        yield (("", escaped(reference)),)
    if isinstance(node.value.get("identifier"), dict):
        for text in tokens(Node(node.value["identifier"], "Identifier", "Identifier")):
            yield ((":identifier", text),)


def _may_be(reference: str, targets: frozenset[str]) -> bool:
    """Whether a reference is one that FHIR knows, to one of the types where it names a type."""
    if match := _RELATIVE.fullmatch(reference):
        return not targets or match[1] in targets
    return _SCHEME.match(reference) is not None


def _dates(node: Node) -> Iterator[Pairs]:
    if node.kind in _DATES:
        yield from ((("", text),) for text in _texts(node.value))
    elif node.kind == "Period":
        yield from _between(node.value)
    elif node.kind == "Timing":
        for event in _texts(node.value.get("event")):
            yield (("", f"ap{event}"),)
        bounds = node.value.get("repeat", {}).get("boundsPeriod")
        if isinstance(bounds, dict):
            yield from _between(bounds)


def _between(period: dict[str, Any]) -> Iterator[Pairs]:
    limits = [
        ("", f"{prefix}{period[end]}")
        for prefix, end in (("ge", "start"), ("le", "end"))
        if isinstance(period.get(end), str)
    ]
    if limits:
        yield tuple(limits)


def _numbers(value: Any) -> Iterator[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield digits.literal(value)


def _quantities(node: Node) -> Iterator[Pairs]:
    value = node.value
    if node.kind in _QUANTITIES and isinstance(value, dict):
        for number in _numbers(value.get("value")):
            unit = _unit(value)
            number = _COMPARED.get(str(value.get("comparator")), "") + number
            yield (("", f"{number}|{unit}" if unit else number),)
    elif node.kind == "Range":
        limits = []
        for prefix, end in (("ge", "low"), ("le", "high")):
            for number in _numbers(value.get(end, {}).get("value")):
                limits.append(("", f"{prefix}{number}"))
        if limits:
            yield tuple(limits)
    elif node.kind in ("decimal", "integer"):
        yield from ((("", text),) for text in _numbers(value))


_COMPARED = {"<": "le", "<=": "le", ">": "ge", ">=": "ge"}
"""What finds a quantity that only says where it ends."""


def _unit(quantity: dict[str, Any]) -> str:
    if "currency" in quantity:
        return f"{CURRENCY}|{escaped(quantity['currency'])}"
    if quantity.get("code"):
        return f"{escaped(quantity.get('system', ''))}|{escaped(quantity['code'])}"
    return f"|{escaped(quantity['unit'])}" if quantity.get("unit") else ""


def _texts(value: Any) -> Iterator[str]:
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and text.strip():
            yield text


def _dicts(node: Any, name: str) -> list[dict[str, Any]]:
    found = node.get(name) if isinstance(node, dict) else None
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []
