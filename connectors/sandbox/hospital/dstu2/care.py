"""Encounter, Condition, AllergyIntolerance, Procedure, CarePlan, Goal, Appointment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.sandbox.hospital.dstu2.shared import (
    Chartroom,
    Resource,
    coded,
    concept,
    instant,
    local,
    resource,
)


def visits(room: Chartroom) -> Iterator[Resource]:
    """The encounters, each with what it was about."""
    known = {problem.key for problem in room.life.problems}
    for visit in room.life.visits:
        end = visit.start + timedelta(minutes=visit.minutes)
        yield resource(
            "Encounter",
            room.id("Encounter", visit.key),
            updated=end,
            lines=(f"{visit.kind.text}, {visit.start:%Y-%m-%d}: {visit.reason.text}",),
            status="finished",
            class_=visit.setting,
            type_=[concept(visit.kind)],
            patient=room.subject(),
            participant=[
                {
                    "type": [coded("http://hl7.org/fhir/v3/ParticipationType", "ATND", "attender")],
                    "individual": room.doctor(visit.doctor),
                }
            ],
            period={"start": local(visit.start), "end": local(end)},
            reason=[concept(visit.reason)],
            indication=[room.own("Condition", key) for key in visit.problems if key in known],
            location=[{"location": room.place(visit.place, "Location"), "status": "completed"}],
            serviceProvider=room.place(visit.place),
        )


def problems(room: Chartroom) -> Iterator[Resource]:
    """The conditions; one that is over is resolved."""
    for problem in room.life.problems:
        ended = problem.ended
        yield resource(
            "Condition",
            room.id("Condition", problem.key),
            updated=ended or problem.onset,
            lines=(
                problem.concept.text,
                f"Since {problem.onset}" + (f", until {ended}" if ended else ""),
            ),
            patient=room.subject(),
            encounter=room.visit(problem.visit),
            asserter=room.doctor(problem.doctor),
            dateRecorded=problem.onset.isoformat(),
            code=concept(problem.concept),
            category=coded("http://hl7.org/fhir/condition-category", "diagnosis", "Diagnosis"),
            clinicalStatus="resolved" if ended else "active",
            verificationStatus="confirmed",
            severity=concept(problem.severity) if problem.severity else None,
            onsetDateTime=problem.onset.isoformat(),
            abatementDateTime=ended.isoformat() if ended else None,
            notes=problem.note,
        )


def allergies(room: Chartroom) -> Iterator[Resource]:
    """The allergies with what they did."""
    for allergy in room.life.allergies:
        yield resource(
            "AllergyIntolerance",
            room.id("AllergyIntolerance", allergy.key),
            updated=allergy.recorded,
            lines=(f"{allergy.substance.text}: {allergy.manifestation.text}",),
            recordedDate=instant(allergy.recorded),
            recorder=room.doctor(allergy.doctor),
            patient=room.subject(),
            substance=concept(allergy.substance),
            status="active",
            criticality="CRITH" if allergy.high else "CRITL",
            type_="allergy",
            category=allergy.category,
            reaction=[
                {
                    "certainty": "confirmed",
                    "manifestation": [concept(allergy.manifestation)],
                    "severity": allergy.severity,
                }
            ],
        )


def treatments(room: Chartroom) -> Iterator[Resource]:
    """The procedures."""
    for treatment in room.life.treatments:
        end = treatment.start + timedelta(minutes=treatment.minutes)
        reason = treatment.reason
        yield resource(
            "Procedure",
            room.id("Procedure", treatment.key, treatment.source_id),
            updated=end,
            lines=(f"{treatment.concept.text}, {treatment.start:%Y-%m-%d}", treatment.note),
            subject=room.subject(),
            status="completed",
            code=concept(treatment.concept),
            bodySite=[concept(treatment.site)] if treatment.site else None,
            reasonReference=room.own("Condition", reason) if reason else None,
            performer=[{"actor": room.doctor(treatment.doctor)}],
            performedPeriod={"start": local(treatment.start), "end": local(end)},
            encounter=room.visit(treatment.visit),
            notes=[{"text": treatment.note}] if treatment.note else None,
        )


def aims(room: Chartroom) -> Iterator[Resource]:
    """The goals."""
    for aim in room.life.aims:
        yield resource(
            "Goal",
            room.id("Goal", aim.key),
            updated=aim.start,
            lines=(f"{aim.text} ({aim.status})",),
            subject=room.subject(),
            startDate=aim.start.isoformat(),
            targetDate=aim.target.isoformat() if aim.target else None,
            description=aim.text,
            status=aim.status,
            author=room.doctor(aim.doctor),
            addresses=[room.own("Condition", aim.problem)],
        )


def plans(room: Chartroom) -> Iterator[Resource]:
    """The care plans."""
    for plan in room.life.plans:
        yield resource(
            "CarePlan",
            room.id("CarePlan", plan.key, plan.source_id),
            updated=plan.recorded,
            lines=(plan.title, *plan.activities),
            subject=room.subject(),
            status="active",
            period={"start": plan.start.isoformat()},
            author=[room.doctor(plan.doctor)],
            modified=instant(plan.recorded),
            category=[concept(plan.category)],
            description=plan.title,
            addresses=[room.own("Condition", key) for key in plan.problems],
            goal=[room.own("Goal", key) for key in plan.aims],
            activity=[
                {
                    "detail": {
                        "status": "in-progress",
                        "prohibited": False,
                        "description": activity,
                    }
                }
                for activity in plan.activities
            ],
        )


def bookings(room: Chartroom) -> Iterator[Resource]:
    """The appointments, kept and ahead."""
    for booking in room.life.bookings:
        end = booking.start + timedelta(minutes=booking.minutes)
        people = (
            room.subject(),
            room.doctor(booking.doctor),
            room.place(booking.place, "Location"),
        )
        yield resource(
            "Appointment",
            room.id("Appointment", booking.key),
            updated=end if booking.kept else booking.booked,
            lines=(f"{booking.text}, {booking.start:%Y-%m-%d %H:%M}",),
            status="fulfilled" if booking.kept else "booked",
            description=booking.text,
            start=instant(booking.start),
            end=instant(end),
            minutesDuration=booking.minutes,
            participant=[
                {"actor": actor, "required": "required", "status": "accepted"} for actor in people
            ],
        )
