"""Condition, AllergyIntolerance, Procedure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.sandbox.hospital.fhir.shared import (
    Chartroom,
    Resource,
    instant,
    local,
    note,
    resource,
)


def problems(room: Chartroom) -> Iterator[Resource]:
    """The conditions; one that is over is resolved."""
    for problem in room.life.problems:
        onset, ended = problem.onset.isoformat(), problem.ended
        clinical = "resolved" if ended else "active"
        diagnosis = room.coded("condition-category", "diagnosis", "Diagnosis")
        listed = room.coded("condition-category", "problem-list-item", "Problem List Item")
        yield resource(
            "Condition",
            room.id("Condition", problem.key),
            updated=ended or problem.onset,
            lines=(
                problem.concept.text,
                f"Since {onset}" + (f", until {ended}" if ended else ""),
            ),
            **room.whose(),
            **room.at_visit(problem.visit),
            asserter=room.doctor(problem.doctor),
            code=room.concept(problem.concept),
            severity=room.concept(problem.severity) if problem.severity else None,
            onsetDateTime=onset,
            abatementDateTime=ended.isoformat() if ended else None,
            **room.by(
                dstu2={
                    "dateRecorded": onset,
                    "category": diagnosis,
                    "clinicalStatus": clinical,
                    "verificationStatus": "confirmed",
                    "notes": problem.note,
                },
                stu3={
                    "assertedDate": onset,
                    "category": [listed],
                    "clinicalStatus": clinical,
                    "verificationStatus": "confirmed",
                    "note": note(problem.note),
                },
                r4={
                    "recordedDate": onset,
                    "category": [listed],
                    "clinicalStatus": _status(room, "condition-clinical", clinical),
                    "verificationStatus": _status(room, "condition-ver-status", "confirmed"),
                    "note": note(problem.note),
                },
            ),
        )


def _status(room: Chartroom, system: str, code: str) -> Resource:
    return room.coded(system, code, code.title())


def allergies(room: Chartroom) -> Iterator[Resource]:
    """The allergies with what they did."""
    for allergy in room.life.allergies:
        reaction: Resource = {
            "manifestation": [room.concept(allergy.manifestation)],
            "severity": allergy.severity,
        }
        recorded = instant(allergy.recorded)
        risk = "high" if allergy.high else "low"
        what = room.concept(allergy.substance)
        yield resource(
            "AllergyIntolerance",
            room.id("AllergyIntolerance", allergy.key),
            updated=allergy.recorded,
            lines=(f"{allergy.substance.text}: {allergy.manifestation.text}",),
            recorder=room.doctor(allergy.doctor),
            patient=room.subject(),
            type_="allergy",
            **room.by(
                dstu2={
                    "recordedDate": recorded,
                    "substance": what,
                    "status": "active",
                    "criticality": "CRITH" if allergy.high else "CRITL",
                    "category": allergy.category,
                    "reaction": [{"certainty": "confirmed", **reaction}],
                },
                stu3={
                    "assertedDate": recorded,
                    "code": what,
                    "clinicalStatus": "active",
                    "verificationStatus": "confirmed",
                    "criticality": risk,
                    "category": [allergy.category],
                    "reaction": [reaction],
                },
                r4={
                    "recordedDate": recorded,
                    "code": what,
                    "clinicalStatus": _status(room, "allergyintolerance-clinical", "active"),
                    "verificationStatus": _status(
                        room, "allergyintolerance-verification", "confirmed"
                    ),
                    "criticality": risk,
                    "category": [allergy.category],
                    "reaction": [reaction],
                },
            ),
        )


def treatments(room: Chartroom) -> Iterator[Resource]:
    """The procedures."""
    for treatment in room.life.treatments:
        end = treatment.start + timedelta(minutes=treatment.minutes)
        reasons = room.conditions([treatment.reason] if treatment.reason else [])
        yield resource(
            "Procedure",
            room.id("Procedure", treatment.key),
            updated=end,
            lines=(f"{treatment.concept.text}, {treatment.start:%Y-%m-%d}", treatment.note),
            subject=room.subject(),
            status="completed",
            code=room.concept(treatment.concept),
            bodySite=[room.concept(treatment.site)] if treatment.site else None,
            reasonReference=(reasons[0] if room.old else reasons) if reasons else None,
            performer=[{"actor": room.doctor(treatment.doctor)}],
            performedPeriod={"start": local(treatment.start), "end": local(end)},
            **room.at_visit(treatment.visit),
            **{"notes" if room.old else "note": note(treatment.note)},
        )
