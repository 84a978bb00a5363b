"""FHIR values as what the index holds of them: codes, strings, targets, ranges. Pure; one function
per kind of value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhirstore import digits
from fhirstore.search.moments import Moments, moments, period
from fhirstore.search.precision import implicit_range

_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")


def codes(kind: str, value: Any) -> Iterator[tuple[str, str]]:
    """(code, system) pairs of a token value of data type `kind`; system "" for none."""
    if kind == "CodeableConcept":
        for coding in _list(value, "coding"):
            yield from codes("Coding", coding)
    elif kind in ("Coding", "Identifier", "ContactPoint"):
        if not isinstance(value, dict):
            return
        code = value.get("code" if kind == "Coding" else "value")
        system = value.get("system")
        if isinstance(code, str) and code:
            yield (
                code,
                system if isinstance(system, str) and kind != "ContactPoint" else "",
            )
    elif isinstance(value, bool):
        yield "true" if value else "false", ""
    elif isinstance(value, str):
        if value:
            yield value, ""
    elif isinstance(value, int | float):
        yield digits.literal(value), ""


TEXTED = ("CodeableConcept", "Coding", "Identifier")
"""Data types of tokens that come with a text."""


def texts(kind: str, value: Any) -> Iterator[str]:
    """The texts that stand with a token value of one of `TEXTED`: for `:text`."""
    if not isinstance(value, dict):
        return
    if kind == "Coding":
        text = value.get("display")
    elif kind == "CodeableConcept":
        for coding in _list(value, "coding"):
            yield from texts("Coding", coding)
        text = value.get("text")
    else:
        kinds = value.get("type")
        text = kinds.get("text") if isinstance(kinds, dict) else None
    if isinstance(text, str) and text:
        yield text


def types_of(identifier: Any) -> Iterator[tuple[str, str, str]]:
    """(code, system, value) for each type of an Identifier: for `:of-type`."""
    if not isinstance(identifier, dict) or "type" not in identifier:
        return
    value = identifier.get("value")
    if isinstance(value, str) and value:
        for code, system in codes("CodeableConcept", identifier["type"]):
            yield code, system, value


def strings(kind: str, value: Any) -> Iterator[str]:
    """The parts of a string value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if kind == "CodeableConcept":
            yield from _texts(value, ("text",))
            for coding in _list(value, "coding"):
                yield from _texts(coding, ("display",))
        elif kind == "HumanName":
            yield from _texts(value, _NAME_PARTS)
        elif kind == "Address":
            yield from _texts(value, _ADDRESS_PARTS)
        else:
            yield from _texts(value, ("text",))


def targets(kind: str, value: Any) -> Iterator[str]:
    """What a reference points to: "Type/id" or an absolute URL; a canonical also without its
    version. A resource (the first of a Bundle) stands for itself."""
    if kind == "Reference":
        reference = value.get("reference") if isinstance(value, dict) else None
        if isinstance(reference, str) and reference and not reference.startswith("#"):
            yield reference.partition("/_history/")[0]
    elif kind == "Resource":
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            yield f"{value.get('resourceType')}/{value['id']}"
    else:
        yield from uris(value)


def uris(value: Any) -> Iterator[str]:
    """A uri, and where it has `|version` also the part before."""
    if isinstance(value, str) and value:
        yield value
        bare, bar, _ = value.partition("|")
        if bar and bare:
            yield bare


def ranges(kind: str, value: Any) -> Iterator[Moments]:
    """The spans of a date value."""
    if kind == "Period":
        span = period(value.get("start"), value.get("end")) if isinstance(value, dict) else None
    elif kind == "Timing":
        span = _timing(value)
    else:
        span = moments(value) if isinstance(value, str) else None
    if span:
        yield span


def _timing(value: Any) -> Moments | None:
    found = [
        span
        for event in _list(value, "event")
        if isinstance(event, str) and (span := moments(event))
    ]
    repeat = value.get("repeat") if isinstance(value, dict) else None
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    if isinstance(bounds, dict) and (span := period(bounds.get("start"), bounds.get("end"))):
        found.append(span)
    return (min(lo for lo, _ in found), max(hi for _, hi in found)) if found else None


def numbers(kind: str, value: Any) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(lo, hi, units) of a number or quantity; units as `quantity_key` takes them ("system|code",
    "|code", "|unit")."""
    if isinstance(value, dict):
        if kind == "Range":
            low, high = value.get("low"), value.get("high")
            spans = [*numbers("Quantity", low), *numbers("Quantity", high)]
            if spans:
                yield min(s[0] for s in spans), max(s[1] for s in spans), spans[0][2]
            return
        number = value.get("value")
        units = _units(value)
    else:
        number, units = value, ()
    if isinstance(number, int | float) and not isinstance(number, bool):
        span = implicit_range(digits.literal(number))
        if span:
            yield span[0], span[1], units


def _units(quantity: dict[str, Any]) -> tuple[str, ...]:
    code, system, unit = (
        quantity.get("code"),
        quantity.get("system"),
        quantity.get("unit"),
    )
    if "currency" in quantity:  # R4's Money
        code, system = quantity["currency"], "urn:iso:std:iso:4217"
    found: dict[str, None] = {}
    if isinstance(code, str) and code:
        if isinstance(system, str) and system:
            found[f"{system}|{code}"] = None
        found[f"|{code}"] = None
    if isinstance(unit, str) and unit:
        found[f"|{unit}"] = None
    return tuple(found)


def _list(node: Any, name: str) -> list[Any]:
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, list) else []


def _texts(node: Any, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = node.get(name) if isinstance(node, dict) else None
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and text:
                yield text
