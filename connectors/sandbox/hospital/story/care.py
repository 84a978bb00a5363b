"""What stands in lists: problems, allergies, relatives, goals, plans, devices, referrals."""

from __future__ import annotations

from datetime import date

from connectors.sandbox.hospital.codes import concept
from connectors.sandbox.hospital.facts.care import Aim, Allergy, Plan, Problem
from connectors.sandbox.hospital.facts.payer import Referral
from connectors.sandbox.hospital.facts.people import Implement, Person, Relative
from connectors.sandbox.hospital.story.book import Row
from connectors.sandbox.hospital.story.chart import Chart


def problems(chart: Chart, told: Row, person: Person) -> tuple[Problem, ...]:
    """The problems found so far."""
    return tuple(
        Problem(
            key=row["key"],
            concept=concept(row["concept"]),
            onset=date.fromisoformat(row["onset"]),
            ended=chart.ended(row.get("ended")),
            visit=row.get("visit"),
            doctor=row.get("doctor", person.doctor),
            severity=concept(row["severity"]) if "severity" in row else None,
        )
        for row in told.get("problems", ())
        if chart.known(date.fromisoformat(row["onset"]))
    )


def allergies(chart: Chart, told: Row, person: Person) -> tuple[Allergy, ...]:
    """The allergies recorded so far."""
    found = [
        Allergy(
            key=row["key"],
            substance=concept(row["substance"]),
            category=row["category"],
            high=row.get("high", False),
            recorded=chart.at(row["recorded"]),
            manifestation=concept(row["manifestation"]),
            severity=row["severity"],
            doctor=row.get("doctor", person.doctor),
        )
        for row in told.get("allergies", ())
    ]
    return chart.past((allergy.recorded, allergy) for allergy in found)


def relatives(chart: Chart, told: Row) -> tuple[Relative, ...]:
    """The family history told so far."""
    found = [
        Relative(
            key=row["key"],
            relationship=concept(row["relationship"]),
            name=row["name"],
            gender=row["gender"],
            born=row["born"],
            died_at=row.get("died_at"),
            problems=tuple((concept(key), age) for key, age in row["problems"].items()),
            recorded=chart.at(row["recorded"]),
            nameless=row.get("nameless", False),
        )
        for row in told.get("relatives", ())
    ]
    return chart.past((relative.recorded, relative) for relative in found)


def aims(chart: Chart, told: Row, person: Person) -> tuple[Aim, ...]:
    """The goals set so far."""
    found = [
        Aim(
            key=row["key"],
            text=row["text"],
            start=date.fromisoformat(row["start"]),
            target=date.fromisoformat(row["target"]) if "target" in row else None,
            status=row["status"],
            problem=row["problem"],
            doctor=row.get("doctor", person.doctor),
        )
        for row in told.get("aims", ())
    ]
    return chart.past((aim.start, aim) for aim in found)


def plans(chart: Chart, told: Row, person: Person) -> tuple[Plan, ...]:
    """The plans made so far, each with its goals and problems of today."""
    known = {aim.key for aim in aims(chart, told, person)}
    found = {problem.key for problem in problems(chart, told, person)}
    made = [
        Plan(
            key=row["key"],
            title=row["title"],
            category=concept(row["category"]),
            start=chart.at(row["recorded"]).date(),
            recorded=chart.at(row["recorded"]),
            problems=tuple(key for key in row["problems"] if key in found),
            aims=tuple(key for key in row["aims"] if key in known),
            activities=tuple(row["activities"]),
            doctor=row.get("doctor", person.doctor),
        )
        for row in told.get("plans", ())
    ]
    return chart.past((plan.recorded, plan) for plan in made)


def implements(chart: Chart, told: Row, person: Person) -> tuple[Implement, ...]:
    """The devices handed out so far."""
    found = [
        Implement(
            key=row["key"],
            concept=concept(row["concept"]),
            maker=row["maker"],
            model=row["model"],
            serial=row["serial"],
            made=date.fromisoformat(row["made"]),
            handed_out=chart.at(row["handed_out"]),
            place=row.get("place", person.place),
        )
        for row in told.get("implements", ())
    ]
    return chart.past((item.handed_out, item) for item in found)


def referrals(chart: Chart, told: Row, person: Person) -> tuple[Referral, ...]:
    """The referrals written so far."""
    found = [
        Referral(
            key=row["key"],
            specialty=concept(row["specialty"]),
            reason=concept(row["reason"]),
            written=chart.at(row["written"]),
            visit=row["visit"],
            doctor=row.get("doctor", person.doctor),
            to=row["to"],
        )
        for row in told.get("referrals", ())
    ]
    return chart.past((referral.written, referral) for referral in found)
