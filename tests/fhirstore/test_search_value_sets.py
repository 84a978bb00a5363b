"""`:in` and `:not-in`: rows of (query, which match)."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
BASE = "http://127.0.0.1:8000"


def observation(ident: str, *codings: tuple[str, str], status: str = "final") -> dict[str, Any]:
    found = [{"code": c} | ({"system": s} if s else {}) for s, c in codings]
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": status,
        "code": {"coding": found},
    }


def value_set(ident: str, **more: Any) -> dict[str, Any]:
    url = f"http://example.org/vs/{ident}"
    return {"resourceType": "ValueSet", "id": ident, "url": url, "status": "active", **more}


def include(system: str, *codes: str, **more: Any) -> dict[str, Any]:
    concepts = {"concept": [{"code": code} for code in codes]} if codes else {}
    return {"system": system, **concepts, **more}


RESOURCES = (
    observation("a", (LOINC, "1")),
    observation("b", (LOINC, "2"), (SNOMED, "9"), status="amended"),
    observation("c", (SNOMED, "1")),
    observation("d", ("", "1")),
    {"resourceType": "Observation", "id": "e", "status": "preliminary"},
    value_set("listed", version="1", compose={"include": [include(LOINC, "1", "3")]}),
    value_set("whole", compose={"include": [include(SNOMED)]}),
    value_set("mixed", compose={"include": [include(SNOMED), include(LOINC, "1")]}),
    value_set(
        "less",
        compose={
            "include": [include(LOINC, "1", "2")],
            "exclude": [include(LOINC, "2")],
        },
    ),
    value_set("other", compose={"include": [{"valueSet": ["http://example.org/vs/listed"]}]}),
    value_set("circle", compose={"include": [{"valueSet": ["http://example.org/vs/circle"]}]}),
    value_set(
        "both",
        compose={"include": [include(LOINC, "1", "2", valueSet=["http://example.org/vs/listed"])]},
    ),
    value_set(
        "expanded",
        expansion={
            "contains": [
                {"system": LOINC, "abstract": True, "contains": [{"system": LOINC, "code": "2"}]}
            ]
        },
    ),
    value_set(
        "filtered",
        compose={"include": [include(LOINC, filter=[{"property": "x", "op": "=", "value": "y"}])]},
    ),
    value_set("many", compose={"include": [include(LOINC, *(str(n) for n in range(500)))]}),
    value_set("statuses", compose={"include": [include("urn:statuses", "final", "x")]}),
)
VS = "http://example.org/vs"


@pytest.mark.parametrize(
    "query, matches",
    [
        (f"code:in={VS}/listed", "a"),
        (f"code:in={VS}/listed|1", "a"),
        (f"code:in={VS}/listed|2", None),
        ("code:in=ValueSet/listed", "a"),
        ("code:in=listed", "a"),
        (f"code:in={BASE}/r4/ValueSet/listed", "a"),
        (f"code:not-in={VS}/listed", "b c d e"),
        (f"code:in={VS}/whole", "b c"),
        (f"code:in={VS}/mixed", "a b c"),
        (f"code:not-in={VS}/mixed", "d e"),
        (f"code:in={VS}/less", "a"),
        (f"code:in={VS}/other", "a"),
        (f"code:in={VS}/both", "a"),
        (f"code:in={VS}/expanded", "b"),
        (f"code:in={VS}/many", "a b"),
        (f"code:in={VS}/listed,{VS}/whole", "a b c"),
        (f"code:in={VS}/filtered", None),
        (f"code:in={VS}/circle", None),
        (f"code:in={VS}/unknown", None),
        (f"status:in={VS}/statuses", "a c d"),
        ("status:in=http://hl7.org/fhir/ValueSet/observation-status", "a b c d e"),
        ("status:not-in=http://hl7.org/fhir/ValueSet/observation-status|4.0.1", ""),
        ("status:in=http://hl7.org/fhir/ValueSet/administrative-gender", ""),
        (f"patient.gender:in={VS}/unknown", None),
    ],
)
def test_value_sets(fhir: Fhir, query: str, matches: str | None) -> None:
    fhir.store("r4", *RESOURCES)
    answer = fhir.get(f"/r4/Observation?{query}", expect=200 if matches is not None else 400)
    if matches is None:
        text = answer["issue"][0]["details"]["text"]
        assert text.startswith("search parameter ")
    else:
        assert sorted(ids(answer)) == sorted(matches.split())
        assert answer["total"] == len(matches.split())


def test_another_users_value_set_is_unknown(fhir: Fhir, bobs: Fhir) -> None:
    bobs.store("r4", *RESOURCES)
    fhir.store("r4", RESOURCES[0])
    fhir.get(f"/r4/Observation?code:in={VS}/listed", expect=400)
    fhir.get("/r4/Observation?code:in=ValueSet/listed", expect=400)


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_older_value_sets(fhir: Fhir, version: str) -> None:
    own = {"codeSystem": {"system": LOINC, "concept": [{"code": "x", "concept": [{"code": "2"}]}]}}
    listed = {"compose": {"include": [include(LOINC, "2")]}}
    fhir.store(version, *RESOURCES[:4], value_set("v", **(own if version == "dstu2" else listed)))
    assert ids(fhir.get(f"/{version}/Observation?code:in={VS}/v")) == ["b"]


def test_value_sets_that_include_each_other_many_times_end(fhir: Fhir) -> None:
    def including(ident: str, *names: str) -> dict[str, Any]:
        urls = [f"http://example.org/vs/{name}" for name in names]
        return value_set(ident, compose={"include": [{"valueSet": [url]} for url in urls]})

    tower = [including(f"t{n}", *[f"t{n + 1}"] * 30) for n in range(5)]
    wide = including("wide", *(f"w{n}" for n in range(120)))
    each = [value_set(f"w{n}", compose={"include": [include(LOINC, "1")]}) for n in range(120)]
    fhir.store("r4", *RESOURCES[:1], *tower, including("t5", "w0"), wide, *each)
    begun = perf_counter()
    assert ids(fhir.get("/r4/Observation?code:in=http://example.org/vs/t0")) == ["a"]
    refused = fhir.get("/r4/Observation?code:in=http://example.org/vs/wide", expect=400)
    assert "more than 100 value sets" in str(refused["issue"])
    many = ",".join(f"http://example.org/vs/w{n}" for n in range(120))
    fhir.get(f"/r4/Observation?code:in={many}", expect=400)
    assert perf_counter() - begun < 10
