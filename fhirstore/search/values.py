"""FHIR values as what the index holds of them: codes, strings, targets, ranges. Pure; one function
per kind of value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from fhirstore import digits
from fhirstore.keys import GREATEST, LEAST
from fhirstore.search.moments import Moments, moments, period
from fhirstore.search.precision import based_range, exact_point, implicit_range
from fhirstore.search.units import UCUM

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


def targets(kind: str, value: Any, version: str = "") -> Iterator[str]:
    """What a reference points to: "Type/id" or an absolute URL; a canonical also without its
    version. A resource (the first of a Bundle) stands for itself. With a FHIR version given, this
    server's own address of that version does not count."""
    if kind == "Reference":
        reference = value.get("reference") if isinstance(value, dict) else None
        if isinstance(reference, str) and reference and not reference.startswith("#"):
            target = reference.partition("/_history/")[0]
            if version and "://" in target:
                for home in homes(settings.HOSTS["api"], version):
                    target = target.removeprefix(home)
            yield target
    elif kind == "Resource":
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            yield f"{value.get('resourceType')}/{value['id']}"
    else:
        yield from uris(value)


def precise_targets(kind: str, value: Any, version: str) -> Iterator[str]:
    """What a reference points to besides, where it says of which version: "Type/id/_history/n", or
    the absolute URL with that behind it. Of a canonical without a version: "url|"; one with a
    version is among `targets`."""
    if kind == "Reference":
        reference = value.get("reference") if isinstance(value, dict) else None
        if isinstance(reference, str) and "/_history/" in reference and reference[:1] != "#":
            if "://" in reference:
                for home in homes(settings.HOSTS["api"], version):
                    reference = reference.removeprefix(home)
            yield reference
    elif kind != "Resource" and isinstance(value, str) and value:
        bare, _, said = value.partition("|")
        if bare and not said:
            yield f"{bare}|"


def homes(base: str, version: str) -> tuple[str, str]:
    """The addresses under which the resources of a FHIR version lie on this server."""
    return f"{base}/fhir/{version}/", f"{base}/{version}/"


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


def local_ranges(value: Any) -> Iterator[Moments]:
    """The span of a Period by the clock on the wall, as if in UTC, an end at midnight not included;
    none where that is the same as its range."""
    if not isinstance(value, dict):
        return
    start, end = value.get("start"), value.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        return
    low, high = moments(_OFFSET.sub("Z", start)), moments(_OFFSET.sub("Z", end))
    if low and high:
        local = low[0], high[0] if _MIDNIGHT.search(end) else high[1]
        if local[0] < local[1] and local != period(start, end):
            yield local


_MIDNIGHT = re.compile(r"T00:00(:00(\.0+)?)?(Z|[+-]\d\d:\d\d)$")
_OFFSET = re.compile(r"[+-]\d\d:\d\d$")


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


Rows = dict[str, tuple[int, int]]


def numbers(kind: str, value: Any) -> Rows:
    """The range rows of a number or quantity: [lo, hi) by unit as `quantity_key` takes it
    ("system|code", "|code", "|unit", "=base" of a UCUM unit); "" for the number alone."""
    if not isinstance(value, dict):
        return _plain(value)
    if kind == "Range":
        low, high = numbers("Quantity", value.get("low")), numbers("Quantity", value.get("high"))
        if not (low and high):
            return low or high
        both = ((unit, low[unit], high[unit]) for unit in low if unit in high)
        return {unit: (min(a[0], b[0]), max(a[1], b[1])) for unit, a, b in both}
    rows = _plain(value.get("value"))
    if rows:
        _add_units(rows, value)
        comparator = value.get("comparator")
        if type(comparator) is str and comparator in _BOUNDS:
            return _bounded(rows, value, below=comparator in _BOUNDS[:2])
    return rows


_BOUNDS = ("<", "<=", ">", ">=")


def _bounded(rows: Rows, quantity: dict[str, Any], *, below: bool) -> Rows:
    """The ranges of a quantity that only says where it ends: everything on that side of the
    number."""
    found: Rows = {}
    for name in rows:
        in_base = name.startswith("=")
        at = exact_point(digits.literal(quantity["value"]), quantity["code"] if in_base else "")
        found[name] = (LEAST, at) if below else (at, GREATEST)
    return found


def _plain(number: Any) -> Rows:
    if isinstance(number, int | float) and not isinstance(number, bool):
        span = implicit_range(digits.literal(number))
        if span:
            return {"": span}
    return {}


def _add_units(rows: Rows, quantity: dict[str, Any]) -> None:
    span = rows[""]
    code, system, unit = quantity.get("code"), quantity.get("system"), quantity.get("unit")
    if "currency" in quantity:  # R4's Money
        code, system = quantity["currency"], "urn:iso:std:iso:4217"
    if isinstance(code, str) and code:
        rows[f"|{code}"] = span
        if isinstance(system, str) and system:
            based = None
            if system == UCUM:
                based = based_range(digits.literal(quantity["value"]), code)
            if based:
                rows[based[0]] = based[1:]
            else:
                rows[f"{system}|{code}"] = span
    if isinstance(unit, str) and unit:
        rows[f"|{unit}"] = span


def _list(node: Any, name: str) -> list[Any]:
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, list) else []


def _texts(node: Any, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = node.get(name) if isinstance(node, dict) else None
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and text:
                yield text
