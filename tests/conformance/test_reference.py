"""Reference searches (hl7.org/fhir/R4/search.html#reference)."""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.conformance.tables import REFUSED, check, observation, resource
from tests.fhirstore.fhir_client import Fhir

ELSEWHERE = "https://other.example/fhir/Patient/1"
REFERRING = [
    observation("one", subject={"reference": "Patient/1"}, device={"reference": "Device/1"}),
    observation("two", subject={"reference": "Patient/2"}),
    observation("version", subject={"reference": "Patient/1/_history/4"}),
    observation("group", subject={"reference": "Group/1"}),
    observation("elsewhere", subject={"reference": ELSEWHERE}),
    observation("contained", subject={"reference": "#1"}),
    observation("spoken", subject={"display": "Patient/1"}),
    observation("known", subject={"identifier": {"system": "urn:mrn", "value": "77"}}),
    observation("nobody"),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_spellings(fhir: Fhir, version: str) -> None:
    base = settings.PUBLIC_BASE_URL
    own = [
        observation("full", subject={"reference": f"{base}/fhir/{version}/Patient/3"}),
        observation("short", subject={"reference": f"{base}/{version}/Patient/3/_history/1"}),
        resource("Patient", "3", gender="female"),
    ]
    check(
        fhir,
        version,
        "Observation",
        [*REFERRING, *own],
        {
            "subject=Patient/3": "full short",
            "patient=3": "full short",
            "subject=Patient/3/_history/1": "short",
            f"subject={base}/fhir/{version}/Patient/3/_history/1": "short",
            "subject=Patient/3/_history/2": "",
            f"patient={base}/{version}/Patient/3": "full short",
            "patient.gender=female": "full short",
            f"subject={ELSEWHERE}/_history/2": "",
            f"subject:Patient={ELSEWHERE}": "elsewhere",
            f"subject:Group={ELSEWHERE}": "",
            "subject=1": "one version group",
            "subject=Patient/1": "one version",
            "subject=Group/1": "group",
            "subject=Patient/1,Patient/2": "one two version",
            "subject=Patient/1/_history/4": "version",
            f"subject={base}/fhir/{version}/Patient/1": "one version",
            f"subject={base}/{version}/Patient/1": "one version",
            f"subject={ELSEWHERE}": "elsewhere",
            "subject=https://other.example/fhir/Patient/2": "",
            "subject:Patient=1": "one version",
            "subject:Group=1": "group",
            "subject:Patient=Patient/2": "two",
            "patient=1": "one version",
            "patient=Patient/1": "one version",
            "patient=2&device=1": "",
            "patient=1&device=Device/1": "one",
            "device:missing=false": "one",
            "subject:missing=true": "nobody",
            "subject:identifier=77": "known",
            "subject:identifier=urn:mrn|77": "known",
            "subject:identifier=urn:other|77": "",
            "subject:identifier=|77": "",
            "subject:Nonsense=1": REFUSED,
            "subject:exact=1": REFUSED,
        },
    )
