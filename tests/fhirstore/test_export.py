"""Bulk export (wire contract 15.1)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from accounts.access import Access
from accounts.applications import NewClient
from accounts.models import AppUser, AuditRecord
from fhirstore import audit_events, erase, export, export_deleted
from fhirstore.api import export as export_api
from fhirstore.api.call import Call
from fhirstore.audit_events import Happened
from fhirstore.ingest import ingest
from fhirstore.models import Export
from fhirstore.source import Source
from sync import tasks
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir, observation

VERSIONS = ("dstu2", "stu3", "r4")


def content(caller: Fhir, url: str, *, expect: int = 200) -> list[dict[str, Any]]:
    """The resources of one file."""
    path = url.removeprefix(settings.PUBLIC_BASE_URL)
    response: Any = caller.http.get(path, headers=caller.headers)
    assert response.status_code == expect
    if expect != 200:
        return []
    text = b"".join(response.streaming_content)
    assert text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def exported(caller: Fhir, version: str, query: str = "") -> dict[str, list[str]]:
    """The ids of all files by type."""
    found: dict[str, list[str]] = {}
    for file in caller.get(f"/bulk-data/{version}/$export{query}")["output"]:
        for resource in content(caller, file["url"]):
            assert resource["resourceType"] == file["type"]
            found.setdefault(file["type"], []).append(resource["id"])
    return found


@pytest.fixture
def record(fhir: Fhir) -> Fhir:
    for version in VERSIONS:
        fhir.store(
            version,
            {"resourceType": "Patient", "id": "p1", "name": [{"text": 'Zoë\u2028 "Q"'}]},
            *(observation(f"o{n}") for n in range(7)),
            {"resourceType": "Practitioner", "id": "d1"},
        )
    return fhir


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LARGEST", 3)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_is_the_contracts(record: Fhir, version: str) -> None:
    url = f"/bulk-data/{version}/$export?_type=Patient,Observation"
    manifest = record.get(url)
    assert list(manifest) == ["transactionTime", "request", "requiresAccessToken", "output"]
    assert manifest["requiresAccessToken"] is True
    assert manifest["request"] == f"{settings.PUBLIC_BASE_URL}{url}"
    assert [file["type"] for file in manifest["output"]] == ["Observation", "Patient"]
    base = f"{settings.PUBLIC_BASE_URL}/bulk-data/{version}/$export"
    for file in manifest["output"]:
        assert file["url"].startswith(f"{base}/{file['type']}/")
        assert file["url"].endswith(".ndjson")
    (patient,) = content(record, manifest["output"][1]["url"])
    assert patient == record.get(f"/{version}/Patient/p1")


@pytest.mark.parametrize("version", VERSIONS)
def test_an_empty_store_gives_no_files(bobs: Fhir, server: Fhir, version: str) -> None:
    assert bobs.get(f"/bulk-data/{version}/$export")["output"] == []
    assert server.get(f"/bulk-data/{version}/$export")["output"] == []


def test_everything_the_user_has_and_nothing_of_others(
    record: Fhir, bobs: Fhir, mallorys: Fhir
) -> None:
    for other in (bobs, mallorys):
        other.store("r4", {"resourceType": "Patient", "id": "other"})
    assert exported(record, "r4") == {
        "Observation": [f"o{n}" for n in range(7)],
        "Patient": ["p1"],
        "Practitioner": ["d1"],
    }
    assert exported(bobs, "r4") == {"Patient": ["other"]}


def test_types_and_since_narrow_it(record: Fhir, now: datetime) -> None:
    assert exported(record, "r4", "?_type=Patient") == {"Patient": ["p1"]}
    assert exported(record, "r4", "?_type=patient&_type=Practitioner") == {
        "Patient": ["p1"],
        "Practitioner": ["d1"],
    }
    assert exported(record, "stu3", "?_type=MedicationOrder,Encounter") == {}
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    assert exported(record, "r4", f"?_since={tomorrow}") == {}
    assert len(exported(record, "r4", f"?_since={now.date().isoformat()}")["Observation"]) == 7
    for query in ("_type=Nonsense", "_since=abc"):
        answer = record.get(f"/bulk-data/r4/$export?{query}", expect=400)
        assert answer["resourceType"] == "OperationOutcome"


def test_many_resources_are_several_files(record: Fhir, small_files: None) -> None:
    output = record.get("/bulk-data/r4/$export?_type=Observation,Patient")["output"]
    assert [file["type"] for file in output] == ["Observation"] * 3 + ["Patient"]
    assert len({file["url"] for file in output}) == 4
    files = [[r["id"] for r in content(record, file["url"])] for file in output[:3]]
    assert files == [["o0", "o1", "o2"], ["o3", "o4", "o5"], ["o6"]]
    record.store("r4", observation("o30"), observation("z"))  # arrives between plan and download
    assert [r["id"] for r in content(record, output[1]["url"])] == ["o3", "o30", "o4", "o5"]
    assert [r["id"] for r in content(record, output[2]["url"])] == ["o6", "z"]


def test_as_many_as_a_file_holds_are_one_file(fhir: Fhir, small_files: None) -> None:
    fhir.store("r4", *(observation(f"o{n}") for n in range(6)))
    output = fhir.get("/bulk-data/r4/$export")["output"]
    assert [len(content(fhir, file["url"])) for file in output] == [3, 3]


def test_audit_events_are_in_no_export(record: Fhir, now: datetime) -> None:
    event = Happened(code="system-selected", words="System selected")
    audit_events.record(owner=record.owner, events=[event], now=now)
    assert "AuditEvent" not in exported(record, "r4")
    assert exported(record, "r4", "?_type=AuditEvent") == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_wearable_data_is_rendered(fhir: Fhir, now: datetime, version: str) -> None:
    band = Source(
        base="https://band.example/user/A", system_id=2, connection=2, version="any", patient=""
    )
    reading = observation(
        "steps/2026-11-01", code={"text": "Steps"}, category=[{"coding": [{"code": "activity"}]}]
    )
    ingest(owner=fhir.owner, source=band, resources=[reading], now=now)
    output = fhir.get(f"/bulk-data/{version}/$export")["output"]
    assert [file["type"] for file in output] == ["Observation", "Patient"]
    (exported,) = content(fhir, output[0]["url"])
    assert exported == fhir.get(f"/{version}/Observation/{exported['id']}")
    assert isinstance(exported["category"], dict) is (version == "dstu2")


def test_the_download_needs_the_same_credentials(
    record: Fhir,
    bobs: Fhir,
    mallorys: Fhir,
    server: Fhir,
    mallory_app: NewClient,
    now: datetime,
    alice_token: str,
) -> None:
    (file,) = record.get("/bulk-data/r4/$export?_type=Patient")["output"]
    for other in (bobs, mallorys, server):
        content(other, file["url"], expect=404)
    content(Fhir("", 0, now), file["url"], expect=401)
    content(Fhir("", 0, now), f"{file['url']}?access_token={alice_token}", expect=401)
    server.headers["x-oneup-user-id"] = str(record.owner)
    assert len(content(server, file["url"])) == 1
    server.headers["x-oneup-user-id"] = "client"
    (every,) = server.get("/bulk-data/r4/$export?_type=Patient")["output"]
    for other in (record, bobs, mallorys):
        content(other, every["url"], expect=404)
    foreign = Fhir("", 0, now)
    foreign.headers = {
        "client-id": mallory_app.client_id,
        "client-secret": mallory_app.client_secret,
        "x-oneup-user-id": "client",
    }
    content(foreign, every["url"], expect=404)
    assert len(content(server, every["url"])) == 1


def test_a_token_is_kept_as_a_digest_and_fits_its_file_only(record: Fhir) -> None:
    first, second = record.get("/bulk-data/r4/$export?_type=Patient,Practitioner")["output"]
    token = first["url"].rpartition("/")[2].removesuffix(".ndjson")
    row = Export.objects.get()
    assert token.rpartition("-")[0] not in f"{row.digest} {row.request} {row.files}"
    for url in (
        first["url"].replace("/Patient/", "/Practitioner/"),
        first["url"].replace("/r4/", "/stu3/"),
        first["url"].replace(token, token + "0"),
        first["url"].replace(token, token.rpartition("-")[0]),
        first["url"].replace(token, "A" * 43 + "-1"),
        second["url"].replace("-2.ndjson", "-3.ndjson"),
        second["url"].replace("-2.ndjson", "-0.ndjson"),
    ):
        content(record, url, expect=404)


def test_a_file_works_for_a_day(record: Fhir, bobs: Fhir) -> None:
    (file,) = record.get("/bulk-data/r4/$export?_type=Patient")["output"]
    Export.objects.update(expires=record.now)
    content(record, file["url"], expect=404)
    bobs.get("/bulk-data/r4/$export")
    assert Export.objects.filter(app_user=record.owner).count() == 0


def test_an_erasure_holds_for_a_planned_export(record: Fhir) -> None:
    (file,) = record.get("/bulk-data/r4/$export?_type=Patient")["output"]
    record.delete("/r4/Patient/p1")
    response: Any = record.http.get(
        file["url"].removeprefix(settings.PUBLIC_BASE_URL), headers=record.headers
    )
    assert b"".join(response.streaming_content) == b""
    erase.erase_owner(owner=record.owner)
    content(record, file["url"], expect=404)


def test_all_users_of_a_client_and_one_source_once(
    record: Fhir, bobs: Fhir, mallorys: Fhir, server: Fhir, small_files: None, now: datetime
) -> None:
    source = Source(
        base="https://hospital.example/r4", system_id=1, connection=1, version="r4", patient="1"
    )
    patient = {"resourceType": "Patient", "id": "1", "gender": "male"}
    ingest(owner=record.owner, source=source, resources=[patient], now=now)
    newer = {**patient, "gender": "female"}
    ingest(owner=bobs.owner, source=source, resources=[newer], now=now + timedelta(minutes=1))
    ingest(owner=mallorys.owner, source=source, resources=[patient], now=now)
    bobs.store("r4", *(observation(f"o{n}") for n in range(5)))
    bobs.store("r4", {"resourceType": "Practitioner", "id": "o1"})
    output = server.get("/bulk-data/r4/$export")["output"]
    assert [f["type"] for f in output].count("Observation") == 4  # 7 and 5 in files of 3
    found = [r for file in output for r in content(server, file["url"])]
    observations = sorted(r["id"] for r in found if r["resourceType"] == "Observation")
    assert observations == sorted([*(f"o{n}" for n in range(7)), *(f"o{n}" for n in range(5))])
    genders = [r["gender"] for r in found if r.get("gender")]
    assert genders == ["female"]
    assert sorted(r["id"] for r in found if r["resourceType"] == "Practitioner") == ["d1", "o1"]


def test_what_others_let_one_see_is_not_exported(record: Fhir, bobs: Fhir) -> None:
    record.put(f"/r4/Patient/p1/_permission/{bobs.owner}", None)
    assert bobs.get("/r4/Patient")["total"] == 1
    assert exported(bobs, "r4") == {}


def test_respond_async_is_asked_for_its_manifest(record: Fhir, bobs: Fhir) -> None:
    url = "/bulk-data/r4/$export?_type=Patient"
    assert record.get(url, expect=202, prefer="respond-async") is None
    where = record.last.headers["Content-Location"]
    assert where.startswith(f"{settings.PUBLIC_BASE_URL}/bulk-data/r4/$export/status/")
    bobs.get(where, expect=404)
    manifest = record.get(where)
    assert [f["type"] for f in manifest["output"]] == ["Patient"]
    assert "Expires" in record.last.headers
    assert len(content(record, manifest["output"][0]["url"])) == 1
    record.delete(where, expect=202)
    record.get(where, expect=404)
    content(record, manifest["output"][0]["url"], expect=404)


def test_respond_async_is_planned_piece_by_piece(
    record: Fhir, small_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_api, "A_PIECE", -1)
    record.get(
        "/bulk-data/r4/$export?_type=Patient,Observation,Practitioner,Encounter",
        expect=202,
        prefer="respond-async",
    )
    where = record.last.headers["Content-Location"]
    for left in (3, 2, 1):
        assert record.get(where, expect=202) is None
        assert record.last.headers["X-Progress"] == f"{left} resource types to go"
        assert record.last.headers["Retry-After"] == "1"
        token = where.rpartition("/")[2]
        content(record, f"/bulk-data/r4/$export/Patient/{token}-1.ndjson", expect=404)
    manifest = record.get(where)
    assert manifest["error"] == []
    assert [f["type"] for f in manifest["output"]] == ["Observation"] * 3 + [
        "Patient",
        "Practitioner",
    ]
    assert record.get(where) == manifest
    found = [r["id"] for f in manifest["output"] for r in content(record, f["url"])]
    assert found == [*(f"o{n}" for n in range(7)), "p1", "d1"]


def test_a_cancelled_export_is_gone_at_once(record: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_api, "A_PIECE", -1)
    record.get("/bulk-data/r4/$export", expect=202, prefer="respond-async")
    where = record.last.headers["Content-Location"]
    record.get(where, expect=202)
    record.delete(where, expect=202)
    for method in ("GET", "DELETE"):
        answer = record.call(method, where, expect=404)
        assert answer["resourceType"] == "OperationOutcome"


def test_two_that_ask_at_once_plan_it_once(record: Fhir, small_files: None) -> None:
    record.get("/bulk-data/r4/$export", expect=202, prefer="respond-async")
    first, second = Export.objects.get(), Export.objects.get()
    scope = Call(
        access=Access(application_id=1, client_id="", app_user_id=record.owner),
        version="r4",
        prefix="",
        now=record.now,
        rtype="Patient",
    ).scope()
    export.go_on(first, scope, seconds=60)
    export.go_on(second, scope, seconds=-1)
    assert second.files == first.files == Export.objects.get().files
    assert len(first.files) == 5
    first.delete()
    second.files = [["Patient"]]
    with pytest.raises(Export.DoesNotExist):
        export.go_on(second, scope, seconds=60)


@pytest.mark.parametrize("path", ["$export", "Patient/$export", "%24export"])
def test_it_begins_under_a_fhir_base_too(record: Fhir, bobs: Fhir, path: str) -> None:
    manifest = record.get(f"/fhir/r4/{path}?_type=Patient&_outputFormat=application/fhir%2Bndjson")
    asked = f"{settings.PUBLIC_BASE_URL}/fhir/r4/{path}".replace("%24", "$")
    assert manifest["request"].startswith(f"{asked}?_type=Patient")
    (file,) = manifest["output"]
    assert [r["id"] for r in content(record, file["url"])] == ["p1"]
    content(bobs, file["url"], expect=404)
    record.get(f"/r4/{path}", expect=202, prefer="respond-async")
    where = record.last.headers["Content-Location"]
    assert [f["type"] for f in record.get(where)["output"]] == [
        "Observation",
        "Patient",
        "Practitioner",
    ]


def test_it_begins_by_post_too(record: Fhir) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueString": "Patient,Practitioner"}],
    }
    manifest = record.post("/r4/$export", body)
    assert [f["type"] for f in manifest["output"]] == ["Patient", "Practitioner"]


@pytest.mark.parametrize(
    "query", ["_outputFormat=text/csv", "_typeFilter=Patient%3Fgender%3Dmale", "_elements=id"]
)
def test_what_it_cannot_do_is_refused(record: Fhir, query: str) -> None:
    for path in ("/bulk-data/r4/$export", "/r4/$export"):
        answer = record.get(f"{path}?{query}", expect=400)
        assert query.partition("=")[0] in answer["issue"][0]["diagnostics"]


def group(*members: Any, **more: Any) -> dict[str, Any]:
    """A Group of these: references, or whole members."""
    held = [{"entity": {"reference": m}} if isinstance(m, str) else m for m in members]
    return {
        "resourceType": "Group",
        "id": "g",
        "type": "person",
        "actual": True,
        "member": held,
        **more,
    }


def about(ident: str, patient: str) -> dict[str, Any]:
    return observation(ident, subject={"reference": f"Patient/{patient}"})


@pytest.fixture
def practice(fhir: Fhir) -> Fhir:
    """Three patients with an Observation each, and what belongs to nobody."""
    for version in VERSIONS:
        for patient in ("a", "b", "c"):
            fhir.store(
                version, {"resourceType": "Patient", "id": patient}, about(f"of-{patient}", patient)
            )
        fhir.store(version, {"resourceType": "Practitioner", "id": "d"}, observation("nobody"))
    return fhir


def files(caller: Fhir, manifest: dict[str, Any], part: str = "output") -> list[str]:
    """ "Type/id" of all that the files hold, but for the Group, which is in the compartments of its
    members."""
    found = [r for file in manifest[part] for r in content(caller, file["url"])]
    return sorted(f"{r['resourceType']}/{r['id']}" for r in found if r["id"] != "g")


def asked_later(caller: Fhir, path: str) -> Any:
    """The manifest of an export that was asked for with respond-async."""
    assert caller.get(path, expect=202, prefer="respond-async") is None
    return caller.get(caller.last.headers["Content-Location"])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_patients_of_a_group(practice: Fhir, version: str) -> None:
    base = settings.PUBLIC_BASE_URL
    over = {"entity": {"reference": "Patient/c"}, "period": {"end": "2020-01-01"}}
    left = {"entity": {"reference": "Patient/c"}, "inactive": True}
    still = {"entity": {"reference": f"{base}/fhir/{version}/Patient/b"}, "period": {"end": "2090"}}
    practice.store(version, group("Patient/a", still, over, left, "Patient/none", "Practitioner/d"))
    path = f"/{version}/Group/g/$export"
    manifest = practice.get(path)
    assert list(manifest) == ["transactionTime", "request", "requiresAccessToken", "output"]
    assert manifest["request"] == f"{base}{path}"
    wanted = ["Observation/of-a", "Observation/of-b", "Patient/a", "Patient/b"]
    assert files(practice, manifest) == wanted
    assert files(practice, asked_later(practice, path)) == wanted
    assert files(practice, practice.get(f"{path}?_type=Patient")) == wanted[2:]
    tomorrow = (practice.now + timedelta(days=1)).date().isoformat()
    assert practice.get(f"{path}?_since={tomorrow}")["output"] == []
    # Who is in it was settled when it was asked for; what they have is read when it is loaded.
    manifest = practice.get(f"{path}?_type=Observation")
    practice.store(version, group())
    practice.store(version, about("new", "a"))
    assert "Observation/new" in files(practice, manifest)
    assert practice.get(path)["output"] == []


def test_a_group_that_is_not_there(practice: Fhir, bobs: Fhir, dana_app: NewClient) -> None:
    practice.store("r4", group("Patient/a"))
    bobs.get("/r4/Group/g/$export", expect=404)
    practice.get("/r4/Group/none/$export", expect=404)
    practice.get("/r4/Patient/a/$export", expect=404)
    alice = AppUser.objects.get(pk=practice.owner)
    for scope, status in (
        ("user/Patient.rs user/Group.rs", 200),
        ("user/Patient.rs", 404),
        ("user/Group.rs?identifier=x user/Patient.rs", 404),
    ):
        token = token_pair(dana_app, alice, practice.now, scope).access_token
        narrow = Fhir(token, practice.owner, practice.now)
        told = narrow.get("/r4/Group/g/$export", expect=status)
        if status == 200:
            assert files(narrow, told) == ["Patient/a"]
    practice.delete("/r4/Group/g")
    practice.get("/r4/Group/g/$export", expect=410)


def test_a_group_of_the_users_of_an_app(practice: Fhir, bobs: Fhir, server: Fhir) -> None:
    bobs.store("r4", {"resourceType": "Patient", "id": "bob"}, about("of-bob", "bob"))
    practice.store("r4", group("Patient/a", "Patient/bob"))
    assert files(practice, practice.get("/r4/Group/g/$export")) == ["Observation/of-a", "Patient/a"]
    assert files(server, server.get("/r4/Group/g/$export")) == [
        "Observation/of-a",
        "Observation/of-bob",
        "Patient/a",
        "Patient/bob",
    ]


def deletions(caller: Fhir, path: str) -> list[str]:
    """What the files of deletions tell."""
    manifest = asked_later(caller, path)
    assert list(manifest)[-2:] == ["deleted", "error"]
    told = []
    for file in manifest["deleted"]:
        assert file["type"] == "Bundle"
        for bundle in content(caller, file["url"]):
            assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
            assert {entry["request"]["method"] for entry in bundle["entry"]} == {"DELETE"}
            told += [entry["request"]["url"] for entry in bundle["entry"]]
    return told


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_deleted_since(
    practice: Fhir, bobs: Fhir, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"/bulk-data/{version}/$export"
    since = practice.now.date().isoformat()
    for name in ("Observation/of-a", "Observation/of-b", "Patient/c", "Practitioner/d"):
        practice.delete(f"/{version}/{name}")
    practice.store(version, about("of-b", "b"))  # back again
    gone = ["Observation/of-a", "Patient/c", "Practitioner/d"]
    assert sorted(deletions(practice, f"{base}?_since={since}")) == gone
    monkeypatch.setattr(export_deleted, "ENTRIES", 2)
    assert sorted(deletions(practice, f"{base}?_since={since}")) == gone
    typed = f"{base}?_since={since}&_type=Patient,Encounter"
    assert deletions(practice, typed) == ["Patient/c"]
    tomorrow = (practice.now + timedelta(days=1)).date().isoformat()
    assert deletions(practice, f"{base}?_since={tomorrow}") == []
    assert "deleted" not in asked_later(practice, base)
    assert "deleted" not in practice.get(f"{base}?_since={since}")
    assert deletions(bobs, f"{base}?_since={since}") == []
    # Of a Group what belonged to its patients.
    practice.store(version, group("Patient/a", "Patient/c"))
    path = f"/{version}/Group/g/$export?_since={since}"
    assert deletions(practice, path) == ["Observation/of-a", "Patient/c"]
    practice.store(version, group("Patient/b"))
    assert deletions(practice, path) == []


def test_deletions_are_told_to_whoever_sees_all_of_a_type(
    practice: Fhir, bobs: Fhir, dana_app: NewClient, now: datetime
) -> None:
    since = now.date().isoformat()
    path = f"/bulk-data/r4/$export?_since={since}"
    practice.delete("/r4/Observation/of-a")
    practice.delete("/r4/Patient/c")
    alice = AppUser.objects.get(pk=practice.owner)
    for scope, told in (
        ("user/Patient.rs", ["Patient/c"]),
        ("user/Patient.rs user/Observation.rs?category=x", ["Patient/c"]),
        ("user/Patient.rs?gender=male", []),
        ("user/*.rs", ["Observation/of-a", "Patient/c"]),
    ):
        token = token_pair(dana_app, alice, now, scope).access_token
        assert deletions(Fhir(token, alice.pk, now), path) == told
    where = asked_later(practice, path)["deleted"][0]["url"]
    content(bobs, where, expect=404)
    content(practice, where.replace("/deleted/", "/Bundle/"), expect=404)


def test_what_another_user_still_has_is_not_deleted(
    practice: Fhir, bobs: Fhir, server: Fhir, now: datetime
) -> None:
    since = now.date().isoformat()
    bobs.store("r4", {"resourceType": "Patient", "id": "c"})
    for ident in ("b", "c"):
        practice.delete(f"/r4/Patient/{ident}")
    assert deletions(server, f"/bulk-data/r4/$export?_since={since}&_type=Patient") == ["Patient/b"]


def test_an_export_is_no_entry_of_a_bundle(record: Fhir) -> None:
    entry = {"request": {"method": "GET", "url": "$export"}}
    answer = record.post("/r4", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert answer["entry"][0]["response"]["status"].startswith("404")


def test_the_daily_prune_sweeps_what_ran_out(record: Fhir) -> None:
    record.get("/bulk-data/r4/$export")
    record.get("/bulk-data/r4/$export")
    assert export.sweep(now=record.now + timedelta(hours=23)) == 0
    Export.objects.filter(pk=Export.objects.latest("pk").pk).update(expires=record.now)
    tasks.prune()
    assert Export.objects.count() == 1


@pytest.mark.parametrize(
    "scope, query, status",
    [
        ("user/*.read", "", 200),
        ("user/Patient.read", "?", 200),
        ("user/Patient.write", "", 403),
        ("user/Patient.read", "?_type=Patient", 200),
        ("user/Patient.read", "?_type=Observation", 403),
        ("user/Patient.read", "?_type=Patient,Observation", 200),
    ],
)
def test_scopes_hold(
    record: Fhir,
    dana_app: NewClient,
    alice: AppUser,
    now: datetime,
    scope: str,
    query: str,
    status: int,
) -> None:
    narrow = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
    answer = narrow.get(f"/bulk-data/r4/$export{query}", expect=status)
    if status == 200 and query:
        assert [file["type"] for file in answer["output"]] == ["Patient"]
        assert len(content(narrow, answer["output"][0]["url"])) == 1


def test_calls_without_or_with_bad_credentials(record: Fhir, server: Fhir, now: datetime) -> None:
    answer = Fhir("", 0, now).get("/bulk-data/r4/$export", expect=401)
    assert answer["error"] == "invalid_token"
    server.headers["x-oneup-user-id"] = "999999"
    assert server.get("/bulk-data/r4/$export", expect=403) == {"message": "Forbidden"}
    record.post("/bulk-data/r4/$export", {}, expect=405)


def test_each_call_is_audited(record: Fhir) -> None:
    (file,) = record.get("/bulk-data/r4/$export?_type=Patient")["output"]
    content(record, file["url"])
    said = AuditRecord.objects.values_list("interaction", "resource_type")
    assert list(said.order_by("pk")) == [("export", "Patient"), ("export", "Patient")]


def test_no_cache_may_keep_an_export(record: Fhir) -> None:
    """A file's address and credentials are two things: what a cache kept by address alone, it
    would hand to others."""
    file = record.get("/bulk-data/r4/$export")["output"][0]
    manifest = record.last
    content(record, file["url"])
    download: Any = record.http.get(
        file["url"].removeprefix(settings.PUBLIC_BASE_URL), headers=record.headers
    )
    for answer in (manifest, download):
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("where", ["/bulk-data/r4/$export", "/r4/$export", "/r4/Patient/$export"])
def test_a_parameter_that_is_not_known(record: Fhir, where: str) -> None:
    record.get(f"{where}?nope=1")
    refused = record.get(f"{where}?nope=1", prefer="handling=strict", expect=400)
    assert "nope" in refused["issue"][0]["diagnostics"]
    record.get(f"{where}?_type=Patient&_outputFormat=ndjson", prefer="handling=strict")
    refused = record.get(f"{where}?includeAssociatedData=LatestProvenanceResources", expect=400)
    assert "includeAssociatedData" in refused["issue"][0]["diagnostics"]
    record.get(f"{where}?includeAssociatedData=x", prefer="handling=lenient")


@pytest.mark.parametrize("path", ["r4/Patient/$export", "r5/$export", "r4", "r4/$export/x"])
def test_what_is_not_among_the_exports_gets_an_outcome(record: Fhir, path: str) -> None:
    answer = record.get(f"/bulk-data/{path}", expect=404)
    assert answer["resourceType"] == "OperationOutcome"
