"""`_elements` and `_summary` (hl7.org/fhir/R4/search.html#summary)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, observation

pytestmark = pytest.mark.django_db

TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'}
FULL: dict[str, Any] = {
    **observation("a", code={"coding": [{"code": "66334-4"}]}, text=TEXT),
    "language": "en",
    "extension": [{"url": "urn:x", "valueString": "x"}],
    "modifierExtension": [{"url": "urn:m", "valueString": "m"}],
    "identifier": [{"value": "i"}],
    "subject": {"reference": "Patient/p1"},
    "valueQuantity": {"value": 1.5, "unit": "mg"},
    "_effectiveDateTime": {"extension": [{"url": "urn:e", "valueString": "unknown"}]},
    "interpretation": [{"text": "high"}],
    "note": [{"text": "n"}],
    "component": [
        {
            "code": {"text": "c"},
            "valueString": "v",
            "interpretation": [{"text": "low"}],
            "modifierExtension": [{"url": "urn:m", "valueString": "m"}],
        }
    ],
}
ALWAYS = {"resourceType", "id", "meta", "modifierExtension"}


@pytest.fixture(autouse=True)
def stored(fhir: Fhir) -> None:
    fhir.store("r4", FULL, {"resourceType": "Patient", "id": "p1", "gender": "male", "text": TEXT})


def shown(fhir: Fhir, query: str) -> dict[str, Any]:
    resource: dict[str, Any] = fhir.get(f"/r4/Observation?{query}")["entry"][0]["resource"]
    return resource


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_elements=subject", {"subject", "status", "code"}),
        ("_elements=subject,note", {"subject", "note", "status", "code"}),
        ("_elements=subject&_elements=note", {"subject", "note", "status", "code"}),
        ("_elements=Observation.subject", {"subject", "status", "code"}),
        ("_elements=Patient.gender", None),
        ("_elements=value", {"valueQuantity", "status", "code"}),
        ("_elements=value[x]", {"valueQuantity", "status", "code"}),
        ("_elements=valueQuantity", {"valueQuantity", "status", "code"}),
        ("_elements=effective", {"_effectiveDateTime", "status", "code"}),
        ("_elements=nosuch", {"status", "code"}),
        ("_elements=id,meta", {"status", "code"}),
        ("_elements=", None),
        ("_summary=text", {"text", "status", "code"}),
        ("_summary=data", set(FULL) - ALWAYS - {"text"}),
        (
            "_summary=true",
            set(FULL) - ALWAYS - {"text", "language", "extension", "interpretation", "note"},
        ),
        ("_summary=false", None),
        ("_summary=true&_elements=subject", {"subject", "status", "code"}),
    ],
)
def test_which_elements_are_shown(fhir: Fhir, query: str, expected: set[str] | None) -> None:
    resource = shown(fhir, query)
    tags = resource["meta"].get("tag", [])
    if expected is None:
        assert set(resource) == set(FULL) | {"meta"}
        assert tags == []
        return
    assert set(resource) == expected | ALWAYS
    assert [tag["code"] for tag in tags] == ["SUBSETTED"]
    assert {name: resource[name] for name in expected - {"component"}} == {
        name: FULL[name] for name in expected - {"component"}
    }


def test_a_summary_goes_down_into_the_resources_own_elements(fhir: Fhir) -> None:
    (component,) = shown(fhir, "_summary=true")["component"]
    assert set(component) == {"code", "valueString", "modifierExtension"}


def test_other_tags_stay(fhir: Fhir) -> None:
    tag = {"system": "urn:t", "code": "t"}
    fhir.store("r4", {**FULL, "id": "b", "meta": {"tag": [tag]}})
    resource = shown(fhir, "_id=b&_summary=data")
    assert resource["meta"]["tag"][0] == tag
    assert resource["meta"]["tag"][1]["code"] == "SUBSETTED"
    assert fhir.get("/r4/Observation/b")["meta"]["tag"] == [tag]


def test_numbers_keep_their_digits(fhir: Fhir) -> None:
    body = json.dumps({**FULL, "id": "n"}).replace("1.5", "1.50").encode()
    fhir.put("/r4/Observation/n", body, expect=201)
    fhir.get("/r4/Observation?_id=n&_elements=value")
    assert b'"value":1.50' in fhir.last.content


def test_elements_are_of_the_matches_not_of_what_comes_along(fhir: Fhir) -> None:
    bundle = fhir.get("/r4/Observation?_elements=subject&_include=Observation:subject")
    match, along = (entry["resource"] for entry in bundle["entry"])
    assert "note" not in match
    assert along["gender"] == "male"
    assert "tag" not in along["meta"]
    bundle = fhir.get("/r4/Observation?_elements=subject,Patient.id&_include=Observation:subject")
    assert "gender" not in bundle["entry"][1]["resource"]


def test_a_summary_is_of_all(fhir: Fhir) -> None:
    bundle = fhir.get("/r4/Observation?_summary=data&_include=Observation:subject")
    assert ["text" in entry["resource"] for entry in bundle["entry"]] == [False, False]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("_summary=some", "_summary"),
        ("_summary=text&_include=Observation:subject", "_summary"),
        ("_elements=" + ",".join(f"e{n}" for n in range(201)), "_elements"),
    ],
)
def test_what_makes_no_sense_is_refused(fhir: Fhir, query: str, named: str) -> None:
    outcome = fhir.get(f"/r4/Observation?{query}", expect=400)
    assert named in outcome["issue"][0]["diagnostics"]


def test_a_count_shows_no_resources(fhir: Fhir) -> None:
    bundle = fhir.get("/r4/Observation?_summary=count&_include=Observation:subject")
    assert (bundle["total"], bundle["entry"]) == (1, [])


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_in_the_older_versions(fhir: Fhir, version: str) -> None:
    fhir.store(version, observation("o", code={"text": "c"}, text=TEXT, comments="x"))
    bundle = fhir.get(f"/{version}/Observation?_summary=true")
    resource = bundle["entry"][0]["resource"]
    assert set(resource) == {"resourceType", "id", "meta", "status", "code"}
    assert resource["meta"]["tag"] == [
        {"system": "http://hl7.org/fhir/v3/ObservationValue", "code": "SUBSETTED"}
    ]
