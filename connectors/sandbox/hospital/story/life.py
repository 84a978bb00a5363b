"""The way in: a person's life at an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.sandbox.hospital.facts.life import Life
from connectors.sandbox.hospital.facts.people import Doctor, Person, Place
from connectors.sandbox.hospital.measures import MEASURES, Measure
from connectors.sandbox.hospital.monitor import Monitor
from connectors.sandbox.hospital.story import care, medicines, payer
from connectors.sandbox.hospital.story.book import Row, book
from connectors.sandbox.hospital.story.chart import Chart
from connectors.sandbox.hospital.story.visits import write_visits


@dataclass(frozen=True, kw_only=True)
class Story:
    """A file of data/people/ under a patient id, at a hospital with that staff."""

    name: str
    patient: str
    doctors: Sequence[Doctor]
    places: Sequence[Place]

    def life(self, now: datetime) -> Life:
        """All that the hospital knows of the person at `now`."""
        told = book(self.name)
        person = self.person()
        chart = self._chart(told, now)
        write_visits(chart, told, person)
        orders = medicines.prescriptions(chart, told, person)
        monitor = self.monitor()
        covers = payer.covers(told)
        return Life(
            person=person,
            registered=chart.at(told["registered"]),
            doctors=tuple(self.doctors),
            places=tuple(self.places),
            ids=told.get("ids", {}),
            visits=tuple(chart.visits),
            problems=care.problems(chart, told, person),
            allergies=care.allergies(chart, told, person),
            prescriptions=orders,
            intakes=medicines.intakes(chart, told, orders),
            shots=medicines.shots(chart, told, person),
            treatments=chart.past((t.start, t) for t in chart.treatments),
            readings=(*chart.readings, *(monitor.readings(now) if monitor else ())),
            reports=tuple(chart.reports),
            documents=tuple(chart.documents),
            relatives=care.relatives(chart, told),
            aims=care.aims(chart, told, person),
            plans=care.plans(chart, told, person),
            implements=care.implements(chart, told, person),
            bookings=tuple(chart.bookings),
            covers=covers,
            claims=payer.claims(chart, covers, chart.visits, orders),
            referrals=care.referrals(chart, told, person),
        )

    def person(self) -> Person:
        """Who it is."""
        told = book(self.name)["person"]
        return Person(
            patient_id=self.patient,
            mrn=told["mrn"],
            given=tuple(told["given"]),
            family=told["family"],
            gender=told["gender"],
            born=date.fromisoformat(told["born"]),
            street=told["street"],
            city=told["city"],
            state=told["state"],
            postcode=told["postcode"],
            phone=told["phone"],
            email=told["email"],
            married=told["married"],
            doctor=told["doctor"],
            place=told["place"],
            contact=tuple(told["contact"]),
        )

    def monitor(self) -> Monitor | None:
        """What reports from the person's home every ten minutes, if anything does."""
        told = book(self.name)
        if "monitor" not in told:
            return None
        values = {**told["monitor"], "measure": MEASURES[told["monitor"]["measure"]]}
        doctor = told["person"]["doctor"]
        zone = ZoneInfo(told["zone"])
        return Monitor(seed=self.patient, zone=zone, doctor=doctor, **values)

    def _chart(self, told: Row, now: datetime) -> Chart:
        return Chart(
            seed=self.patient,
            zone=ZoneInfo(told["zone"]),
            now=now,
            height=told["height"],
            courses=_courses(told["courses"]),
            jitter={MEASURES[key]: jitter for key, (jitter, _) in told["courses"].items()},
        )


def _courses(told: Row) -> Mapping[Measure, list[tuple[date, float]]]:
    return {
        MEASURES[key]: [(date.fromisoformat(day), value) for day, value in points.items()]
        for key, (_, points) in told.items()
    }
