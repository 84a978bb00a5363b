"""Locations by place: rows of (query, which match)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids

PLACES: dict[str, Any] = {
    "cologne": {"latitude": 50.94, "longitude": 6.96},
    "bonn": {"latitude": 50.73, "longitude": 7.10},
    "berlin": {"latitude": 52.52, "longitude": 13.40},
    "fiji": {"latitude": -17.7, "longitude": 179.9},
    "odd": {"latitude": "north", "longitude": True},
    "nowhere": None,
}


def located(name: str, position: Any) -> dict[str, Any]:
    place = {"position": position} if position else {}
    return {"resourceType": "Location", "id": name, "name": name, **place}


@pytest.fixture
def places(fhir: Fhir) -> Fhir:
    fhir.store("r4", *(located(name, position) for name, position in PLACES.items()))
    return fhir


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("near=50.94|6.96|1|km", "cologne"),
        ("near=50.94|6.96", "cologne"),
        ("near=50.94|6.96|30", "bonn cologne"),
        ("near=50.94|6.96|30000|m", "bonn cologne"),
        ("near=50.94|6.96|10|[mi_i]", "cologne"),
        ("near=50.94|6.96|300|mi", "berlin bonn cologne"),
        ("near=50.94|6.96|1,52.52|13.4|1", "berlin cologne"),
        ("near=-17.7|-179.9|25", "fiji"),
        ("near=50.94|6.96|30&name=bonn", "bonn"),
        ("near:missing=true", "nowhere"),
    ],
)
def test_near(places: Fhir, query: str, matches: str) -> None:
    bundle = places.get(f"/r4/Location?{query}")

    assert " ".join(ids(bundle)) == matches
    assert bundle["total"] == len(matches.split())


@pytest.mark.parametrize(
    "value",
    ["here", "50", "50|x", "91|0", "0|181", "50|6|-1", "50|6|nan", "50|6|1|feet", "1|2|3|km|5"],
)
def test_what_is_no_place_is_refused(places: Fhir, value: str) -> None:
    answer = places.get(f"/r4/Location?near={value}", expect=400)

    assert "near" in answer["issue"][0]["details"]["text"]
