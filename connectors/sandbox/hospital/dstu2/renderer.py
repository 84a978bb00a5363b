"""DSTU2 as the hospital's server speaks it."""

from __future__ import annotations

from connectors.sandbox.hospital.dstu2.findings import observation
from connectors.sandbox.hospital.dstu2.record import record
from connectors.sandbox.hospital.dstu2.shared import Chartroom, Resource
from connectors.sandbox.hospital.facts import Life, Reading
from connectors.sandbox.hospital.hospital import Renderer


def _result(life: Life, reading: Reading) -> Resource:
    return observation(Chartroom(life=life), reading)


_PATIENT, _SUBJECT = ("patient",), ("subject",)

DSTU2 = Renderer(
    version="dstu2",
    fhir_version="1.0.2",
    media="application/json+fhir; charset=utf-8",
    record=record,
    result=_result,
    patient_element={
        "AllergyIntolerance": _PATIENT,
        "Appointment": ("participant.actor",),
        "CarePlan": _SUBJECT,
        "Condition": _PATIENT,
        "Device": _PATIENT,
        "DiagnosticReport": _SUBJECT,
        "DocumentReference": _SUBJECT,
        "Encounter": _PATIENT,
        "FamilyMemberHistory": _PATIENT,
        "Goal": _SUBJECT,
        "Immunization": _PATIENT,
        "MedicationOrder": _PATIENT,
        "MedicationStatement": _PATIENT,
        "Observation": _SUBJECT,
        "Procedure": _SUBJECT,
    },
    binary_content="content",
)
