"""Numbers and quantities (search.html#number, #quantity).

Equality asks whether the stored number lies in what the digits of the asked one stand for: `5.4` is
5.35 to 5.45. The other prefixes compare the numbers as they are. Our choice: `ap` is a tenth of the
value to either side, or its half digit where that is more. A quantity with a comparator is all on
that side of its number, which itself counts as belonging to it. A Range is all numbers between its
ends, an end that is missing lies nowhere; samples are all between the smallest and the largest.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from tests.conformance.oracle.escapes import Unreadable, plain, split
from tests.conformance.oracle.prefixes import split_prefix

UCUM = "http://unitsofmeasure.org"
_NUMBER = re.compile(r"[+-]?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?")

UNITS: dict[str, tuple[str, Fraction]] = {
    "kg": ("mass", Fraction(1000)),
    "g": ("mass", Fraction(1)),
    "mg": ("mass", Fraction(1, 1000)),
    "m": ("length", Fraction(1)),
    "cm": ("length", Fraction(1, 100)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86400)),
    "a": ("time", Fraction(31557600)),
    "mo": ("time", Fraction(2629800)),
}
"""UCUM units that the tests use: dimension and size."""


def fits(stored: Fraction, prefix: str, literal: str, scale: Fraction, name: str) -> bool:
    """The table of prefixes, for numbers; `scale` is the size of the unit asked for."""
    form = _NUMBER.fullmatch(literal)
    if not form:
        raise Unreadable(name)
    asked = Fraction(literal)
    half = Fraction(10) ** (int(form[2] or 0) - len(form[1] or "")) / 2
    low, high = (asked - half) * scale, (asked + half) * scale
    match prefix:
        case "eq":
            return low <= stored < high
        case "ne":
            return not low <= stored < high
        case "gt" | "sa":
            return stored > asked * scale
        case "lt" | "eb":
            return stored < asked * scale
        case "ge":
            return stored >= asked * scale
        case "le":
            return stored <= asked * scale
    slack = max(half, abs(asked) / 10) * scale
    return asked * scale - slack <= stored <= asked * scale + slack


def reaches(end: Fraction, below: bool, prefix: str, literal: str, scale: Fraction) -> bool:
    """The table of prefixes for what reaches from everywhere below to an end, or from it to
    everywhere above."""
    asked = Fraction(literal) * scale
    match prefix:
        case "eq":
            return False
        case "ne":
            return True
        case "gt":
            return not below or end > asked
        case "ge":
            return not below or end >= asked
        case "lt":
            return below or end < asked
        case "le":
            return below or end <= asked
        case "sa":
            return not below and end > asked
        case "eb":
            return below and end < asked
    form = _NUMBER.fullmatch(literal)
    assert form
    half = Fraction(10) ** (int(form[2] or 0) - len(form[1] or "")) / 2 * scale
    slack = max(half, abs(asked) / 10)
    return end >= asked - slack if below else end <= asked + slack


def match_number(name: str, value: Any, text: str) -> bool:
    """Does a stored decimal meet the value asked for?"""
    prefix, literal = split_prefix(plain(text))
    return fits(Fraction(str(value)), prefix, literal, Fraction(1), name)


def spans(
    low: Fraction | None, high: Fraction | None, prefix: str, literal: str, scale: Fraction
) -> bool:
    """The table of prefixes, for all numbers between two."""
    form = _NUMBER.fullmatch(literal)
    assert form
    asked = Fraction(literal)
    half = Fraction(10) ** (int(form[2] or 0) - len(form[1] or "")) / 2
    first, last = (asked - half) * scale, (asked + half) * scale
    asked *= scale
    slack = max(half * scale, abs(asked) / 10)
    contained = low is not None and high is not None and first <= low and high < last
    return {
        "eq": contained,
        "ne": not contained,
        "gt": high is None or high > asked,
        "ge": high is None or high >= asked,
        "lt": low is None or low < asked,
        "le": low is None or low <= asked,
        "sa": low is not None and low > asked,
        "eb": high is not None and high < asked,
        "ap": (low is None or low <= asked + slack) and (high is None or high >= asked - slack),
    }[prefix]


def ends(kind: str, value: Any) -> list[Any]:
    """The quantities at the ends of a Range or of samples; None where there is none."""
    if kind == "Range":
        return [value.get("low"), value.get("high")]
    found = [Fraction(text) for text in value["data"].split() if _NUMBER.fullmatch(text)]
    if not found:
        return [None, None]
    factor = Fraction(str(value.get("factor", 1)))
    numbers = sorted(Fraction(str(value["origin"]["value"])) + factor * one for one in found)
    return [{**value["origin"], "value": one} for one in (numbers[0], numbers[-1])]


def beginning(kind: str, value: Any) -> list[float | Fraction]:
    """What a quantity is ordered by: its number, of several the smallest; without an end to it
    before all."""
    if kind not in ("Range", "SampledData"):
        least = str(value.get("comparator", ""))[:1] == "<"
        return [-math.inf if least else Fraction(str(value["value"]))] if "value" in value else []
    found = [end and Fraction(str(end["value"])) for end in ends(kind, value)]
    known = [one for one in found if one is not None]
    if not known:
        return []
    return [-math.inf] if found[0] is None else [min(known)]


def match_quantity(name: str, kind: str, value: Any, text: str) -> bool:
    """Does a stored quantity meet `number`, `number|system|code` or `number||unit`?"""
    parts = [plain(part) for part in split(text, "|")]
    prefix, literal = split_prefix(parts[0])
    if len(parts) not in (1, 3) or not _NUMBER.fullmatch(literal):
        raise Unreadable(name)
    unit = (parts[1], parts[2]) if len(parts) == 3 and parts[2] else None
    if not isinstance(value, dict):
        return False
    if kind not in ("Range", "SampledData"):
        read = _in_unit(value, unit)
        if read is not None and (comparator := value.get("comparator")):
            return reaches(read[0], comparator[0] == "<", prefix, literal, read[1])
        return read is not None and fits(read[0], prefix, literal, read[1], name)
    found = [end and _in_unit(end, unit) for end in ends(kind, value)]
    if None in [read for read, end in zip(found, ends(kind, value), strict=True) if end]:
        return False
    known = [read for read in found if read]
    if not known:
        return False
    low, high = (read[0] if read else None for read in found)
    if low is not None and high is not None and high < low:
        low, high = high, low
    return spans(low, high, prefix, literal, known[0][1])


def _in_unit(value: Any, unit: tuple[str, str] | None) -> tuple[Fraction, Fraction] | None:
    """The number of a quantity in base units and the size of the unit asked for; None where it is
    in no such unit."""
    if "value" not in value:
        return None
    number, scale = Fraction(str(value["value"])), Fraction(1)
    if unit:
        system, code = unit
        held = value.get("code", "")
        if not system:
            if code not in (held, value.get("unit")):
                return None
        elif (value.get("system"), held) != (system, code):
            if not system == value.get("system") == UCUM:
                return None
            mine, theirs = UNITS.get(held), UNITS.get(code)
            if mine is None or theirs is None or mine[0] != theirs[0]:
                return None
            number, scale = number * mine[1], theirs[1]
    return number, scale
