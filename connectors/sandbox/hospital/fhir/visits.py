"""Encounter, Appointment, ReferralRequest (in R4 ServiceRequest)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.sandbox.hospital.facts.care import Visit
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, instant, local, resource

_CLASSES = {
    "ambulatory": ("AMB", "ambulatory"),
    "outpatient": ("AMB", "ambulatory"),
    "emergency": ("EMER", "emergency"),
    "inpatient": ("IMP", "inpatient encounter"),
}


def visits(room: Chartroom) -> Iterator[Resource]:
    """The encounters, each with what it was about."""
    for visit in room.life.visits:
        end = visit.start + timedelta(minutes=visit.minutes)
        reason, indications = [room.concept(visit.reason)], room.conditions(visit.problems)
        diagnoses = [{"condition": indication} for indication in indications]
        yield resource(
            "Encounter",
            room.id("Encounter", visit.key),
            updated=end,
            lines=(f"{visit.kind.text}, {visit.start:%Y-%m-%d}: {visit.reason.text}",),
            status="finished",
            class_=visit.setting if room.old else _class(room, visit),
            type_=[room.concept(visit.kind)],
            **room.whose(),
            participant=[
                {
                    "type": [room.coded("v3/ParticipationType", "ATND", "attender")],
                    "individual": room.doctor(visit.doctor),
                }
            ],
            period={"start": local(visit.start), "end": local(end)},
            **room.by(
                dstu2={"reason": reason, "indication": indications},
                stu3={"reason": reason, "diagnosis": diagnoses},
                r4={"reasonCode": reason, "diagnosis": diagnoses},
            ),
            location=[{"location": room.place(visit.place, "Location"), "status": "completed"}],
            serviceProvider=room.place(visit.place),
        )


def _class(room: Chartroom, visit: Visit) -> Resource:
    code, text = _CLASSES[visit.setting]
    return {"system": room.system("v3/ActCode"), "code": code, "display": text}


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


def referrals(room: Chartroom) -> Iterator[Resource]:
    """The referrals to other doctors, from STU3 on."""
    type_ = "ServiceRequest" if room.version == "r4" else "ReferralRequest"
    for referral in room.life.referrals:
        by, to = room.doctor(referral.doctor), [room.doctor(referral.to)]
        what = room.concept(referral.specialty)
        yield resource(
            type_,
            room.id(type_, referral.key),
            updated=referral.written,
            lines=(f"Referral to {referral.specialty.text}: {referral.reason.text}",),
            status="completed",
            intent="order",
            subject=room.subject(),
            **room.at_visit(referral.visit),
            authoredOn=local(referral.written),
            reasonCode=[room.concept(referral.reason)],
            **room.by(
                dstu2={},
                stu3={"requester": {"agent": by}, "recipient": to, "specialty": what},
                r4={"requester": by, "performer": to, "code": what},
            ),
        )
