"""The simulated hospitals.

A further one is an entry here: its accounts, their lives, its FHIR version.
"""

from __future__ import annotations

from connectors.sandbox.hospital.dstu2.renderer import DSTU2
from connectors.sandbox.hospital.hospital import Hospital, Record
from connectors.sandbox.hospital.people import emma, jason
from connectors.sandbox.house import Account, Group

_EPIC = "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"

DSTU2_GROUPS = (
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
        opens=("MedicationOrder", "MedicationStatement", "Immunization"),
    ),
    Group(
        key="visits",
        title="Visits, procedures and plans",
        opens=("Encounter", "Procedure", "Appointment", "CarePlan", "Goal", "Device"),
    ),
    Group(key="documents", title="Documents", opens=("DocumentReference", "Binary")),
)
"""Patient, Practitioner, Organization, Location: always shared, the rest cannot be read without."""

SANDBOX_GENERAL = Hospital(
    system=4706,
    kind="clinical",
    name="Sandbox General Hospital",
    initials="SG",
    notice="Simulated hospital. Do not enter real data.",
    what="record",
    accounts=(
        Account(
            username="fhirjason",
            password="epicepic1",
            name="Jason Halloran",
            line="58, diabetes type 2",
            subject=jason.PATIENT,
            base=_EPIC,
        ),
        Account(
            username="fhiremma",
            password="epicepic1",
            name="Emma Lindqvist",
            line="34, asthma, one child",
            subject=emma.PATIENT,
            base=_EPIC,
        ),
    ),
    groups=DSTU2_GROUPS,
    renderer=DSTU2,
    records={
        jason.PATIENT: Record(life=jason.life, monitor=jason.MONITOR),
        emma.PATIENT: Record(life=emma.life, monitor=emma.MONITOR),
    },
)

HOSPITALS = (SANDBOX_GENERAL,)


def hospital(system: int) -> Hospital | None:
    """The hospital of a catalogue number."""
    return next((house for house in HOSPITALS if house.system == system), None)
