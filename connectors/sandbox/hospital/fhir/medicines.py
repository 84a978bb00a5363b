"""MedicationOrder (later MedicationRequest), MedicationStatement, Immunization."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.hospital.codes import UCUM
from connectors.sandbox.hospital.facts.medicines import Prescription
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, instant, local, resource


def order_type(room: Chartroom) -> str:
    """What an order of a drug is called."""
    return "MedicationOrder" if room.old else "MedicationRequest"


def orders(room: Chartroom) -> Iterator[Resource]:
    """The prescriptions."""
    type_ = order_type(room)
    for order in room.life.prescriptions:
        written, doctor = local(order.written), room.doctor(order.doctor)
        reasons = room.conditions([order.problem])
        later = {"authoredOn": written, "intent": "order", "reasonReference": reasons}
        yield resource(
            type_,
            room.id(type_, order.key),
            updated=order.ended or order.written,
            lines=(order.drug.text, order.dose),
            identifier=[
                {
                    "system": "urn:oid:2.16.840.1.113883.3.999.1.16",
                    "value": room.id("rx", order.key)[:12],
                }
            ],
            status="completed" if order.ended else "active",
            **room.whose(),
            **room.at_visit(order.visit),
            medicationCodeableConcept=room.concept(order.drug),
            dosageInstruction=[_dosage(room, order)],
            dispenseRequest={
                "numberOfRepeatsAllowed": order.refills,
                "quantity": {"value": 30 * max(order.times, 1), "unit": order.unit},
                "expectedSupplyDuration": {
                    "value": 30,
                    "unit": "days",
                    "system": UCUM,
                    "code": "d",
                },
            },
            **room.by(
                dstu2={
                    "dateWritten": written,
                    "dateEnded": order.ended.isoformat() if order.ended else None,
                    "prescriber": doctor,
                    "reasonReference": reasons[0] if reasons else None,
                },
                stu3={**later, "requester": {"agent": doctor}},
                r4={**later, "requester": doctor},
            ),
        )


def _dosage(room: Chartroom, order: Prescription) -> Resource:
    dose = {"doseQuantity": {"value": order.amount, "unit": order.unit}}
    dosage: Resource = {
        "text": order.dose,
        "asNeededBoolean": order.times == 0,
        **room.by(dstu2=dose, stu3=dose, r4={"doseAndRate": [dose]}),
    }
    if order.times:
        unit = "periodUnits" if room.old else "periodUnit"
        dosage["timing"] = {"repeat": {"frequency": order.times, "period": 1, unit: "d"}}
    return dosage


def intakes(room: Chartroom) -> Iterator[Resource]:
    """What the patient says they take."""
    for intake in room.life.intakes:
        period = {"start": intake.start.isoformat()}
        if intake.ended:
            period["end"] = intake.ended.isoformat()
        reasons = room.conditions([intake.problem] if intake.problem else [])
        ordered = [room.own(order_type(room), intake.prescription)] if intake.prescription else []
        later = {"reasonReference": reasons, "basedOn": ordered}
        yield resource(
            "MedicationStatement",
            room.id("MedicationStatement", intake.key),
            updated=intake.ended or intake.stated,
            lines=(intake.drug.text, intake.dose),
            **room.whose(),
            informationSource=room.subject(),
            dateAsserted=instant(intake.stated),
            status="completed" if intake.ended else "active",
            effectivePeriod=period,
            medicationCodeableConcept=room.concept(intake.drug),
            dosage=[{"text": intake.dose}],
            **room.by(
                dstu2={
                    "wasNotTaken": False,
                    "reasonForUseReference": reasons[0] if reasons else None,
                    "supportingInformation": ordered,
                },
                stu3={"taken": "y", **later},
                r4=later,
            ),
        )


def shots(room: Chartroom) -> Iterator[Resource]:
    """The vaccinations."""
    for shot in room.life.shots:
        given = local(shot.at)
        doctor = None if shot.reported else room.doctor(shot.doctor)
        dose = [{"doseNumberPositiveInt": shot.dose}]
        yield resource(
            "Immunization",
            room.id("Immunization", shot.key),
            updated=shot.at,
            lines=(f"{shot.vaccine.text}, {shot.at:%Y-%m-%d}, lot {shot.lot}",),
            status="completed",
            vaccineCode=room.concept(shot.vaccine),
            patient=room.subject(),
            encounter=room.visit(shot.visit),
            manufacturer={"display": shot.maker},
            location=None if shot.reported else room.place(shot.place, "Location"),
            lotNumber=shot.lot,
            note=[{"text": f"Dose {shot.dose}"}],
            **room.by(
                dstu2={
                    "date": given,
                    "wasNotGiven": False,
                    "reported": shot.reported,
                    "performer": doctor,
                },
                stu3={
                    "date": given,
                    "notGiven": False,
                    "primarySource": not shot.reported,
                    "practitioner": [{"actor": doctor}] if doctor else None,
                },
                r4={
                    "occurrenceDateTime": given,
                    "primarySource": not shot.reported,
                    "performer": [{"actor": doctor}] if doctor else None,
                    "protocolApplied": dose,
                },
            ),
        )
