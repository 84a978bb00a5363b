"""A life in facts: what happened to a person, who did it, what was found. No FHIR in here but its
codes.

Each fact has a `key`, unique among its kind in one life; ids and references are made from it.
Moments are aware datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.sandbox.hospital.codes import Concept
from connectors.sandbox.hospital.measures import Measure


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
class Prescription:
    """A drug ordered at a visit. `times` a day; 0 means as needed."""

    key: str
    drug: Concept
    visit: str
    written: datetime
    ended: date | None = None
    problem: str
    doctor: str
    dose: str
    times: int
    amount: float
    unit: str
    refills: int = 3


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A drug the person says they take. With `prescription`, the ordered one."""

    key: str
    drug: Concept
    stated: datetime
    start: date
    ended: date | None = None
    dose: str
    prescription: str | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shot:
    key: str
    vaccine: Concept
    at: datetime
    lot: str
    maker: str
    visit: str | None
    doctor: str
    place: str
    reported: bool = False
    dose: int = 1


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
    source_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A vital sign, a laboratory value or an answer.

    `values` has several for a panel in one (blood pressure).
    """

    key: str
    measure: Measure
    at: datetime
    filed: datetime
    values: tuple[float, ...] = ()
    answer: Concept | None = None
    visit: str | None = None
    doctor: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A laboratory report over readings, or an imaging one with words alone."""

    key: str
    concept: Concept
    section: str  # LAB, RAD, PAT: HL7 table 0074
    at: datetime
    filed: datetime
    readings: tuple[str, ...]
    visit: str
    doctor: str
    place: str
    conclusion: str = ""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A note as the patient may read it.

    `media` is the file it comes as: text/html or application/pdf (paper.py).
    """

    key: str
    concept: Concept
    title: str
    at: datetime
    visit: str
    doctor: str
    paragraphs: tuple[str, ...]
    media: str = "text/html"


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
    source_id: str | None = None


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


@dataclass(frozen=True, kw_only=True)
class Life:
    """Everything one hospital knows of one person at one instant."""

    person: Person
    doctors: tuple[Doctor, ...]
    places: tuple[Place, ...]
    visits: tuple[Visit, ...] = ()
    problems: tuple[Problem, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    intakes: tuple[Intake, ...] = ()
    shots: tuple[Shot, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    readings: tuple[Reading, ...] = ()
    reports: tuple[Report, ...] = ()
    documents: tuple[Document, ...] = ()
    relatives: tuple[Relative, ...] = ()
    aims: tuple[Aim, ...] = ()
    plans: tuple[Plan, ...] = ()
    implements: tuple[Implement, ...] = ()
    bookings: tuple[Booking, ...] = ()
    registered: datetime = field(kw_only=True)
