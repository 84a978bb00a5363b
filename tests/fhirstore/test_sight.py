"""Tokens whose scopes are narrowed by a query (`user/Observation.rs?category=...`): exactly the
part in scope is there, whatever is asked (wire contract 7.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir, ids, observation

CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB = "user/Observation.rs?category=laboratory"
Narrow = Callable[[str], Fhir]


@pytest.fixture
def narrow(fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime) -> Narrow:
    """Alice's calls with a token of some scope."""
    fhir.store(
        "r4",
        {"resourceType": "Patient", "id": "p", "gender": "female"},
        _one("lab1", "laboratory"),
        _one("lab2", "laboratory"),
        _one("vital", "vital-signs"),
        observation("none", subject={"reference": "Patient/p"}),
        {
            "resourceType": "DiagnosticReport",
            "id": "of-lab",
            "status": "final",
            "code": {"text": "x"},
            "result": [{"reference": "Observation/lab1"}],
        },
        {
            "resourceType": "DiagnosticReport",
            "id": "of-vital",
            "status": "final",
            "code": {"text": "x"},
            "result": [{"reference": "Observation/vital"}],
        },
    )

    def made(scope: str) -> Fhir:
        return Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)

    return made


def _one(ident: str, category: str) -> dict[str, Any]:
    return observation(
        ident,
        subject={"reference": "Patient/p"},
        category=[{"coding": [{"system": CATEGORIES, "code": category}]}],
        code={"coding": [{"code": "c1"}]},
    )


@pytest.mark.parametrize(
    "scope, query, found",
    [
        (LAB, "", "lab1 lab2"),
        (LAB, "category=vital-signs", ""),
        (LAB, "code=c1&_sort=-_id&_count=1", "lab2"),
        (LAB, "code:missing=true", ""),
        (LAB, "category:not=laboratory", ""),
        (LAB, "_id=vital,lab1", "lab1"),
        (f"user/Observation.rs?category={CATEGORIES}|vital-signs", "", "vital"),
        ("user/Observation.rs?category=http://else|vital-signs", "", ""),
        (f"{LAB} user/Observation.rs?category=vital-signs", "", "lab1 lab2 vital"),
        (f"{LAB}&_id=lab2", "", "lab2"),
        ("user/Observation.rs?nonsense=1", "", ""),
        ("user/Observation.rs?date=abc", "", ""),
        ("user/*.rs?category=laboratory", "", "lab1 lab2"),
        (f"{LAB} user/*.rs", "", "lab1 lab2 none vital"),
        (LAB, "subject:Patient.gender=female", ""),  # the Patient is out of sight
        (f"{LAB} user/Patient.rs", "subject:Patient.gender=female", "lab1 lab2"),
        ("user/DiagnosticReport.rs", None, "of-lab of-vital"),
    ],
)
def test_a_search_shows_what_is_in_scope(
    narrow: Narrow, scope: str, query: str | None, found: str
) -> None:
    rtype = "DiagnosticReport" if query is None else "Observation"
    bundle = narrow(scope).get(f"/r4/{rtype}?{query or ''}")
    assert ids(bundle) == found.split()
    if "_count" not in (query or ""):
        assert bundle["total"] == len(found.split())


@pytest.mark.parametrize(
    "scope, found",
    [
        ("user/DiagnosticReport.rs", ""),
        (f"user/DiagnosticReport.rs {LAB}", "of-lab"),
        ("user/DiagnosticReport.rs user/Observation.rs?category=vital-signs", "of-vital"),
        ("user/DiagnosticReport.rs user/Observation.r", ""),
    ],
)
def test_a_chain_leads_through_what_is_in_scope(narrow: Narrow, scope: str, found: str) -> None:
    bundle = narrow(scope).get("/r4/DiagnosticReport?result.code=c1")
    assert ids(bundle) == found.split()


@pytest.mark.parametrize("path", ["", "/_history", "/_history/9000000000000"])
def test_what_is_out_of_scope_is_not_there(narrow: Narrow, path: str) -> None:
    lab = narrow(LAB)
    lab.get(f"/r4/Observation/lab1{path}")
    outside = lab.get(f"/r4/Observation/vital{path}", expect=404)
    nothing = lab.get(f"/r4/Observation/nothing{path}", expect=404)
    text = orjson.dumps(outside["issue"]).replace(b"vital", b"nothing")
    assert orjson.loads(text) == nothing["issue"]


def test_what_was_deleted_is_not_there_either(narrow: Narrow, fhir: Fhir) -> None:
    fhir.delete("/r4/Observation/vital")
    for path in ("", "/_history", "/_history/9000000000000"):
        narrow(LAB).get(f"/r4/Observation/vital{path}", expect=404)
    fhir.get("/r4/Observation/vital", expect=410)


def test_everything_and_export_show_what_is_in_scope(narrow: Narrow) -> None:
    both = narrow(f"user/Patient.rs {LAB}")
    bundle = both.get("/r4/Patient/p/$everything")
    assert ids(bundle) == ["p", "lab1", "lab2"]
    assert bundle["total"] == 3
    output = both.get("/bulk-data/r4/$export")["output"]
    assert [file["type"] for file in output] == ["Observation", "Patient"]
    lines = both.http.get(output[0]["url"], headers=both.headers).getvalue().splitlines()
    assert [orjson.loads(line)["id"] for line in lines] == ["lab1", "lab2"]


def test_a_narrowed_scope_changes_nothing(narrow: Narrow) -> None:
    some = narrow("user/Observation.cruds?category=laboratory")
    some.put("/r4/Observation/lab1", _one("lab1", "laboratory"), expect=403)
    some.post("/r4/Observation", _one("new", "laboratory"), expect=403)
    some.delete("/r4/Observation/lab1", expect=403)
    some.delete("/r4/Patient/p/$everything", expect=403)
    some.delete("/r4/purge", expect=403)
    some.get("/r4/Observation/lab1")


@pytest.mark.parametrize(
    ("scope", "query", "found"),
    [
        ("user/DiagnosticReport.rs", "DiagnosticReport?_include=*", []),
        (f"user/DiagnosticReport.rs {LAB}", "DiagnosticReport?_include=*", ["lab1"]),
        (LAB, "Observation?_revinclude=*", []),
        (f"{LAB} user/DiagnosticReport.rs", "Observation?_revinclude=*", ["of-lab"]),
        (f"{LAB} user/Patient.rs", "Patient?_revinclude=Observation:subject", ["lab1", "lab2"]),
        ("user/Patient.rs", "Patient?_revinclude=Observation:subject", []),
        ("user/Patient.rs user/Observation.r", "Patient?_revinclude=Observation:subject", []),
        (
            "user/DiagnosticReport.rs user/Observation.r",
            "DiagnosticReport?_include=DiagnosticReport:result",
            ["lab1", "vital"],
        ),
        (
            f"{LAB} user/Patient.rs user/DiagnosticReport.rs",
            "Patient?_revinclude=Observation:subject"
            "&_revinclude:iterate=DiagnosticReport:result&_include:iterate=DiagnosticReport:result",
            ["lab1", "lab2", "of-lab"],
        ),
        ("user/Observation.rs?code=c1&_id=lab2 user/Patient.rs", "Patient?_revinclude=*", ["lab2"]),
    ],
)
def test_what_comes_along_is_in_scope(
    narrow: Narrow, scope: str, query: str, found: list[str]
) -> None:
    entries = narrow(scope).get(f"/r4/{query}")["entry"]
    along = [e["resource"]["id"] for e in entries if e["search"]["mode"] == "include"]
    assert along == found


def test_the_newest_of_each_kind_and_documents_are_in_scope(narrow: Narrow) -> None:
    lab = narrow(LAB)
    assert ids(lab.get("/r4/Observation/$lastn?patient=p&code=c1&max=9")) == ["lab2", "lab1"]
    lab.get("/r4/DocumentReference/$docref?patient=p", expect=403)


def test_earlier_versions_that_may_have_been_out_of_scope_are_not_there(
    narrow: Narrow, fhir: Fhir
) -> None:
    fhir.put("/r4/Observation/vital", _one("vital", "laboratory"))
    lab = narrow(LAB)
    assert lab.get("/r4/Observation/vital")["meta"]["versionId"] == "9000000000001"
    lab.get("/r4/Observation/vital/_history/9000000000001")
    lab.get("/r4/Observation/vital/_history/9000000000000", expect=404)
    assert lab.get("/r4/Observation/vital/_history")["total"] == 1
    for path in ("/r4/Observation/_history", "/r4/_history"):
        told = orjson.dumps(lab.get(path))
        assert b"vital-signs" not in told
        assert b"Observation/vital" in told
    whole = narrow("user/Observation.rs")
    assert whole.get("/r4/Observation/vital/_history")["total"] == 2
    whole.get("/r4/Observation/vital/_history/9000000000000")


def test_explain_does_not_count_what_is_out_of_scope(narrow: Narrow) -> None:
    def told(scope: str) -> str:
        return str(narrow(scope).get("/r4/Observation?code=c1&_explain=true"))

    assert "rows looked at" in told("user/Observation.rs user/*.rs")
    assert "only what the token's scopes show" in told(LAB)
    assert "rows looked at:" not in told(LAB)
    assert "ms." not in told(LAB)


def test_a_page_does_not_begin_behind_what_is_out_of_scope(narrow: Narrow) -> None:
    lab = narrow(LAB)
    assert ids(lab.get("/r4/Observation?_sort=-_lastUpdated&_afterid=lab2")) in (["lab1"], [])
    hidden = lab.get("/r4/Observation?_sort=date&_afterid=vital", expect=400)
    absent = lab.get("/r4/Observation?_sort=date&_afterid=nothing", expect=400)
    assert hidden["issue"] == absent["issue"]


def test_what_may_be_read_but_not_searched_is_found_by_no_detour(narrow: Narrow) -> None:
    some = narrow("user/Observation.r user/Patient.rs")
    assert ids(some.get("/r4/_history")) == ["p"]
    assert some.get("/r4/Patient?_has:Observation:subject:code=c1")["total"] == 0
    assert ids(some.get("/r4/Patient/p/$everything")) == ["p"]
    (file,) = some.get("/bulk-data/r4/$export")["output"]
    assert file["type"] == "Patient"
    assert some.get("/r4/Observation/lab1")["id"] == "lab1"
    assert some.get("/r4/Observation/lab1/_history")["total"] == 1
    both = narrow("user/Observation.rs user/Patient.rs")
    assert both.get("/r4/Patient?_has:Observation:subject:code=c1")["total"] == 1
    assert (
        narrow("user/Observation.rs user/Patient.r").get(
            "/r4/Observation?subject:Patient.gender=female"
        )["total"]
        == 0
    )


def test_lists_and_value_sets_that_may_only_be_read_are_found_by_their_ids_alone(
    narrow: Narrow, fhir: Fhir
) -> None:
    fhir.store(
        "r4",
        {
            "resourceType": "List",
            "id": "problems",
            "status": "current",
            "mode": "working",
            "code": {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]},
            "entry": [{"item": {"reference": "Observation/vital"}}],
        },
        {
            "resourceType": "ValueSet",
            "id": "of-codes",
            "url": "http://example.org/codes",
            "status": "active",
            "compose": {"include": [{"concept": [{"code": "c1"}]}]},
        },
    )
    asked = "/r4/Observation?_list=$current-problems"
    assert narrow("user/Observation.rs user/List.r").get(asked)["total"] == 0
    assert ids(narrow("user/Observation.rs user/List.s").get(asked)) == ["vital"]
    by_url = "/r4/Observation?code:in=http://example.org/codes"
    reading = narrow("user/Observation.rs user/ValueSet.r")
    reading.get(by_url, expect=400)
    assert reading.get("/r4/Observation?code:in=ValueSet/of-codes")["total"] == 3
    assert narrow("user/Observation.rs user/ValueSet.s").get(by_url)["total"] == 3
