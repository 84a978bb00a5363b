"""Numbers and quantities (search.html#number, #quantity).

Equality asks whether the stored number lies in what the digits of the asked one stand for: `5.4` is
5.35 to 5.45. The other prefixes compare the numbers as they are. Our choice: `ap` is a tenth of the
value to either side, or its half digit where that is more. A quantity with a comparator is all on
that side of its number, which itself counts as belonging to it.
"""

from __future__ import annotations

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


def match_quantity(name: str, value: Any, text: str) -> bool:
    """Does a stored Quantity meet `number`, `number|system|code` or `number||unit`?"""
    parts = [plain(part) for part in split(text, "|")]
    prefix, literal = split_prefix(parts[0])
    if len(parts) not in (1, 3) or not _NUMBER.fullmatch(literal):
        raise Unreadable(name)
    if not isinstance(value, dict) or "value" not in value:
        return False
    number, scale = Fraction(str(value["value"])), Fraction(1)
    if len(parts) == 3 and parts[2]:
        system, unit = parts[1:]
        held = value.get("code", "")
        if not system:
            if unit not in (held, value.get("unit")):
                return False
        elif (value.get("system"), held) != (system, unit):
            if not system == value.get("system") == UCUM:
                return False
            mine, theirs = UNITS.get(held), UNITS.get(unit)
            if mine is None or theirs is None or mine[0] != theirs[0]:
                return False
            number, scale = number * mine[1], theirs[1]
    if (comparator := value.get("comparator")) and _NUMBER.fullmatch(literal):
        return reaches(number, comparator[0] == "<", prefix, literal, scale)
    return fits(number, prefix, literal, scale, name)
