"""Everything one hospital knows of one person at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from connectors.sandbox.hospital.facts.care import (
    Aim,
    Allergy,
    Booking,
    Plan,
    Problem,
    Treatment,
    Visit,
)
from connectors.sandbox.hospital.facts.findings import Document, Reading, Report
from connectors.sandbox.hospital.facts.medicines import Intake, Prescription, Shot
from connectors.sandbox.hospital.facts.payer import Claim, Cover, Referral
from connectors.sandbox.hospital.facts.people import Doctor, Implement, Person, Place, Relative


@dataclass(frozen=True, kw_only=True)
class Life:
    """A person and their facts.

    `ids` are the ids that are given, by `Type/key`; all others are made up.
    """

    person: Person
    registered: datetime
    doctors: tuple[Doctor, ...]
    places: tuple[Place, ...]
    ids: Mapping[str, str] = field(default_factory=dict)
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
    covers: tuple[Cover, ...] = ()
    claims: tuple[Claim, ...] = ()
    referrals: tuple[Referral, ...] = ()

    @cached_property
    def visit_keys(self) -> frozenset[str]:
        """The keys of the visits that are over."""
        return frozenset(visit.key for visit in self.visits)

    def doctor(self, key: str) -> Doctor:
        """The doctor of a key."""
        return next(doctor for doctor in self.doctors if doctor.key == key)

    def place(self, key: str) -> Place:
        """The place of a key."""
        return next(place for place in self.places if place.key == key)
