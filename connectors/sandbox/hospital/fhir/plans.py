"""Goal and CarePlan."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, instant, local, resource


def aims(room: Chartroom) -> Iterator[Resource]:
    """The goals."""
    for aim in room.life.aims:
        target = aim.target.isoformat() if aim.target else None
        due = {"dueDate": target} if target else None
        achieved = aim.status == "achieved"
        yield resource(
            "Goal",
            room.id("Goal", aim.key),
            updated=aim.start,
            lines=(f"{aim.text} ({aim.status})",),
            subject=room.subject(),
            startDate=aim.start.isoformat(),
            addresses=room.conditions([aim.problem]),
            description=aim.text if room.old else {"text": aim.text},
            **{"author" if room.old else "expressedBy": room.doctor(aim.doctor)},
            **room.by(
                dstu2={"status": aim.status, "targetDate": target},
                stu3={"status": aim.status, "target": due},
                r4={
                    "target": [due] if due else None,
                    "lifecycleStatus": "completed" if achieved else "active",
                    "achievementStatus": room.coded(
                        "goal-achievement",
                        "achieved" if achieved else "in-progress",
                        "Achieved" if achieved else "In Progress",
                    ),
                },
            ),
        )


def plans(room: Chartroom) -> Iterator[Resource]:
    """The care plans."""
    for plan in room.life.plans:
        doctor = room.doctor(plan.doctor)
        later = {"title": plan.title, "intent": "plan"}
        forbidden = "doNotPerform" if room.version == "r4" else "prohibited"
        yield resource(
            "CarePlan",
            room.id("CarePlan", plan.key),
            updated=plan.recorded,
            lines=(plan.title, *plan.activities),
            subject=room.subject(),
            status="active",
            period={"start": plan.start.isoformat()},
            category=[room.concept(plan.category)],
            description=plan.title,
            addresses=room.conditions(plan.problems),
            goal=[room.own("Goal", key) for key in plan.aims],
            activity=[
                {"detail": {"status": "in-progress", forbidden: False, "description": activity}}
                for activity in plan.activities
            ],
            **room.by(
                dstu2={"author": [doctor], "modified": instant(plan.recorded)},
                stu3={"author": [doctor], **later},
                r4={"author": doctor, "created": local(plan.recorded), **later},
            ),
        )
