"""A life as resources, all of them."""

from __future__ import annotations

from typing import Protocol

from connectors.sandbox.hospital.facts.people import Place
from connectors.sandbox.hospital.fhir import (
    documents,
    medicines,
    observations,
    payer,
    people,
    places,
    plans,
    problems,
    visits,
)
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource


class _Done(Protocol):
    """A fact that a doctor stands for."""

    @property
    def doctor(self) -> str: ...


class _Somewhere(Protocol):
    """A fact that happened somewhere."""

    @property
    def place(self) -> str: ...


def record(room: Chartroom) -> list[Resource]:
    """Every resource the hospital has about a person, and the people and places those refer to."""
    doctors, houses, locations = _referred(room)
    found = [
        people.patient(room),
        *(people.practitioner(room, d) for d in room.life.doctors if d.key in doctors),
        *(places.organization(room, place) for place in houses),
        *(places.location(room, place) for place in locations),
        *people.relatives(room),
        *people.implements(room),
        *visits.visits(room),
        *visits.bookings(room),
        *problems.problems(room),
        *problems.allergies(room),
        *problems.treatments(room),
        *plans.aims(room),
        *plans.plans(room),
        *medicines.orders(room),
        *medicines.intakes(room),
        *medicines.shots(room),
        *observations.readings(room),
        *documents.reports(room),
        *documents.documents(room),
        *documents.binaries(room),
    ]
    if room.old:
        return found
    return [*found, *visits.referrals(room), *payer.covers(room), *payer.claims(room)]


def _referred(room: Chartroom) -> tuple[set[str], list[Place], list[Place]]:
    """Keys of the doctors, the organizations and the locations that this life has to do with."""
    life = room.life
    facts: tuple[_Done, ...] = (
        *life.visits, *life.problems, *life.allergies, *life.prescriptions, *life.treatments,
        *life.readings, *life.reports, *life.documents, *life.aims, *life.plans, *life.bookings,
        *life.shots, *life.referrals, *life.claims,
    )  # fmt: skip
    doctors = {life.person.doctor, *(fact.doctor for fact in facts)}
    doctors |= {referral.to for referral in life.referrals}
    places: tuple[_Somewhere, ...] = (*life.visits, *life.bookings, *life.shots, *life.claims)
    located = {fact.place for fact in places}
    covered = set() if room.old else {cover.payer for cover in life.covers}
    owning = {implement.place for implement in life.implements}
    owned = {life.person.place, "hospital", *located, *covered, *owning}
    houses = [place for place in life.places if place.key in owned]
    return doctors, houses, [place for place in life.places if place.key in located]
