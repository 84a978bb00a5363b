"""What happens to a person: visits, problems, allergies, treatments, plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from connectors.sandbox.hospital.codes import Concept


@dataclass(frozen=True, kw_only=True)
class Visit:
    key: str
    start: datetime
    minutes: int
    kind: Concept
    setting: str  # ambulatory, emergency, outpatient, inpatient
    reason: Concept
    doctor: str
    place: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Problem:
    key: str
    concept: Concept
    onset: date
    ended: date | None = None
    visit: str | None = None
    doctor: str
    severity: Concept | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Allergy:
    key: str
    substance: Concept
    category: str  # food, medication, environment
    high: bool
    recorded: datetime
    manifestation: Concept
    severity: str  # mild, moderate, severe
    doctor: str


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """A procedure that was done."""

    key: str
    concept: Concept
    start: datetime
    minutes: int
    visit: str
    doctor: str
    reason: str | None = None
    site: Concept | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Aim:
    key: str
    text: str
    start: date
    target: date | None
    status: str  # accepted, in-progress, achieved
    problem: str
    doctor: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    key: str
    title: str
    category: Concept
    start: date
    recorded: datetime
    problems: tuple[str, ...]
    aims: tuple[str, ...]
    activities: tuple[str, ...]
    doctor: str


@dataclass(frozen=True, kw_only=True)
class Booking:
    key: str
    start: datetime
    minutes: int
    booked: datetime
    text: str
    doctor: str
    place: str
    kept: bool  # it is over
