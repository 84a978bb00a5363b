"""Prescriptions, what the person says they take, vaccinations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from connectors.sandbox.hospital.codes import concept
from connectors.sandbox.hospital.facts.medicines import Intake, Prescription, Shot
from connectors.sandbox.hospital.facts.people import Person
from connectors.sandbox.hospital.story.book import Row
from connectors.sandbox.hospital.story.chart import Chart

MAKER = "Sample Vaccines Inc."


def prescriptions(chart: Chart, told: Row, person: Person) -> tuple[Prescription, ...]:
    """What was ordered so far, at the visit that is named or was that day; an end that lies ahead
    is not known yet.
    """
    that_day = {visit.start.date(): visit.key for visit in chart.visits}
    found = [
        Prescription(
            key=row["key"],
            drug=concept(row["drug"]),
            visit=row.get("visit") or that_day.get(chart.at(row["written"]).date(), ""),
            written=chart.at(row["written"]),
            ended=chart.ended(row.get("ended")),
            problem=row["problem"],
            doctor=row.get("doctor", person.doctor),
            dose=row["dose"],
            times=row["times"],
            amount=row.get("amount", 1),
            unit=row.get("unit", "tablet"),
        )
        for row in told.get("orders", ())
    ]
    return chart.past((order.written, order) for order in found)


def intakes(chart: Chart, told: Row, ordered: Sequence[Prescription]) -> tuple[Intake, ...]:
    """What the person takes: all that was ordered, and what they bought themselves."""
    return chart.past((intake.stated, intake) for intake in _intakes(chart, told, ordered))


def _intakes(chart: Chart, told: Row, ordered: Sequence[Prescription]) -> Iterator[Intake]:
    for order in ordered:
        yield Intake(
            key=order.key,
            drug=order.drug,
            stated=order.written + timedelta(minutes=1),
            start=order.written.date(),
            ended=order.ended,
            dose=order.dose,
            prescription=order.key,
            problem=order.problem,
        )
    for row in told.get("intakes", ()):
        yield Intake(
            key=row["key"],
            drug=concept(row["drug"]),
            stated=chart.at(row["stated"]),
            start=date.fromisoformat(row["start"]),
            ended=chart.ended(row.get("ended")),
            dose=row["dose"],
            problem=row.get("problem"),
        )


def shots(chart: Chart, told: Row, person: Person) -> tuple[Shot, ...]:
    """The vaccinations so far; a `yearly` one came on that day of every year."""
    found = []
    for row in told.get("shots", ()):
        years: Sequence[int | None] = (None,)
        if "yearly" in row:
            years = range(row["since"], chart.now.year + 1)
        for year in years:
            at = chart.at(row["at"] if year is None else f"{year}-{row['yearly']}")
            vaccine, visit = concept(row["vaccine"]), row.get("visit")
            found.append(
                Shot(
                    key=f"{at.date()}/{vaccine.codings[0][1]}",
                    vaccine=vaccine,
                    at=at,
                    lot=row["lot"].format(year=at.year),
                    maker=MAKER,
                    visit=visit.format(year=at.year) if visit else None,
                    doctor=person.doctor,
                    place=person.place,
                    reported=row.get("reported", False),
                    dose=row.get("dose", 1),
                )
            )
    return chart.past((shot.at, shot) for shot in found)
