"""The visits of a life: single ones, and series that go on with the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.sandbox.hospital.codes import concept
from connectors.sandbox.hospital.facts.care import Booking, Visit
from connectors.sandbox.hospital.facts.people import Person
from connectors.sandbox.hospital.story.book import Row
from connectors.sandbox.hospital.story.chart import Chart
from connectors.sandbox.hospital.story.steps import take


def write_visits(chart: Chart, told: Row, person: Person) -> None:
    """Every visit up to now with what it brought, and the next booked one of each series."""
    for single in told.get("visits", ()):
        visit = _visit(single, person, key=single["key"], start=chart.at(single["start"]))
        if chart.visit(visit, vitals=single.get("vitals", True)):
            take(chart, visit, single)
    for series in told.get("series", ()):
        _series(chart, series, person)


def _series(chart: Chart, series: Row, person: Person) -> None:
    booked = chart.at(series["booked"])
    for number, start in enumerate(_dates(chart, series)):
        key = series["key"].format(date=start.date(), year=start.year)
        visit = _visit(series, person, key=key, start=start)
        kept = chart.visit(visit)
        if not kept or start.year >= series["shown_since"]:
            chart.bookings.append(
                Booking(
                    key=visit.key,
                    start=start,
                    minutes=visit.minutes,
                    booked=booked,
                    text=series["booking"],
                    doctor=visit.doctor,
                    place=visit.place,
                    kept=kept,
                )
            )
        if not kept:
            return
        booked = start + timedelta(minutes=visit.minutes)
        take(chart, visit, series, number=number)


def _dates(chart: Chart, series: Row) -> Iterator[datetime]:
    """The dates of a series. The last rhythm has no `times`: it never ends."""
    for rhythm in series["rhythms"]:
        first, number = datetime.fromisoformat(rhythm["from"]), 0
        while number < rhythm.get("times", number + 1):
            if "days" in rhythm:
                moment = first + timedelta(days=rhythm["days"] * number)
            else:
                moment = first.replace(year=first.year + number)
            yield moment.replace(tzinfo=chart.zone)
            number += 1


def _visit(told: Row, person: Person, *, key: str, start: datetime) -> Visit:
    return Visit(
        key=key,
        start=start,
        minutes=told.get("minutes", 25),
        kind=concept(told["kind"]),
        setting=told.get("setting", "ambulatory"),
        reason=concept(told["reason"]),
        doctor=told.get("doctor", person.doctor),
        place=told.get("place", person.place),
        problems=tuple(told.get("problems", ())),
    )
