"""FHIR values as what the index holds of them: codes, strings, targets, ranges. Pure; one function
per kind of value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeGuard

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


SPANNED = ("Range", "SampledData")
"""Data types of quantities that hold more than one number: their rows are those of `spans`."""


def numbers(value: Any) -> Rows:
    """The range rows of a number or quantity: [lo, hi) by unit as `quantity_key` takes it
    ("system|code", "|code", "|unit", "=base" of a UCUM unit); "" for the number alone."""
    if not isinstance(value, dict):
        return _plain(value)
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
    points = {name: _point(quantity, name) for name in rows}
    return {name: (LEAST, at) if below else (at, GREATEST) for name, at in points.items()}


def spans(kind: str, value: Any) -> Rows:
    """The range rows of one of `SPANNED`: [low, high], the numbers themselves, by unit like
    `numbers`. A Range without an end goes on and on; samples span the smallest to the largest."""
    if not isinstance(value, dict):
        return {}
    low, high = _samples(value) if kind == "SampledData" else (value.get("low"), value.get("high"))
    first, last = _points(low), _points(high)
    if not first or not last:
        return {u: (at, GREATEST) for u, at in first.items()} | {
            u: (LEAST, at) for u, at in last.items()
        }
    both = ((unit, first[unit], last[unit]) for unit in first if unit in last)
    return {unit: (min(low, high), max(low, high)) for unit, low, high in both}


def _points(quantity: Any) -> dict[str, int]:
    """The number of a quantity by unit, as an order-preserving integer."""
    if not isinstance(quantity, dict):
        return {}
    return {name: _point(quantity, name) for name in numbers(quantity)}


def _point(quantity: dict[str, Any], name: str) -> int:
    # Only the name of base units begins like that.
    code = quantity["code"] if name.startswith("=") else ""
    return exact_point(digits.literal(quantity["value"]), code)


_SAMPLE = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)


def _samples(value: dict[str, Any]) -> tuple[Any, Any]:
    """The smallest and the largest of sampled data, as quantities; what is no number (an error,
    beyond the limits) tells nothing."""
    data, origin, factor = value.get("data"), value.get("origin"), value.get("factor", 1)
    found = [text for text in data.split() if _SAMPLE.fullmatch(text)] if _is_text(data) else []
    if not found or not isinstance(origin, dict) or not (_plain(factor) and numbers(origin)):
        return None, None
    zero, by = Decimal(digits.literal(origin["value"])), Decimal(digits.literal(factor))
    ends = (min(found, key=float), max(found, key=float))
    low, high = sorted(zero + by * Decimal(text) for text in ends)
    first, last = ({**origin, "value": digits.Number(str(end))} for end in (low, high))
    return first, last


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str)


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
