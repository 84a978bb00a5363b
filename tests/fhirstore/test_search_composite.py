"""Composite searches: rows of (query, which match)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def concept(code: str, system: str | None = LOINC) -> dict[str, Any]:
    return {"coding": [{"code": code} | ({"system": system} if system else {})]}


def quantity(value: float, code: str = "mm[Hg]") -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": code, "unit": code.replace("[", "")}


def component(code: str, value: float, system: str | None = LOINC) -> dict[str, Any]:
    return {"code": concept(code, system), "valueQuantity": quantity(value)}


OBSERVATIONS: tuple[dict[str, Any], ...] = (
    {"id": "weight", "code": concept("w"), "valueQuantity": quantity(70, "kg")},
    {"id": "pulse", "code": concept("p"), "valueQuantity": quantity(70, "/min")},
    {"id": "said", "code": concept("w"), "valueString": "Heavy enough"},
    {"id": "day", "code": concept("w"), "valueDateTime": "2026-05-10"},
    {"id": "graded", "code": concept("w"), "valueCodeableConcept": concept("fat", "urn:g")},
    {"id": "bp", "code": concept("bp"), "component": [component("sys", 140), component("dia", 90)]},
    {
        "id": "pb",
        "code": concept("bp"),
        "component": [component("sys", 90), component("dia", 140, "urn:other")],
    },
    {
        "id": "survey",
        "code": concept("survey"),
        "component": [
            {"code": concept("q1"), "valueCodeableConcept": concept("yes", "urn:a")},
            {"code": concept("q2", None), "valueCodeableConcept": concept("no", "urn:a")},
            {"code": concept("q3")},
        ],
    },
)


@pytest.mark.parametrize(
    "query, matches",
    [
        ("code-value-quantity=w$70", "weight"),
        ("code-value-quantity=http://loinc.org|w$gt60", "weight"),
        ("code-value-quantity=w$gt80", ""),
        (f"code-value-quantity=p$70|{UCUM}|/min", "pulse"),
        ("code-value-quantity=p$70||kg", ""),
        ("code-value-quantity=w$70,p$lt100", "weight pulse"),
        ("code-value-quantity=http://loinc.org|$70", "weight pulse"),
        ("code-value-string=w$heavy", "said"),
        ("code-value-string=p$heavy", ""),
        ("code-value-date=w$ge2026-05", "day"),
        ("code-value-date=w$lt2026-05", ""),
        ("code-value-concept=w$fat", "graded"),
        ("code-value-concept=w$urn:g|fat", "graded"),
        ("code-value-concept=w$urn:h|fat", ""),
        ("component-code-value-quantity=sys$140", "bp"),
        ("component-code-value-quantity=sys$90", "pb"),
        ("component-code-value-quantity=SYS$gt100", "bp"),
        ("component-code-value-quantity=dia$gt100", "pb"),
        ("component-code-value-quantity=http://loinc.org|dia$gt100", ""),
        ("component-code-value-quantity=urn:other|dia$gt100", "pb"),
        ("component-code-value-quantity=|dia$gt100", ""),
        (f"component-code-value-quantity=sys$140|{UCUM}|mm[Hg]", "bp"),
        (f"component-code-value-quantity=sys$18.7|{UCUM}|kPa", "bp"),
        ("component-code-value-quantity=sys$140||mmHg]", "bp"),
        ("component-code-value-quantity=sys$140||kPa", ""),
        ("component-code-value-quantity=sys$lt100,dia$lt100", "bp pb"),
        ("component-code-value-quantity=w$70", ""),
        ("combo-code-value-quantity=w$70", "weight"),
        ("combo-code-value-quantity=sys$140", "bp"),
        ("combo-code-value-quantity=w$70,sys$140", "weight bp"),
        ("component-code-value-concept=q1$yes", "survey"),
        ("component-code-value-concept=q1$no", ""),
        ("component-code-value-concept=http://loinc.org|q1$urn:a|yes", "survey"),
        ("component-code-value-concept=http://loinc.org|q2$no", ""),
        ("component-code-value-concept=|q2$no", "survey"),
        ("component-code-value-concept=q2$|no", ""),
        ("combo-code-value-concept=q1$yes,w$fat", "survey graded"),
        ("component-code-value-quantity:missing=false", "bp pb"),
        ("component-code-value-concept:missing=false", "survey"),
        ("code-value-quantity:missing=false", "weight pulse"),
        ("combo-code-value-quantity:missing=false", "weight pulse bp pb"),
        ("code-value-quantity=w$70&component-code-value-quantity:missing=true", "weight"),
        ("code-value-quantity=w", None),
        ("code-value-quantity=w$70$3", None),
        ("code-value-quantity=w$heavy", None),
        ("code-value-quantity:not=w$70", None),
        ("component-code-value-quantity=http://loinc.org|$gt100", "bp"),
        ("component-code-value-quantity=http://loinc.org|$5", ""),
        ("component-code-value-concept=q1$urn:a|", "survey"),
        ("combo-code-value-concept=http://loinc.org|$urn:a|", "survey"),
        ("combo-code-value-concept=http://loinc.org|$urn:g|", "graded"),
        ("component-code-value-concept=q1$", None),
    ],
)
def test_composites(fhir: Fhir, query: str, matches: str | None) -> None:
    fhir.store(
        "r4", *({"resourceType": "Observation", "status": "final", **o} for o in OBSERVATIONS)
    )
    answer = fhir.get(f"/r4/Observation?{query}", expect=200 if matches is not None else 400)
    if matches is None:
        name = query.partition("=")[0].partition(":")[0]
        assert name in answer["issue"][0]["details"]["text"]
    else:
        assert sorted(ids(answer)) == sorted(matches.split())
        assert answer["total"] == len(matches.split())


@pytest.mark.parametrize(
    "query, matches",
    [
        ("relationship=Doc2$replaces", None),
        ("relatesto=d2", "d1"),
        ("relationship=replaces$DocumentReference/d2", "d1"),
        ("relationship=replaces$d2", "d1"),
        ("relationship=replaces$d3", ""),
        ("relationship=appends$d3", "d1"),
    ],
)
def test_documents_that_replace_each_other(fhir: Fhir, query: str, matches: str | None) -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "relatesTo": [
            {"code": "replaces", "target": {"reference": "DocumentReference/d2"}},
            {"code": "appends", "target": {"reference": "DocumentReference/d3"}},
        ],
    }
    fhir.store("r4", document, {**document, "id": "d2", "relatesTo": []})
    found = ids(fhir.get(f"/r4/DocumentReference?{query}"))
    assert found == (matches or "").split()


@pytest.mark.parametrize(
    "query, matches",
    [
        ("chromosome-variant-coordinate=c1$lt11$gt19", "s"),
        ("chromosome-variant-coordinate=c1$10$40", ""),
        ("chromosome-variant-coordinate=c2$10$20", ""),
        ("chromosome-variant-coordinate=c1$30$40,c1$10$40", "s"),
    ],
)
def test_three_parts_of_one_element(fhir: Fhir, query: str, matches: str) -> None:
    sequence = {
        "resourceType": "MolecularSequence",
        "id": "s",
        "coordinateSystem": 0,
        "referenceSeq": {"chromosome": concept("c1")},
        "variant": [{"start": 10, "end": 20}, {"start": 30, "end": 40}],
    }
    fhir.store("r4", sequence)
    assert ids(fhir.get(f"/r4/MolecularSequence?{query}")) == matches.split()
