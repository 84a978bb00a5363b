"""The tick boxes of the consent page, for what a FHIR version has."""

from __future__ import annotations

from connectors.sandbox.hospital.fhir.renderers import Renderer
from connectors.sandbox.house import Group

_GROUPS = (
    Group(
        key="conditions",
        title="Conditions and allergies",
        opens=("Condition", "AllergyIntolerance", "FamilyMemberHistory"),
    ),
    Group(
        key="results",
        title="Lab results and vital signs",
        opens=("Observation", "DiagnosticReport"),
    ),
    Group(
        key="medications",
        title="Medications and vaccinations",
        opens=("MedicationOrder", "MedicationRequest", "MedicationStatement", "Immunization"),
    ),
    Group(
        key="visits",
        title="Visits, procedures and plans",
        opens=(
            "Encounter",
            "Procedure",
            "Appointment",
            "CarePlan",
            "Goal",
            "Device",
            "ReferralRequest",
            "ServiceRequest",
        ),
    ),
    Group(key="claims", title="Insurance and claims", opens=("Coverage", "ExplanationOfBenefit")),
    Group(key="documents", title="Documents", opens=("DocumentReference", "Binary")),
)


def groups(renderer: Renderer) -> tuple[Group, ...]:
    """The groups of a hospital. Patient, Practitioner, Organization and Location are always
    shared: the rest cannot be read without.
    """
    offered = {*renderer.patient_element, "Binary"}
    found = []
    for group in _GROUPS:
        opens = tuple(name for name in group.opens if name in offered)
        if opens:
            found.append(Group(key=group.key, title=group.title, opens=opens))
    return tuple(found)
