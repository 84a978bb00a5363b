"""Reverse chains (hl7.org/fhir/R4/search.html#has)."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

RESOURCES = [
    resource(
        "Patient", "ann", gender="female", managingOrganization={"reference": "Organization/o"}
    ),
    resource("Patient", "bob", gender="male"),
    resource("Patient", "cid", gender="male"),
    resource("Organization", "o", name="Clinic"),
    resource("Encounter", "e"),
    observation("1", code=coded("x"), status="final", subject={"reference": "Patient/ann"}),
    observation("2", code=coded("y"), status="final", subject={"reference": "Patient/bob"}),
    observation("3", code=coded("x"), status="amended", subject={"reference": "Patient/bob"}),
    observation("4", code=coded("x"), subject={"reference": "Patient/gone"}),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_has(fhir: Fhir, version: str) -> None:
    observed = "_has:Observation:patient"
    check(
        fhir,
        version,
        "Patient",
        RESOURCES,
        {
            f"{observed}:code=x": "ann bob",
            f"{observed}:code=y": "bob",
            f"{observed}:code=x,y": "ann bob",
            f"{observed}:code=z": "",
            f"{observed}:code:not=x": "bob",
            f"{observed}:status:missing=false": "ann bob",
            # two of them need not be the same Observation
            f"{observed}:code=x&{observed}:status=final": "ann bob",
            f"{observed}:code=x&gender=female": "ann",
            f"{observed}:patient.gender=male": "bob",
            "organization._has:Patient:organization:gender=female": "ann",
            "_has:Nonsense:patient:code=x": REFUSED,
            "_has:Observation:code:code=x": REFUSED,
            "_has:Observation:patient=x": REFUSED,
        },
    )


def test_has_within_has(fhir: Fhir) -> None:
    check(
        fhir,
        "r4",
        "Organization",
        RESOURCES,
        {
            "_has:Patient:organization:_has:Observation:patient:code=x": "o",
            "_has:Patient:organization:_has:Observation:patient:code=y": "",
            "_has:Patient:organization:gender=male": "",
        },
    )
