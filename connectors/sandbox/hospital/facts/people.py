"""Who is who: persons, doctors, relatives, and the places they meet at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from connectors.sandbox.hospital.codes import Concept


@dataclass(frozen=True, kw_only=True)
class Doctor:
    key: str
    given: str
    family: str
    prefix: str
    specialty: Concept
    npi: str
    source_id: str | None = None

    @property
    def text(self) -> str:
        return f"{self.prefix} {self.given} {self.family}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hospital or clinic: an Organization, and the Location of the same name."""

    key: str
    name: str
    street: str
    city: str
    state: str
    postcode: str
    phone: str
    part_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    patient_id: str
    mrn: str
    given: tuple[str, ...]
    family: str
    gender: str
    born: date
    street: str
    city: str
    state: str
    postcode: str
    phone: str
    email: str
    married: bool
    doctor: str
    place: str
    contact: tuple[str, str, str]  # name, relationship, phone

    @property
    def text(self) -> str:
        return f"{self.given[0]} {self.family}"


@dataclass(frozen=True, kw_only=True)
class Relative:
    key: str
    relationship: Concept
    name: str
    gender: str
    born: int
    died_at: int | None
    problems: tuple[tuple[Concept, int], ...]
    recorded: datetime
    nameless: bool = False  # the hospital hands this one out without an id


@dataclass(frozen=True, kw_only=True)
class Implement:
    """A device that belongs to the person."""

    key: str
    concept: Concept
    maker: str
    model: str
    serial: str
    made: date
    handed_out: datetime
    place: str
