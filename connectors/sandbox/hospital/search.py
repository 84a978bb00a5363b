"""The hospital's search.

A patient's resources by type, code, category, date, status, `_id` and `_lastUpdated`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.hospital.fhir.shared import Resource

Test = Callable[[Resource], bool]


@dataclass(frozen=True)
class BadSearch(Exception):
    """A value that cannot be read; answered with 400."""

    parameter: str
    why: str


_DATES = {
    "Appointment": ("start",),
    "AllergyIntolerance": ("recordedDate", "assertedDate"),
    "CarePlan": ("period",),
    "Condition": ("dateRecorded", "assertedDate", "recordedDate"),
    "DiagnosticReport": ("effectiveDateTime",),
    "DocumentReference": ("created", "date"),
    "Encounter": ("period",),
    "ExplanationOfBenefit": ("created",),
    "FamilyMemberHistory": ("date",),
    "Immunization": ("date", "occurrenceDateTime"),
    "MedicationOrder": ("dateWritten",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectivePeriod",),
    "Observation": ("effectiveDateTime",),
    "Procedure": ("performedPeriod",),
    "ReferralRequest": ("authoredOn",),
    "ServiceRequest": ("authoredOn",),
}
"""What `date` looks at, in any FHIR version: a resource has the one of its own."""
_CODES = ("code", "vaccineCode", "medicationCodeableConcept", "substance", "type")

WHOSE = ("patient", "subject", "beneficiary")
"""The ways to name the patient."""
SUPPORTED = (*WHOSE, "_id", "_lastUpdated", "category", "code", "date", "status")
"""The parameters of every type. Another one is ignored, and the answer says so."""


def tests(type_: str, pairs: Sequence[tuple[str, str]]) -> list[Test]:
    """What a resource has to pass. Raises BadSearch.

    The patient's parameters (WHOSE) are the caller's business.
    """
    made: list[Test] = []
    for name, value in pairs:
        if name == "_id":
            made.append(_one_of("id", value))
        elif name == "_lastUpdated":
            made.append(_moment(name, value, lambda r: [r["meta"]["lastUpdated"]]))
        elif name == "date":
            made.append(_moment(name, value, lambda r: _dates(type_, r)))
        elif name == "status":
            made.append(_one_of("status", value))
        elif name == "category":
            made.append(_token(value, ("category",)))
        elif name == "code":
            made.append(_token(value, _CODES))
    return made


def _one_of(element: str, value: str) -> Test:
    wanted = set(value.split(","))
    return lambda resource: resource.get(element) in wanted


def _token(value: str, elements: Iterable[str]) -> Test:
    wanted = [_split(part) for part in value.split(",")]

    def test(resource: Resource) -> bool:
        return any(
            (system is None or system == found_system) and (not code or code == found_code)
            for found_system, found_code in _codings(resource, elements)
            for system, code in wanted
        )

    return test


def _split(token: str) -> tuple[str | None, str]:
    system, bar, code = token.partition("|")
    return (system, code) if bar else (None, token)


def _codings(resource: Resource, elements: Iterable[str]) -> Iterator[tuple[str, str]]:
    for element in elements:
        found: Any = resource.get(element, [])
        for item in found if isinstance(found, list) else [found]:
            if isinstance(item, str):
                yield "", item
            elif isinstance(item, dict):
                for coding in item.get("coding", []):
                    yield coding.get("system", ""), coding.get("code", "")


def _dates(type_: str, resource: Resource) -> list[str]:
    found = []
    for element in _DATES.get(type_, ()):
        value = resource.get(element)
        if isinstance(value, dict):
            found += [value[end] for end in ("start", "end") if end in value]
        elif value:
            found.append(value)
    return found


def _moment(name: str, value: str, read: Callable[[Resource], list[str]]) -> Test:
    match = re.fullmatch(r"(eq|ne|gt|ge|lt|le|sa|eb)?(\d{4}\S*)", value)
    if match is None:
        raise BadSearch(name, f"{value!r} is not a date with an optional prefix")
    prefix = match[1] or "eq"
    low, high = span(name, match[2])

    def test(resource: Resource) -> bool:
        texts = read(resource)
        if not texts:
            return False
        start = span(name, texts[0])[0]
        end = span(name, texts[-1])[1]
        return {
            "eq": low <= start and end <= high,
            "ne": not (low <= start and end <= high),
            "gt": end > high,
            "ge": end > high or low <= start,
            "lt": start < low,
            "le": start < low or end <= high,
            "sa": start >= high,
            "eb": end <= low,
        }[prefix]

    return test


def span(name: str, text: str) -> tuple[datetime, datetime]:
    """The instants a FHIR date or dateTime covers, half open. Raises BadSearch."""
    text = text.replace(" ", "+")
    try:
        if re.fullmatch(r"\d{4}", text):
            year = int(text)
            return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        if re.fullmatch(r"\d{4}-\d\d", text):
            year, month = int(text[:4]), int(text[5:])
            after = (year + month // 12, month % 12 + 1)
            return datetime(year, month, 1, tzinfo=UTC), datetime(*after, 1, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadSearch(name, f"{text!r} is not a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return moment, moment + timedelta(days=1)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d\D?.*", text) and not re.search(
        r"T\d\d:\d\d:\d\d", text
    ):
        return moment, moment + timedelta(minutes=1)
    if "." in text:
        return moment, moment + timedelta(milliseconds=1)
    return moment, moment + timedelta(seconds=1)
