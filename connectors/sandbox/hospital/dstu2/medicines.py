"""MedicationOrder, MedicationStatement, Immunization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.sandbox.hospital.dstu2.shared import (
    Chartroom,
    Resource,
    concept,
    instant,
    local,
    resource,
)
from connectors.sandbox.hospital.facts import Prescription


def orders(room: Chartroom) -> Iterator[Resource]:
    """The prescriptions."""
    for order in room.life.prescriptions:
        yield resource(
            "MedicationOrder",
            room.id("MedicationOrder", order.key),
            updated=order.ended or order.written,
            lines=(order.drug.text, order.dose),
            identifier=[
                {
                    "system": "urn:oid:2.16.840.1.113883.3.999.1.16",
                    "value": room.id("rx", order.key)[:12],
                }
            ],
            dateWritten=local(order.written),
            status="completed" if order.ended else "active",
            dateEnded=order.ended.isoformat() if order.ended else None,
            patient=room.subject(),
            prescriber=room.doctor(order.doctor),
            encounter=room.visit(order.visit),
            reasonReference=room.own("Condition", order.problem),
            medicationCodeableConcept=concept(order.drug),
            dosageInstruction=[_dosage(order)],
            dispenseRequest={
                "numberOfRepeatsAllowed": order.refills,
                "quantity": {"value": 30 * max(order.times, 1), "unit": order.unit},
                "expectedSupplyDuration": {
                    "value": 30,
                    "unit": "days",
                    "system": "http://unitsofmeasure.org",
                    "code": "d",
                },
            },
        )


def _dosage(order: Prescription) -> Resource:
    dosage: dict[str, Any] = {
        "text": order.dose,
        "asNeededBoolean": order.times == 0,
        "doseQuantity": {"value": order.amount, "unit": order.unit},
    }
    if order.times:
        dosage["timing"] = {"repeat": {"frequency": order.times, "period": 1, "periodUnits": "d"}}
    return dosage


def intakes(room: Chartroom) -> Iterator[Resource]:
    """What the patient says they take."""
    for intake in room.life.intakes:
        period = {"start": intake.start.isoformat()}
        if intake.ended:
            period["end"] = intake.ended.isoformat()
        yield resource(
            "MedicationStatement",
            room.id("MedicationStatement", intake.key),
            updated=intake.ended or intake.stated,
            lines=(intake.drug.text, intake.dose),
            patient=room.subject(),
            informationSource=room.subject(),
            dateAsserted=instant(intake.stated),
            status="completed" if intake.ended else "active",
            wasNotTaken=False,
            reasonForUseReference=room.own("Condition", intake.problem) if intake.problem else None,
            effectivePeriod=period,
            supportingInformation=[room.own("MedicationOrder", intake.prescription)]
            if intake.prescription
            else None,
            medicationCodeableConcept=concept(intake.drug),
            dosage=[{"text": intake.dose}],
        )


def shots(room: Chartroom) -> Iterator[Resource]:
    """The vaccinations."""
    for shot in room.life.shots:
        yield resource(
            "Immunization",
            room.id("Immunization", shot.key),
            updated=shot.at,
            lines=(f"{shot.vaccine.text}, {shot.at:%Y-%m-%d}, lot {shot.lot}",),
            status="completed",
            date=local(shot.at),
            vaccineCode=concept(shot.vaccine),
            patient=room.subject(),
            wasNotGiven=False,
            reported=shot.reported,
            performer=None if shot.reported else room.doctor(shot.doctor),
            encounter=room.visit(shot.visit),
            manufacturer={"display": shot.maker},
            location=None if shot.reported else room.place(shot.place, "Location"),
            lotNumber=shot.lot,
            note=[{"text": f"Dose {shot.dose}"}],
        )
