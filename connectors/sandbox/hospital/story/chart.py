"""The pen that writes a life.

Visits bring vital signs, panels bring values that follow a course, nothing is known before it
happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from connectors.sandbox.hospital import measures as m
from connectors.sandbox.hospital.codes import Concept
from connectors.sandbox.hospital.facts.care import Booking, Treatment, Visit
from connectors.sandbox.hospital.facts.findings import Document, Reading, Report
from connectors.sandbox.hospital.measures import Measure
from connectors.sandbox.seeds import spread

Course = Sequence[tuple[date, float]]
Fact = TypeVar("Fact")

LAB_DELAY = timedelta(hours=6)
VITALS = (m.HEART_RATE, m.BREATHING, m.TEMPERATURE, m.SATURATION, m.WEIGHT)


@dataclass(kw_only=True)
class Chart:
    """One life while it is being written.

    `courses` give a measure's value over the years, `jitter` its scatter.
    """

    seed: str
    zone: ZoneInfo
    now: datetime
    height: float
    courses: Mapping[Measure, Course]
    jitter: Mapping[Measure, float]
    visits: list[Visit] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)

    def at(self, text: str) -> datetime:
        """A moment on the wall clock where the person lives: `2012-01-17T10:00`."""
        return datetime.fromisoformat(text).replace(tzinfo=self.zone)

    def known(self, moment: datetime | date) -> bool:
        """Whether that is in the past."""
        if isinstance(moment, datetime):
            return moment <= self.now
        return moment <= self.now.astimezone(self.zone).date()

    def past(self, facts: Iterable[tuple[datetime | date, Fact]]) -> tuple[Fact, ...]:
        """The facts whose moment has come."""
        return tuple(fact for moment, fact in facts if self.known(moment))

    def ended(self, text: str | None) -> date | None:
        """An end date, once it has come."""
        day = date.fromisoformat(text) if text else None
        return day if day is not None and self.known(day) else None

    def value(self, measure: Measure, moment: datetime) -> float:
        """What would be measured then.

        The course of the years and a little scatter, the same every time.
        """
        course = self.courses[measure]
        day = moment.astimezone(self.zone).date()
        level = course[0][1]
        for (earlier, low), (later, high) in pairwise(course):
            if day >= later:
                level = high
            elif day >= earlier:
                level = low + (high - low) * ((day - earlier).days / (later - earlier).days)
        scatter = self.jitter.get(measure, 0.0) * spread(self.seed, measure.key, moment.timestamp())
        value = level + scatter
        if measure is m.SATURATION:
            value = min(value, 99)
        return round(value, measure.digits)

    def visit(self, visit: Visit, *, vitals: bool = True) -> bool:
        """Write a visit down, with its vital signs. False when it has not happened yet."""
        if not self.known(visit.start + timedelta(minutes=visit.minutes)):
            return False
        self.visits.append(visit)
        if vitals:
            self._vitals(visit)
        return True

    def _vitals(self, visit: Visit) -> None:
        at = visit.start + timedelta(minutes=6)
        pressure = (self.value(m.SYSTOLIC, at), self.value(m.DIASTOLIC, at))
        self.reading(m.BLOOD_PRESSURE, visit, at=at, values=pressure)
        for measure in VITALS:
            self.reading(measure, visit, at=at)
        height = self.value(m.HEIGHT, at) if m.HEIGHT in self.courses else self.height
        bmi = self.value(m.WEIGHT, at) / (height / 100) ** 2
        self.reading(m.BMI, visit, at=at, values=(round(bmi, 1),))

    def reading(
        self,
        measure: Measure,
        visit: Visit,
        *,
        at: datetime | None = None,
        filed: datetime | None = None,
        values: tuple[float, ...] = (),
        answer: Concept | None = None,
        comment: str = "",
    ) -> str:
        """Write one reading of a visit down; returns its key."""
        at = at or visit.start + timedelta(minutes=8)
        key = f"{visit.key}/{measure.key}"
        if not values and answer is None:
            values = (self.value(measure, at),)
        self.readings.append(
            Reading(
                key=key,
                measure=measure,
                at=at,
                filed=filed or visit.start + timedelta(minutes=visit.minutes),
                values=values,
                answer=answer,
                visit=visit.key,
                doctor=visit.doctor,
                comment=comment,
            )
        )
        return key

    def panel(
        self, visit: Visit, concept: Concept, members: Sequence[Measure], *, conclusion: str = ""
    ) -> None:
        """Blood drawn at a visit; the laboratory files values and report some hours later."""
        filed = visit.start + LAB_DELAY
        if not self.known(filed):
            return
        drawn = visit.start + timedelta(minutes=visit.minutes)
        keys = tuple(self.reading(member, visit, at=drawn, filed=filed) for member in members)
        self.reports.append(
            Report(
                key=f"{visit.key}/{concept.codings[0][1]}",
                concept=concept,
                section="LAB",
                at=drawn,
                filed=filed,
                readings=keys,
                visit=visit.key,
                doctor=visit.doctor,
                place=visit.place,
                conclusion=conclusion,
            )
        )

    def shown(self, visit: Visit, measure: Measure) -> float:
        """The value that visit brings: vital signs at its start, blood at its end."""
        if measure.category == "laboratory":
            return self.value(measure, visit.start + timedelta(minutes=visit.minutes))
        minute = 6 if measure in VITALS else 8
        return self.value(measure, visit.start + timedelta(minutes=minute))

    def words(
        self, visit: Visit, concept: Concept, section: str, *, days: int, conclusion: str
    ) -> None:
        """A report of words alone (imaging, pathology), some days after the visit."""
        filed = visit.start + timedelta(days=days)
        if self.known(filed):
            self.reports.append(
                Report(
                    key=f"{visit.key}/{section}",
                    concept=concept,
                    section=section,
                    at=visit.start,
                    filed=filed,
                    readings=(),
                    visit=visit.key,
                    doctor=visit.doctor,
                    place=visit.place,
                    conclusion=conclusion,
                )
            )

    def note(
        self, visit: Visit, concept: Concept, title: str, paragraphs: Sequence[str], *, media: str
    ) -> None:
        """A document about a visit, filed two hours after its end."""
        at = visit.start + timedelta(minutes=visit.minutes, hours=2)
        if self.known(at):
            self.documents.append(
                Document(
                    key=f"{visit.key}/{concept.codings[0][1]}",
                    concept=concept,
                    title=title,
                    at=at,
                    visit=visit.key,
                    doctor=visit.doctor,
                    paragraphs=tuple(paragraphs),
                    media=media,
                )
            )
