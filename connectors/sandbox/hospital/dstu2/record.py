"""A life as DSTU2 resources, all of them."""

from __future__ import annotations

from connectors.sandbox.hospital.dstu2 import care, findings, medicines, people
from connectors.sandbox.hospital.dstu2.shared import Chartroom, Resource
from connectors.sandbox.hospital.facts import Life


def record(life: Life) -> list[Resource]:
    """Every resource the hospital has about a person, and the people and places those refer to."""
    room = Chartroom(life=life)
    return [
        people.patient(room),
        *(people.practitioner(room, doctor) for doctor in life.doctors),
        *(people.organization(room, place) for place in life.places),
        *(people.location(room, place) for place in life.places),
        *people.relatives(room),
        *people.implements(room),
        *care.visits(room),
        *care.problems(room),
        *care.allergies(room),
        *care.treatments(room),
        *care.aims(room),
        *care.plans(room),
        *care.bookings(room),
        *medicines.orders(room),
        *medicines.intakes(room),
        *medicines.shots(room),
        *findings.readings(room),
        *findings.reports(room),
        *findings.documents(room),
        *findings.binaries(room),
    ]
