"""The primitive data types: what their JSON may look like. Each check returns what is expected, or
"" where the value is fine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from fhirstore import digits

Check = Callable[[Any], str]

_LONGEST_STRING = 1_048_576
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_WHITE = re.compile(r"\s+")
_DAY = r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])%s)?)?"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)"
_DATE = re.compile(_DAY % "")
_DATE_TIME = re.compile(_DAY % f"(?:T{_CLOCK}{_ZONE})?")
_OLD_DATE_TIME = re.compile(_DAY % f"(?:T{_CLOCK}{_ZONE}?)?")
_INSTANT = re.compile(rf"(\d{{4}})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{_CLOCK}{_ZONE}")


def _boolean(value: Any) -> str:
    return "" if type(value) is bool else "true or false"


def _whole(least: int, what: str) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, digits.Number):  # -0, or too long to be an int
            return "" if value.literal == "-0" and least <= 0 else what
        if type(value) is not int:
            return what
        return "" if least <= value <= 2_147_483_647 else what

    return check


def _decimal(value: Any) -> str:
    return "" if isinstance(value, int | float) and type(value) is not bool else "a number"


def _string(value: Any) -> str:
    if type(value) is not str:
        return "a string"
    if not value or value.isspace():
        return "a string that is not empty"
    if len(value) > _LONGEST_STRING:
        return f"a string of at most {_LONGEST_STRING} characters"
    return "a string without control characters" if _CONTROL.search(value) else ""


def _matching(pattern: str, what: str) -> Check:
    matches = re.compile(pattern).fullmatch

    def check(value: Any) -> str:
        return "" if type(value) is str and matches(value) else what

    return check


def _dated(pattern: re.Pattern[str], what: str) -> Check:
    matches = pattern.fullmatch

    def check(value: Any) -> str:
        found = matches(value) if type(value) is str else None
        if found is None:
            return what
        year, month, day = found.groups()
        try:
            date(int(year), int(month or 1), int(day or 1))
        except ValueError:
            return f"{what}, of a day that exists"
        return ""

    return check


def _base64(value: Any) -> str:
    if type(value) is str and value:
        plain = value if value.isalnum() else _WHITE.sub("", value)
        if plain and len(plain) % 4 == 0 and _BASE64.fullmatch(plain):
            return ""
    return "base64"


CHECKS: Mapping[str, Check] = {
    "boolean": _boolean,
    "integer": _whole(-2_147_483_648, "a whole number of 32 bits"),
    "unsignedInt": _whole(0, "a whole number, 0 or more"),
    "positiveInt": _whole(1, "a whole number, 1 or more"),
    "decimal": _decimal,
    "string": _string,
    "markdown": _string,
    "xhtml": _string,
    "uri": _matching(r"\S+", "a URI: not empty, no white space"),
    "url": _matching(r"\S+", "a URL: not empty, no white space"),
    "canonical": _matching(r"\S+", "a canonical URL: not empty, no white space"),
    "oid": _matching(r"urn:oid:[0-2](\.(0|[1-9]\d*))+", "an OID as urn:oid:1.2.3"),
    "uuid": _matching(
        r"urn:uuid:[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "a UUID as urn:uuid:…"
    ),
    "code": _matching(
        r"[^\s]+(\s[^\s]+)*", "a code: not empty, no white space but single blanks inside"
    ),
    "id": _matching(
        r"[A-Za-z0-9\-.]{1,64}", "an id: 1 to 64 characters out of A-Z, a-z, 0-9, - and ."
    ),
    "base64Binary": _base64,
    "date": _dated(_DATE, "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(
        _DATE_TIME, "a date, or a date with a time to the second and its zone (Z or +hh:mm)"
    ),
    "instant": _dated(_INSTANT, "a date with a time to the second and its zone (Z or +hh:mm)"),
    "time": _matching(_CLOCK, "a time: hh:mm:ss"),
}

_OLD: Mapping[str, Check] = {
    "dateTime": _dated(_OLD_DATE_TIME, "a date, or a date with a time to the second and a zone")
}
"""DSTU2 and STU3 ask for a zone in words; their patterns and many of their servers do without."""


def check_of(version: str, kind: str) -> Check:
    """The check of a primitive data type."""
    return (version != "r4" and _OLD.get(kind)) or CHECKS[kind]
