"""`_sort`: any parameter, several keys, both directions, the same order over any pages
(hl7.org/fhir/R4/search.html#sort)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids, link, observation


def _patient(ident: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": ident, **more}


PATIENTS = (
    _patient("a", name=[{"family": "Zöe"}], birthDate="1980-05-01", gender="male"),
    _patient("b", name=[{"family": "abel"}, {"family": "Young"}], gender="female"),
    _patient("c", name=[{"family": "Moss"}], birthDate="1980", gender="male"),
    _patient("d", birthDate="2001-01-01", gender="other"),
    _patient("e", name=[{"family": "Moss"}], birthDate="1979-12-31"),
)
PATIENT_ORDERS = (
    ("family", "bcead"),
    ("-family", "abced"),  # the largest of b's names is Young
    ("family,-birthdate", "bcead"),
    ("-family,birthdate", "abecd"),
    ("birthdate", "ecadb"),
    ("-birthdate", "daceb"),
    ("gender", "bacde"),
    ("-gender,family", "dcabe"),
    ("-gender,-_id", "dcabe"),
    ("_id", "abcde"),
    ("-_id", "edcba"),
    ("gender,-_id", "bcade"),
    ("birthdate,birthdate,-birthdate", "ecadb"),
)


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("count", [10, 2, 1])
@pytest.mark.parametrize("sort, found", PATIENT_ORDERS)
def test_orders_hold_over_pages(
    fhir: Fhir, version: str, sort: str, found: str, count: int
) -> None:
    fhir.store(version, *PATIENTS)
    seen: list[str] = []
    url: str | None = f"/{version}/Patient?_sort={sort}&_count={count}"
    while url:
        bundle = fhir.get(url)
        assert bundle["total"] == 5
        seen += ids(bundle)
        url = link(bundle, "next")
    assert "".join(seen) == found


def _one(ident: str, value: float | None, date: str = "", **more: Any) -> dict[str, Any]:
    if date:
        more["effectiveDateTime"] = date
    if value is not None:
        more["valueQuantity"] = {"value": value, "code": "kg"}
    return observation(ident, code={"coding": [{"code": f"c-{ident}"}]}, **more)


OBSERVATIONS = (
    _one("a", 9.5, "2026-01-02", subject={"reference": "Patient/y"}),
    _one("b", -3, "2026-01-03", subject={"reference": "Patient/x"}),
    _one("c", 10, "2025"),
    _one("d", None, "", subject={"reference": "Patient/x"}),
    _one("e", 9.5, "2026-01-02T05:00:00Z"),
)


@pytest.mark.parametrize(
    "query, found",
    [
        ("_sort=value-quantity", "baecd"),
        ("_sort=-value-quantity", "caebd"),
        ("_sort=-value-quantity,-_id", "ceabd"),
        ("_sort=date", "caebd"),
        ("_sort=-date", "beacd"),
        ("_sort=date,code", "caebd"),
        ("_sort=-date,code", "beacd"),
        ("_sort=subject", "bdace"),
        ("_sort=-subject,code", "abdce"),
        ("_sort=-code", "edcba"),
        ("_sort=patient,-date", "bdaec"),
        ("_sort=code&code=c-b,c-d", "bd"),
        ("_sort=-code&date=ge2026", "eba"),
        ("_sort=value-quantity&subject=x", "bd"),
        ("_sort=_lastUpdated,-_id", "edcba"),
        ("_sort=date&code=c-e,c-c", "ce"),
    ],
)
@pytest.mark.parametrize("count", [10, 2])
def test_orders_of_values(fhir: Fhir, query: str, found: str, count: int) -> None:
    fhir.store("r4", *OBSERVATIONS)
    seen: list[str] = []
    url: str | None = f"/r4/Observation?{query}&_count={count}"
    while url:
        bundle = fhir.get(url)
        seen += ids(bundle)
        url = link(bundle, "next")
    assert "".join(seen) == found


def test_pages_stay_exact_while_data_arrives(fhir: Fhir) -> None:
    fhir.store("r4", *PATIENTS)
    first = fhir.get("/r4/Patient?_sort=family&_count=2")
    fhir.store("r4", _patient("0", name=[{"family": "Aaron"}]))
    fhir.store("r4", _patient("f", name=[{"family": "Nash"}]))
    second = fhir.get(str(link(first, "next")))
    assert (ids(first), ids(second)) == (["b", "c"], ["e", "f"])
    assert (first["total"], second["total"]) == (5, 7)


def test_a_link_does_not_tell_what_a_resource_says(fhir: Fhir) -> None:
    fhir.store("r4", *PATIENTS)
    url = str(link(fhir.get("/r4/Patient?_sort=family&_count=1"), "next"))
    token = url.partition("_after=")[2]
    assert token.startswith("gAAAA")  # Fernet
    assert ids(fhir.get(url)) == ["c"]
    assert ids(fhir.get(url.replace(token, token[:-4]))) == ["b"]  # malformed: as if absent


@pytest.mark.parametrize(
    "query, text",
    [
        ("Observation?_sort=code-value-quantity", "_sort"),
        ("Observation?_sort:up=date", "_sort"),
        ("Patient?_sort=" + ",".join(["_id", "family", "given"] * 4), "_sort"),
        ("Patient?_total=some", "_total"),
    ],
)
def test_what_cannot_be_sorted_by_is_refused(fhir: Fhir, query: str, text: str) -> None:
    answer = fhir.get(f"/r4/{query}", expect=400)
    assert text in answer["issue"][0]["diagnostics"]


def test_an_unknown_key_is_ignored_or_refused(fhir: Fhir) -> None:
    fhir.store("r4", *PATIENTS)
    bundle = fhir.get("/r4/Patient?_sort=nonsense,-_id")
    assert ids(bundle) == list("edcba")
    fhir.get("/r4/Patient?_sort=nonsense", expect=400, prefer="handling=strict")


def test_two_users_rows_are_in_one_order(fhir: Fhir, bobs: Fhir, server: Fhir) -> None:
    fhir.store("r4", *PATIENTS)
    bobs.store("r4", _patient("g", name=[{"family": "Nash"}]), _patient("c", birthDate="1990"))
    seen: list[str] = []
    url: str | None = "/r4/Patient?_sort=-birthdate,family&_count=2"
    while url:
        bundle = server.get(url)
        assert bundle["total"] == 7
        seen += ids(bundle)
        url = link(bundle, "next")
    assert "".join(seen) == "dcacebg"
