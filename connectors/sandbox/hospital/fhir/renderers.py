"""The FHIR versions as hospitals' servers speak them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.sandbox.hospital.fhir.documents import binary_content


@dataclass(frozen=True, kw_only=True)
class Renderer:
    """A FHIR version as a server speaks it."""

    version: str  # "dstu2", "stu3", "r4"
    fhir_version: str  # "1.0.2"
    media: str  # the content type of its answers
    patient_element: Mapping[str, Sequence[str]]  # type -> paths of the reference to the patient
    binary_content: str  # the element of Binary that holds the bytes


_PATIENT, _SUBJECT = ("patient",), ("subject",)
_ALWAYS = {
    "AllergyIntolerance": _PATIENT,
    "Appointment": ("participant.actor",),
    "CarePlan": _SUBJECT,
    "Device": _PATIENT,
    "DiagnosticReport": _SUBJECT,
    "DocumentReference": _SUBJECT,
    "FamilyMemberHistory": _PATIENT,
    "Goal": _SUBJECT,
    "Immunization": _PATIENT,
    "Observation": _SUBJECT,
    "Procedure": _SUBJECT,
}
_LATER = {
    **_ALWAYS,
    "Condition": _SUBJECT,
    "Coverage": ("beneficiary",),
    "Encounter": _SUBJECT,
    "ExplanationOfBenefit": _PATIENT,
    "MedicationRequest": _SUBJECT,
    "MedicationStatement": _SUBJECT,
}

DSTU2 = Renderer(
    version="dstu2",
    fhir_version="1.0.2",
    media="application/json+fhir; charset=utf-8",
    patient_element={
        **_ALWAYS,
        "Condition": _PATIENT,
        "Encounter": _PATIENT,
        "MedicationOrder": _PATIENT,
        "MedicationStatement": _PATIENT,
    },
    binary_content=binary_content("dstu2"),
)
STU3 = Renderer(
    version="stu3",
    fhir_version="3.0.1",
    media="application/fhir+json; charset=utf-8",
    patient_element={**_LATER, "ReferralRequest": _SUBJECT},
    binary_content=binary_content("stu3"),
)
R4 = Renderer(
    version="r4",
    fhir_version="4.0.1",
    media="application/fhir+json; charset=utf-8",
    patient_element={**_LATER, "ServiceRequest": _SUBJECT},
    binary_content=binary_content("r4"),
)
