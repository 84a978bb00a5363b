"""Chained searches (hl7.org/fhir/R4/search.html#chaining)."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

RESOURCES = [
    resource("Organization", "clinic", name="Clinic", partOf={"reference": "Organization/trust"}),
    resource("Organization", "trust", name="Trust"),
    resource(
        "Patient",
        "ann",
        gender="female",
        birthDate="1970-01-01",
        managingOrganization={"reference": "Organization/clinic"},
    ),
    resource("Patient", "bob", gender="male"),
    resource("Practitioner", "bob", gender="female"),
    observation("a", status="final", subject={"reference": "Patient/ann"}),
    observation(
        "b",
        status="final",
        subject={"reference": "Patient/bob"},
        performer=[{"reference": "Practitioner/bob"}],
    ),
    observation("lost", status="final", subject={"reference": "Patient/gone"}),
    observation("c", status="amended", code=coded("x")),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_chains(fhir: Fhir, version: str) -> None:
    check(
        fhir,
        version,
        "Observation",
        RESOURCES,
        {
            "subject:Patient.gender=female": "a",
            "patient.gender=female": "a",
            "patient.gender=female,male": "a b",
            "patient.gender:not=female": "b",
            "patient.birthdate=lt1980": "a",
            "patient.birthdate:missing=true": "b",
            "patient._id=bob": "b",
            "performer:Practitioner.gender=female": "b",
            "performer:Patient.gender=female": "",
            "patient.organization.name=cli": "a",
            "patient.organization.partof.name=trust": "a",
            "patient.organization:Organization.partof:Organization.name:exact=Trust": "a",
            "patient.organization=clinic": "a",
            "patient.gender=male&status=final": "b",
            "patient.gender=male&performer:Practitioner.gender=male": "",
            "status.name=x": REFUSED,
            "patient.birthdate=abc": REFUSED,
        },
    )
