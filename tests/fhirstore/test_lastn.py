"""`Observation/$lastn`: the newest of each kind
(hl7.org/fhir/R4/observation-operation-lastn.html)."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.api import lastn
from tests.fhirstore.fhir_client import Fhir, ids, link, observation

pytestmark = pytest.mark.django_db

LOINC, OTHER = "http://loinc.org", "urn:other"


def _code(*codes: str) -> dict[str, Any]:
    pairs = [code.rpartition("|") for code in codes]
    return {"coding": [{"system": s, "code": c} if s else {"code": c} for s, _, c in pairs]}


def _seen(ident: str, day: int | None, code: dict[str, Any], patient: str = "p1") -> dict[str, Any]:
    when = {} if day is None else {"effectiveDateTime": f"2026-01-{day:02}T08:00:00Z"}
    category = [{"coding": [{"code": "vital-signs"}]}]
    return observation(
        ident, subject={"reference": f"Patient/{patient}"}, code=code, category=category, **when
    )


RESOURCES = (
    _seen("w1", 1, _code(f"{LOINC}|w")),
    _seen("w3", 3, _code(f"{LOINC}|w", f"{OTHER}|weight")),
    _seen("w2", 2, _code(f"{OTHER}|weight")),
    _seen("h1", 1, _code(f"{LOINC}|h")),
    _seen("h9", 9, _code(f"{LOINC}|H")),
    _seen("o5", 5, _code(f"{OTHER}|h")),
    _seen("n4", 4, _code("h")),
    _seen("t6", 6, {"text": "Mood"}),
    _seen("t7", 7, {"text": "mood"}),
    _seen("e", None, _code(f"{LOINC}|a,b|c$d\\e")),
    _seen("x8", 8, _code(f"{LOINC}|w"), patient="p2"),
)
NEWEST = ["h9", "t7", "o5", "n4", "w3", "e"]


@pytest.fixture(autouse=True)
def stored(fhir: Fhir) -> None:
    fhir.store("r4", *RESOURCES)


@pytest.fixture(params=[1, 2, 3, 200])
def _steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many kinds in few observations: steps as small as that."""
    monkeypatch.setattr(lastn, "_STEP", request.param)


@pytest.mark.usefixtures("_steps")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("patient=p1&category=vital-signs", NEWEST),
        ("subject=Patient/p1&category=vital-signs&max=1", NEWEST),
        (
            "patient=p1&category=vital-signs&max=2",
            ["h9", "h1", "t7", "t6", "o5", "n4", "w3", "w2", "e"],
        ),
        (
            "patient=p1&category=vital-signs&max=1000",
            ["h9", "h1", "t7", "t6", "o5", "n4", "w3", "w2", "w1", "e"],
        ),
        ("patient=p1&code=w,h", ["h9", "o5", "n4", "w3"]),
        (f"patient=p1&code={LOINC}|w&max=5", ["w3", "w1"]),
        ("patient=p1,p2&code=w", ["x8"]),
        ("patient=p1&category=vital-signs&date=lt2026-01-04", ["w3", "h1"]),
        ("patient=p3&category=vital-signs", []),
        ("patient=p1&category=laboratory", []),
        # An order is not for it to say.
        ("patient=p1&category=vital-signs&_sort=date", NEWEST),
    ],
)
def test_the_newest_of_each_kind(fhir: Fhir, query: str, expected: list[str]) -> None:
    bundle = fhir.get(f"/r4/Observation/$lastn?{query}")
    assert ids(bundle) == expected
    assert bundle["total"] == len(expected)
    assert bundle["type"] == "searchset"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "patient=p1",
        "category=vital-signs",
        "patient=p1&code=w&max=0",
        "patient=p1&code=w&max=x",
        "patient=p1&code=w&date=x",
        "patient=p1&code=w&date%00=x",
    ],
)
def test_what_makes_no_sense_is_refused(fhir: Fhir, query: str) -> None:
    fhir.get(f"/r4/Observation/$lastn?{query}", expect=400)


def test_it_is_an_operation_on_observations(fhir: Fhir) -> None:
    fhir.get("/r4/Patient/$lastn?patient=p1&code=w", expect=404)


def test_too_many_are_refused(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lastn, "MOST_IN_ALL", 5)
    outcome = fhir.get("/r4/Observation/$lastn?patient=p1&category=vital-signs", expect=400)
    assert "max" in outcome["issue"][0]["diagnostics"]


def test_with_what_goes_with_a_search(fhir: Fhir) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p1"})
    query = "patient=p1&code=w&_include=Observation:subject&_elements=subject"
    bundle = fhir.get(f"/r4/Observation/$lastn?{query}")
    assert ids(bundle) == ["w3", "p1"]
    assert "effectiveDateTime" not in bundle["entry"][0]["resource"]
    counted = fhir.get("/r4/Observation/$lastn?patient=p1&code=w&_summary=count")
    assert (counted["total"], counted["entry"]) == (1, [])


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_in_the_older_versions(fhir: Fhir, version: str) -> None:
    category = {"coding": [{"code": "vital-signs"}]}
    for resource in RESOURCES:
        fhir.store(
            version, {**resource, "category": category if version == "dstu2" else [category]}
        )
    bundle = fhir.get(f"/{version}/Observation/$lastn?patient=p1&category=vital-signs")
    assert ids(bundle) == NEWEST


def test_another_user_has_none_of_it(bobs: Fhir) -> None:
    bundle = bobs.get("/r4/Observation/$lastn?patient=p1&category=vital-signs")
    assert ids(bundle) == []


def test_pages_where_a_size_is_asked_for(fhir: Fhir) -> None:
    url, pages = "/r4/Observation/$lastn?patient=p1&category=vital-signs&_count=2", []
    while url:
        bundle = fhir.get(url)
        assert bundle["total"] == len(NEWEST)
        pages.append(ids(bundle))
        url = link(bundle, "next") or ""
    assert pages == [NEWEST[n : n + 2] for n in range(0, len(NEWEST), 2)]
    counted = fhir.get("/r4/Observation/$lastn?patient=p1&category=vital-signs&_count=0")
    assert (counted["total"], counted["entry"]) == (len(NEWEST), [])
