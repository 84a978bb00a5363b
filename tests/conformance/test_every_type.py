"""Parameters of every type: `_id`, `_lastUpdated`, `_tag`, `_security`, `_profile`, `_source`
(hl7.org/fhir/R4/search.html#all)."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, observation
from tests.fhirstore.fhir_client import Fhir

RESOURCES = [
    observation("1", meta={"tag": [{"system": "urn:t", "code": "red"}, {"code": "Big"}]}),
    observation("2", meta={"tag": [{"code": "red"}], "profile": ["http://example.org/p|2"]}),
    observation("10", meta={"security": [{"system": "urn:s", "code": "R"}]}),
    observation("plain"),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_of_every_type(fhir: Fhir, version: str) -> None:
    check(
        fhir,
        version,
        "Observation",
        RESOURCES,
        {
            "_id=1": "1",
            "_id=1,10,unknown": "1 10",
            "_id=1&_id=10": "",
            "_tag=RED": "1 2",
            "_tag=urn:t|red": "1",
            "_tag=|red": "2",
            "_tag=urn:t|": "1",
            "_tag=red&_tag=big": "1",
            "_security=r": "10",
            "_security=urn:s|": "10",
            "_profile=http://example.org/p": "2",
            "_profile=http://example.org/p|2": "2",
            "_profile=http://example.org/p|1": "",
            "_lastUpdated=gt2020": "1 2 10 plain",
            "_lastUpdated=lt2020": "",
            "_lastUpdated=ge2020&_lastUpdated=lt2021": "",
            "_lastUpdated=often": REFUSED,
            "_tag:odd=x": REFUSED,
        },
    )


def test_the_source(fhir: Fhir) -> None:
    sources = [
        observation("a", meta={"source": "1up-external-system:4706"}),
        observation("b", meta={"source": "https://hospital.example/fhir"}),
        observation("c"),
    ]
    check(
        fhir,
        "r4",
        "Observation",
        sources,
        {
            "_source=1up-external-system:4706": "a",
            "_source=https://hospital.example/fhir": "b",
            "_source=https://hospital.example": "",
        },
    )
