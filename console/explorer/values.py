"""FHIR's datatypes in a few words, whatever the version: for tables, which name and do not
explain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from fhirstore import digits

_INSTANT = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)(T(?P<clock>\d\d:\d\d)"
    r"(:[\d.]+)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)
_NARROW = "\u202f"


def at(resource: Any, path: str) -> Any:
    """What stands at a dotted path; of a list its first element. None where there is nothing."""
    for step in path.split("."):
        if isinstance(resource, list):
            resource = resource[0] if resource else None
        if not isinstance(resource, dict):
            return None
        resource = resource.get(step)
    return resource


def first(resource: Any, *paths: str) -> Any:
    """What stands at the first path that leads to something."""
    found = (at(resource, path) for path in paths)
    return next((value for value in found if value not in (None, [], {}, "")), None)


def words(value: Any) -> str:
    """A concept, reference, quantity, name, code or list of them as text; "" for nothing."""
    if isinstance(value, list):
        return ", ".join(text for one in value[:3] if (text := words(one)))
    if isinstance(value, dict):
        return _words_of(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    return value if isinstance(value, str) else ""


def _words_of(value: dict[str, Any]) -> str:
    if isinstance(value.get("text"), str):
        return str(value["text"])
    if "coding" in value:
        coding = at(value, "coding")
        found = first(coding, "display", "code")
        return words(found)
    if "family" in value or "given" in value:
        return person(value)
    if "value" in value and ("unit" in value or "code" in value):
        return f"{words(value['value'])} {words(first(value, 'unit', 'code'))}"
    if "start" in value or "end" in value:
        return moment(value)
    found = first(value, "display", "reference", "code", "value", "url")
    return words(found)


def person(name: dict[str, Any]) -> str:
    """A HumanName: its text, or given and family names."""
    if isinstance(name.get("text"), str):
        return str(name["text"])
    given, family = name.get("given") or [], name.get("family")
    parts = [*_list(given), *_list(family)]
    return " ".join(part for part in parts if isinstance(part, str))


def code(value: Any) -> str:
    """A concept's code."""
    return words(first(value, "coding.code"))


def moment(value: Any) -> str:
    """A date, an instant or the start of a period, on the clock it was written in: "24 Nov 2026",
    "24 Nov 2026, 10:42", "24 Nov 2026, 05:42 −05:00"; midnight says no time."""
    if isinstance(value, dict):
        value = first(value, "start", "end", "event", "repeat.boundsPeriod.start")
    if isinstance(value, list):
        value = value[0] if value else None
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value if isinstance(value, str) else ""
    if not found["month"]:
        return found["year"]
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
    except ValueError:
        return str(value)
    if not found["day"]:
        return f"{day:%b} {day.year}"
    clock = found["clock"]
    told = f"{day.day} {day:%b} {day.year}"
    if clock in (None, "00:00"):
        return told
    zone = "" if found["zone"] in (None, "Z", "+00:00", "-00:00") else found["zone"]
    return f"{told}, {clock} {zone}".rstrip().replace("-", "−")


def number(value: float) -> str:
    """A number with its own digits, whole thousands parted: "11,870", "6.10"."""
    if isinstance(value, int):
        return f"{value:,}"
    return digits.literal(value)


def measured(observation: dict[str, Any]) -> tuple[str, str]:
    """An Observation's value and its unit; of several components the values in a row."""
    value = next(
        (observation[key] for key in observation if re.fullmatch(r"value[A-Z]\w*", key)), None
    )
    if isinstance(value, dict) and "value" in value:
        return words(value["value"]), words(first(value, "unit", "code"))
    if value is not None:
        return (moment(value) if _is_moment(value) else words(value)), ""
    parts = [measured(part) for part in _components(observation)]
    if parts:
        units = {unit for _, unit in parts}
        joined = f"{_NARROW}/{_NARROW}".join(text for text, _ in parts if text)
        return joined, units.pop() if len(units) == 1 else ""
    return words(observation.get("dataAbsentReason")), ""


def _components(observation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in _list(observation.get("component"))[:4]:
        if isinstance(part, dict):
            yield part


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
