"""Token modifiers that look beyond the code: `:text`, `:of-type`, `:in`, `:not-in`
(hl7.org/fhir/R4/search.html#token)."""

from __future__ import annotations

import pytest

from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

LOINC = "http://loinc.org"
RESOURCES = [
    observation("text", code={"text": "Body weight"}),
    observation("display", code={"coding": [{"code": "w", "display": "Body mass"}]}),
    observation("code", code=coded(f"{LOINC}|Body")),
    observation("other", code=coded(f"{LOINC}|x", "urn:y|w")),
    observation("none"),
    resource(
        "ValueSet",
        "weights",
        url="http://example.org/weights",
        compose={"include": [{"system": LOINC, "concept": [{"code": "x"}, {"code": "body"}]}]},
    ),
]


@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_words_and_sets(fhir: Fhir, version: str) -> None:
    check(
        fhir,
        version,
        "Observation",
        RESOURCES,
        {
            "code:text=body": "text display",
            "code:text=BODY W": "text",
            "code:text=mass": "",
            "code:text=body,none": "text display",
            "code:in=http://example.org/weights": "code other",
            "code:in=ValueSet/weights": "code other",
            "code:not-in=http://example.org/weights": "text display none",
        },
    )


def test_identifiers_of_a_type(fhir: Fhir) -> None:
    def named(ident: str, kind: str, value: str) -> dict[str, object]:
        return resource("Patient", ident, identifier=[{"type": coded(kind), "value": value}])

    check(
        fhir,
        "r4",
        "Patient",
        [
            named("record", "urn:v2-0203|MR", "446053"),
            named("licence", "urn:v2-0203|DL", "446053"),
            named("short", "urn:v2-0203|MR", "44"),
        ],
        {
            "identifier:of-type=urn:v2-0203|MR|446053": "record",
            "identifier:of-type=urn:v2-0203|DL|446053": "licence",
            "identifier:of-type=urn:v2-0203|MR|44": "short",
            "identifier:of-type=urn:other|MR|446053": "",
            "identifier:of-type=MR|446053": REFUSED,
            "gender:of-type=urn:v2-0203|MR|446053": REFUSED,
        },
    )
