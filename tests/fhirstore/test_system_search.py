"""Searches over several types, in a compartment, with other totals, and explained."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir, ids, link, observation

TAG = {"meta": {"tag": [{"system": "http://t", "code": "x"}]}}


def _record(fhir: Fhir, version: str = "r4") -> None:
    subject = {"reference": "Patient/p"}
    fhir.store(
        version,
        {"resourceType": "Patient", "id": "p", "gender": "female", **TAG},
        {"resourceType": "Patient", "id": "q"},
        {"resourceType": "Encounter", "id": "e", "status": "finished", "patient": subject}
        if version == "dstu2"
        else {"resourceType": "Encounter", "id": "e", "status": "finished", "subject": subject},
        observation("b", subject=subject, encounter={"reference": "Encounter/e"}, **TAG),
        observation("c", subject={"reference": "Patient/q"}),
        observation("p", subject=subject, performer=[{"reference": "Practitioner/d"}]),
        {"resourceType": "Organization", "id": "o", "name": "Clinic"},
    )


def names(bundle: dict[str, Any]) -> list[str]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [
        f"{one['resourceType'][0]}/{one['id']}"
        for one in found
        if one["resourceType"] != "OperationOutcome"
    ]


@pytest.mark.parametrize(
    "query, found",
    [
        ("_type=Patient,Observation", "O/b O/c O/p P/p P/q"),
        ("_type=patient", "P/p P/q"),
        ("_type=Observation&_type=Encounter", "O/b O/c E/e O/p"),
        ("_type=Observation,Encounter&patient=p", "O/b E/e O/p"),
        ("_type=Patient,Observation&patient=p", "O/b O/c O/p P/p P/q"),  # Patient has none
        ("_tag=x", "O/b P/p"),
        ("_id=p,o", "O/o O/p P/p"),
        ("_type=Patient,Observation&_sort=_type,-_id", "O/p O/c O/b P/q P/p"),
        ("_type=Patient,Observation&_sort=-_id", "P/q P/p O/p O/c O/b"),
        ("_type=Condition", ""),
        ("_lastUpdated=lt2000", ""),
    ],
)
@pytest.mark.parametrize("count", [100, 2, 1])
def test_several_types_are_searched_together(
    fhir: Fhir, query: str, found: str, count: int
) -> None:
    _record(fhir)
    seen: list[str] = []
    url: str | None = f"/r4?{query}&_count={count}"
    while url:
        bundle = fhir.get(url)
        assert bundle["total"] == len(found.split())
        seen += names(bundle)
        url = link(bundle, "next")
    assert seen == found.split()


def test_a_system_search_by_post_and_without_types(fhir: Fhir, bobs: Fhir, server: Fhir) -> None:
    _record(fhir)
    assert fhir.post("/fhir/r4/_search", urlencode({"_tag": "x"}))["total"] == 2
    assert fhir.get("/r4?_count=0")["total"] == 7
    assert bobs.get("/r4?_count=5")["entry"] == []
    assert server.get("/r4?_tag=x")["total"] == 2
    assert fhir.get("/r4?_type=Nonsense", expect=400)["issue"][0]["code"] == "value"


@pytest.mark.parametrize("query", ["", "?_format=json"])
def test_without_filters_the_base_is_the_capability_statement(fhir: Fhir, query: str) -> None:
    assert fhir.get(f"/r4{query}")["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize(
    "path, found",
    [
        ("Patient/p/Observation", "O/b O/p"),
        ("patient/p/observation", "O/b O/p"),
        ("Patient/p/Observation?_tag=x", "O/b"),
        ("Patient/p/Observation?_sort=-_id&_count=1", "O/p"),
        ("Patient/p/Patient", "P/p"),
        ("Patient/p/*", "O/b E/e O/p P/p"),
        ("Patient/p/*?_type=Encounter,Observation", "O/b E/e O/p"),
        ("Patient/p/*?_type=Organization", ""),
        ("Encounter/e/Observation", "O/b"),
        ("Encounter/e/*", "O/b E/e"),
        ("Practitioner/d/Observation", "O/p"),
        ("Patient/none/Observation", ""),
        ("Patient/none/*", ""),
    ],
)
def test_a_compartment_is_searched(fhir: Fhir, path: str, found: str) -> None:
    _record(fhir)
    assert names(fhir.get(f"/r4/{path}")) == found.split()


@pytest.mark.parametrize(
    "path", ["Patient/p/Organization", "Organization/o/Observation", "Patient/p/Nonsense"]
)
def test_what_is_in_no_compartment_is_not_there(fhir: Fhir, path: str) -> None:
    _record(fhir)
    fhir.get(f"/r4/{path}", expect=404)


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_older_versions_have_the_patients_compartment(fhir: Fhir, version: str) -> None:
    _record(fhir, version)
    bundle = fhir.get(f"/{version}/Patient/p/*?_count=3")
    url = str(link(bundle, "next"))
    assert names(bundle) + names(fhir.get(url)) == ["O/b", "E/e", "O/p", "P/p"]
    assert fhir.post(f"/{version}/Patient/p/Observation/_search", "_tag=x")["total"] == 1


def test_a_batch_may_search_all_types_and_compartments(fhir: Fhir) -> None:
    _record(fhir)
    urls = ("?_tag=x", "Patient/p/Observation?_count=1", "Patient/p/*")
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": url}} for url in urls],
    }
    entries = fhir.post("/r4", batch)["entry"]
    assert [entry["resource"]["total"] for entry in entries] == [2, 2, 4]


def test_scopes_hold_over_several_types(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: Any
) -> None:
    _record(fhir)
    scope = "user/Observation.rs?_tag=x user/Encounter.rs"
    narrow = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
    assert names(narrow.get("/r4?_count=10")) == ["O/b", "E/e"]
    assert names(narrow.get("/r4/Patient/p/*")) == ["O/b", "E/e"]
    assert narrow.get("/r4?_type=Patient")["total"] == 0
    narrow.get("/r4/Patient/p/Patient", expect=403)


def test_totals_are_told_as_asked(fhir: Fhir) -> None:
    fhir.store("r4", *(observation(f"o{n}") for n in range(5)))
    for query, total in (("", 5), ("&_total=accurate", 5), ("&_total=estimate", 5)):
        assert fhir.get(f"/r4/Observation?_count=2{query}")["total"] == total
    bundle = fhir.get("/r4/Observation?_count=2&_total=none")
    assert "total" not in bundle
    assert ids(bundle) == ["o0", "o1"]
    assert "_total=none" in str(link(bundle, "next"))


def test_a_remembered_total_is_counted_anew_after_a_change(fhir: Fhir, bobs: Fhir) -> None:
    for expected in range(1, 4):
        fhir.store("r4", observation(f"o{expected}"))
        for _ in range(2):
            assert fhir.get("/r4/Observation?status=final")["total"] == expected
            assert bobs.get("/r4/Observation?status=final")["total"] == 0
    fhir.delete("/r4/Observation/o1")
    assert fhir.get("/r4/Observation?status=final")["total"] == 2
    fhir.delete("/r4/purge")
    assert fhir.get("/r4/Observation?status=final")["total"] == 0


def _lines(bundle: dict[str, Any]) -> str:
    (said,) = (e for e in bundle["entry"] if e["search"]["mode"] == "outcome")
    assert {issue["severity"] for issue in said["resource"]["issue"]} == {"information"}
    return "\n".join(issue["diagnostics"] for issue in said["resource"]["issue"])


def test_a_search_is_explained(fhir: Fhir, bobs: Fhir, server: Fhir) -> None:
    _record(fhir)
    bobs.store("r4", *(observation(f"other{n}") for n in range(40)))
    query = "status=final&code:missing=true&subject:Patient.gender=female&nonsense=1"
    bundle = fhir.get(f"/r4/Observation?{query}&_explain=true")
    assert bundle["total"] == 2
    told = _lines(bundle)
    assert "status (token) is final; found by the index of codes, references and uris" in told
    assert "code (token) has no value; found by the resource's own row" in told
    assert "subject refers to a Patient whose gender (token) is female" in told
    assert "Ignored: nonsense." in told
    assert "rows looked at" in told
    assert not any(f" {n} rows" in told for n in range(40, 60))
    server.get("/r4/Observation?_explain=true", expect=400)
    assert "Nothing" not in _lines(fhir.get("/r4?_tag=x&_explain=true"))
