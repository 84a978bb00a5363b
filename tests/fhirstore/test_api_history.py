"""Histories of one resource, a type and everything; `_since`, `_at`, `_count` and paging."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from fhirstore import writes
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir, link

VERSIONS = ("dstu2", "stu3", "r4")
HOUR = timedelta(hours=1)


def told(bundle: dict[str, Any]) -> list[str]:
    """The entries in short: method, type/id and gender."""
    assert bundle["type"] == "history"
    found = []
    for entry in bundle["entry"]:
        name = "/".join(entry["fullUrl"].split("/")[-2:])
        gender = entry.get("resource", {}).get("gender", "")
        found.append(f"{entry['request']['method']} {name} {gender}".strip())
    return found


def past(caller: Fhir, version: str, hours: int, ident: str, gender: str | None) -> None:
    """Write, or delete, a Patient that many hours ago."""
    now = caller.now - hours * HOUR
    common: dict[str, Any] = {"owner": caller.owner, "version": version, "rtype": "Patient"}
    if gender is None:
        writes.delete(fid=ident, now=now, **common)
        return
    body = {"resourceType": "Patient", "gender": gender}
    writes.update(fid=ident, body=body, now=now, **common)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def record(fhir: Fhir, bobs: Fhir, version: str) -> Fhir:
    """Two patients and their fates, a device, and Bob's."""
    past(fhir, version, 10, "a", "male")
    past(fhir, version, 9, "b", "male")
    past(fhir, version, 8, "a", "female")
    past(fhir, version, 6, "b", None)
    past(fhir, version, 4, "b", "other")
    past(fhir, version, 2, "a", None)
    past(bobs, version, 5, "a", "unknown")
    device = {"resourceType": "Device"}
    writes.update(
        owner=fhir.owner,
        version=version,
        rtype="Device",
        fid="d",
        body=device,
        now=fhir.now - 7 * HOUR,
    )
    return fhir


ALL = [
    "DELETE Patient/a",
    "PUT Patient/b other",
    "DELETE Patient/b",
    "PUT Patient/a female",
    "PUT Patient/b male",
    "PUT Patient/a male",
]
WITH_DEVICE = [*ALL[:3], "PUT Device/d", *ALL[3:]]


def test_a_type_and_everything(record: Fhir, version: str) -> None:
    bundle = record.get(f"/{version}/Patient/_history")
    assert (told(bundle), bundle["total"]) == (ALL, 6)
    assert told(record.get(f"/{version}/_history")) == WITH_DEVICE
    assert told(record.get(f"/{version}/Group/_history")) == []
    record.get(f"/{version}/Nonsense/_history", expect=404)
    other = "r4" if version == "dstu2" else "dstu2"
    assert told(record.get(f"/{other}/_history")) == []
    if version == "r4":
        assert bundle["entry"][0]["response"]["etag"] == 'W/"9000000000002"'
        assert bundle["entry"][-1]["response"]["status"] == "201 Created"


@pytest.mark.parametrize(
    "hours, of_type, of_a, of_b",
    [
        (11, ALL, [ALL[0], ALL[3], ALL[5]], [ALL[1], ALL[2], ALL[4]]),
        (8, ALL[:4], [ALL[0], ALL[3]], ALL[1:3]),
        (3, ALL[:1], ALL[:1], []),
        (1, [], [], []),
    ],
)
def test_since(record: Fhir, version: str, hours: int, of_type: Any, of_a: Any, of_b: Any) -> None:
    since = quote((record.now - hours * HOUR - timedelta(seconds=1)).isoformat())
    bundle = record.get(f"/{version}/Patient/_history?_since={since}")
    assert (told(bundle), bundle["total"]) == (of_type, len(of_type))
    assert told(record.get(f"/{version}/Patient/a/_history?_since={since}")) == of_a
    assert told(record.get(f"/{version}/Patient/b/_history?_since={since}")) == of_b


@pytest.mark.parametrize(
    "hours, of_type",
    [
        (11, []),
        (9.5, ["PUT Patient/a male"]),
        (8.5, ["PUT Patient/b male", "PUT Patient/a male"]),
        (7, ["PUT Patient/a female", "PUT Patient/b male"]),
        (5, ["PUT Patient/a female"]),
        (3, ["PUT Patient/b other", "PUT Patient/a female"]),
        (1, ["PUT Patient/b other"]),
    ],
)
def test_at_a_moment(record: Fhir, version: str, hours: float, of_type: list[str]) -> None:
    at = quote((record.now - hours * HOUR).isoformat())
    bundle = record.get(f"/{version}/Patient/_history?_at={at}")
    assert (told(bundle), bundle["total"]) == (of_type, len(of_type))
    single = []
    for ident in "ab":
        single += told(record.get(f"/{version}/Patient/{ident}/_history?_at={at}"))
    assert sorted(single) == sorted(of_type)


def test_at_a_year_shows_what_ended_and_was_deleted_in_it(record: Fhir, version: str) -> None:
    years = {(record.now - hours * HOUR).year for hours in (10, 2)}
    if len(years) == 1:
        assert told(record.get(f"/{version}/Patient/_history?_at={years.pop()}")) == ALL
    assert told(record.get(f"/{version}/Patient/_history?_at=1999")) == []


@pytest.mark.parametrize("where", ["Patient/_history", "_history", "Patient/a/_history"])
@pytest.mark.parametrize("query", ["_since=soon", "_at=never", "_at=2026-13-01", "_since=%00"])
def test_what_cannot_be_read_is_refused(record: Fhir, version: str, where: str, query: str) -> None:
    answer = record.get(f"/{version}/{where}?{query}", expect=400)
    assert answer["resourceType"] == "OperationOutcome"


def test_pages_stay_exact_while_versions_are_written(record: Fhir, version: str) -> None:
    seen, url = [], f"/{version}/_history?_count=2"
    for number in range(10):
        bundle = record.get(url)
        assert bundle["total"] == 7 + number
        seen += told(bundle)
        body = {"resourceType": "Patient", "gender": "male"}
        record.put(f"/{version}/Patient/b", body)  # moves what was current into history
        following = link(bundle, "next")
        if following is None:
            break
        assert following.startswith(f"http://127.0.0.1:8000/{version}/_history?_count=2&_after=")
        url = following
    assert seen == WITH_DEVICE
    skipped = record.get(f"/{version}/Patient/_history?_count=2&_skip=8")
    assert told(skipped) == ["PUT Patient/b male", "PUT Patient/a male"]
    assert record.get(f"/{version}/Patient/_history?_count=0")["entry"] == []
    for odd in ("x", "W10", "WyIyMDI2Il0", "bm90"):
        assert len(record.get(f"/{version}/_history?_after={odd}&_count=20")["entry"]) == 11


def test_versions_of_one_moment_are_all_shown(fhir: Fhir) -> None:
    fhir.store("r4", *({"resourceType": "Patient", "id": f"p{n}"} for n in range(7)))
    seen, url = [], "/r4/Patient/_history?_count=3"
    while url:
        bundle = fhir.get(url)
        seen += told(bundle)
        url = link(bundle, "next") or ""
    assert seen == [f"PUT Patient/p{n}" for n in range(7)]


def test_unknown_parameters(fhir: Fhir) -> None:
    bundle = fhir.get("/r4/Patient/_history?nonsense=1&_count=3")
    assert link(bundle, "self") == "http://127.0.0.1:8000/r4/Patient/_history?_count=3"
    fhir.get("/r4/Patient/_history?nonsense=1", prefer="handling=strict", expect=400)


def test_all_users_of_an_app(fhir: Fhir, bobs: Fhir, mallorys: Fhir, server: Fhir) -> None:
    for number, caller in enumerate((fhir, bobs, mallorys)):
        past(caller, "r4", number, f"p{number}", "male")
    assert told(server.get("/r4/Patient/_history")) == [
        "PUT Patient/p0 male",
        "PUT Patient/p1 male",
    ]


def test_scopes_hold(fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime) -> None:
    for ident, gender in (("m", "male"), ("f", "female"), ("gone", "male")):
        past(fhir, "r4", 3, ident, gender)
    past(fhir, "r4", 2, "m", "male")
    past(fhir, "r4", 1, "gone", None)
    fhir.store("r4", {"resourceType": "Device", "id": "d"})

    def seen(scope: str, path: str = "_history", expect: int = 200) -> list[str]:
        caller = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
        answer = caller.get(f"/r4/{path}", expect=expect)
        return told(answer) if expect == 200 else []

    males = ["PUT Patient/m male"]
    assert seen("user/Patient.rs?gender=male") == males
    assert seen("user/Patient.rs?gender=male", "Patient/_history") == males
    assert seen("user/Patient.rs?gender=male user/Device.rs") == ["PUT Device/d", *males]
    assert seen("user/Device.read") == ["PUT Device/d"]
    seen("user/Device.read", "Patient/_history", expect=403)
    seen("user/Patient.r", "Patient/_history", expect=403)
    assert len(seen("user/*.read")) == 6


def test_parts_of_each_version(fhir: Fhir, version: str) -> None:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
    for gender in ("male", "female"):
        body = {"resourceType": "Patient", "id": "a", "gender": gender, "birthDate": "1980"}
        fhir.put(f"/{version}/Patient/a", {**body, "text": text}, expect=None)
    for path in ("Patient/a/_history", "Patient/_history", "_history"):
        for query in ("_elements=gender", "_summary=true", "_summary=data", "_summary=text"):
            shown = [e["resource"] for e in fhir.get(f"/{version}/{path}?{query}")["entry"]]
            assert [r["meta"]["versionId"][-1] for r in shown] == ["1", "0"]
            assert all(r["meta"]["tag"][-1]["code"] == "SUBSETTED" for r in shown)
            members = set(shown[0]) - {"resourceType", "id", "meta"}
            assert (
                members
                == {
                    "_elements=gender": {"gender"},
                    "_summary=true": {"gender", "birthDate"},
                    "_summary=data": {"gender", "birthDate"},
                    "_summary=text": {"text"},
                }[query]
            )
        counted = fhir.get(f"/{version}/{path}?_summary=count")
        assert (counted["total"], counted["entry"]) == (2, [])
        assert fhir.get(f"/{version}/{path}?_summary=false")["entry"][0]["resource"]["text"]
        refused = fhir.get(f"/{version}/{path}?_summary=odd", expect=400)
        assert "_summary" in refused["issue"][0]["details"]["text"]
    path = f"/{version}/Patient/a/_history?_elements=gender&_count=1"
    second = fhir.get(str(link(fhir.get(path), "next")))["entry"][0]["resource"]
    assert (second["gender"], "birthDate" in second) == ("male", False)


def test_the_pages_of_one_resource(record: Fhir, version: str) -> None:
    for hours in range(30, 20, -1):
        past(record, version, hours, "long", "male")
    seen: list[str] = []
    url: str | None = f"/{version}/Patient/long/_history?_count=3"
    while url:
        bundle = record.get(url)
        assert bundle["total"] == 10
        assert len(bundle["entry"]) <= 3
        seen += [e["resource"]["meta"]["versionId"][-2:] for e in bundle["entry"]]
        url = link(bundle, "next")
    assert seen == [f"{n:02}" for n in range(9, -1, -1)]
    assert record.get(f"/{version}/Patient/long/_history?_skip=50")["entry"] == []
    assert record.get(f"/{version}/Patient/long/_history?_since=2027")["total"] == 0
    record.get(f"/{version}/Patient/none/_history", expect=404)


def test_the_pages_of_one_resource_stay_exact_while_it_is_written(
    record: Fhir, bobs: Fhir, version: str
) -> None:
    record.put(f"/fhir/{version}/Patient/b/_permission/{bobs.owner}", None)
    # The second one was a deletion, which others are not told.
    for caller, numbers in ((record, ["2", "-", "0"]), (bobs, ["4", "3", "2", "0"])):
        seen: list[str] = []
        url: str | None = f"/{version}/Patient/b/_history?_count=2"
        while url:
            bundle = caller.get(url)
            for entry in bundle["entry"]:
                meta = entry["resource"]["meta"] if "resource" in entry else {"versionId": "-"}
                seen.append(meta["versionId"][-1])
            record.put(f"/{version}/Patient/b", {"resourceType": "Patient", "gender": "male"})
            url = link(bundle, "next")
        assert seen == numbers
    skipped = record.get(f"/{version}/Patient/b/_history?_count=1&_skip=1")
    assert (link(skipped, "next") or "").endswith("_count=1&_skip=2")


def test_another_users_versions_are_paged_as_far_as_they_are_seen(
    fhir: Fhir, bobs: Fhir, version: str
) -> None:
    """Of a resource that was not always about the patient."""
    fhir.store(version, {"resourceType": "Patient", "id": "p"})
    for number in range(7):
        patient = "p" if number % 2 else "q"
        subject = {"reference": f"Patient/{patient}"}
        body = {"resourceType": "Observation", "id": "o", "status": "final", "subject": subject}
        fhir.store(version, {**body, "comment": str(number)})
    fhir.store(version, {**body, "subject": {"reference": "Patient/p"}})
    fhir.put(f"/fhir/{version}/Patient/p/_permission/{bobs.owner}", None)
    seen: list[str] = []
    url: str | None = f"/{version}/Observation/o/_history?_count=3"
    while url:
        bundle = bobs.get(url)
        assert bundle["total"] == 4
        seen += [e["resource"]["meta"]["versionId"][-1] for e in bundle["entry"]]
        url = link(bundle, "next")
    assert seen == ["7", "5", "3", "1"]


def test_the_first_version_tells_how_to_get_it_again(fhir: Fhir) -> None:
    """What was made under an id of the client's choosing is made by PUT: POST would lose the id."""
    fhir.put("/r4/Patient/mine", {"resourceType": "Patient", "id": "mine"}, expect=201)
    made = fhir.post("/r4/Patient", {"resourceType": "Patient"}, expect=201)["id"]

    def first(ident: str) -> tuple[dict[str, str], str]:
        entry = fhir.get(f"/r4/Patient/{ident}/_history")["entry"][-1]
        return entry["request"], entry["response"]["status"]

    assert first("mine") == ({"method": "PUT", "url": "Patient/mine"}, "201 Created")
    assert first(made) == ({"method": "POST", "url": "Patient"}, "201 Created")


def test_a_version_that_is_not_there_is_told_from_a_resource_that_is_not(fhir: Fhir) -> None:
    fhir.store("r4", {"resourceType": "Patient", "id": "p"})
    for method in ("GET", "DELETE"):
        for number in ("9000000000007", "77", "abc"):
            said = fhir.call(method, f"/r4/Patient/p/_history/{number}", expect=404)
            assert "Patient/p has no such version" in said["issue"][0]["diagnostics"]
        said = fhir.call(method, "/r4/Patient/q/_history/9000000000000", expect=404)
        assert "Patient/q is not known" in said["issue"][0]["diagnostics"]
