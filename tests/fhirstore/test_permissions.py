"""One user lets another see a patient (wire contract 12.9)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import pytest

from accounts.app_users import create_app_user
from accounts.applications import NewClient
from accounts.models import AppUser, PatientPermission
from fhirstore import erase
from fhirstore.ingest import ingest
from fhirstore.source import Source
from tests.cast import token_pair
from tests.console.crowd import statements
from tests.fhirstore.fhir_client import Fhir, ids, link, observation

VERSIONS = ("dstu2", "stu3", "r4")


def subject(patient: str) -> dict[str, Any]:
    return {"subject": {"reference": f"Patient/{patient}"}}


@pytest.fixture
def record(fhir: Fhir) -> Fhir:
    """Alice with two patients: p1 with three Observations, p2 with one; and a Practitioner."""
    for version in VERSIONS:
        fhir.store(
            version,
            {"resourceType": "Patient", "id": "p1", "gender": "female"},
            {"resourceType": "Patient", "id": "p2", "gender": "male"},
            *(observation(f"o{n}", **subject("p1"), code=_code("8867-4")) for n in range(3)),
            observation("other", **subject("p2"), code=_code("8867-4")),
            {"resourceType": "Practitioner", "id": "doctor"},
        )
    return fhir


def _code(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def permission(version: str, patient: str, seer: Fhir) -> str:
    return f"/fhir/{version}/Patient/{patient}/_permission/{seer.owner}"


@pytest.mark.parametrize("version", VERSIONS)
def test_sight_appears_and_goes(record: Fhir, bobs: Fhir, version: str) -> None:
    assert record.put(permission(version, "p1", bobs), None) == {"success": True}
    assert bobs.get(f"/{version}/Patient/p1")["gender"] == "female"
    assert ids(bobs.get(f"/{version}/Patient")) == ["p1"]
    assert bobs.get(f"/{version}/Observation")["total"] == 3
    assert ids(bobs.get(f"/{version}/Observation?code=8867-4")) == ["o0", "o1", "o2"]
    assert ids(bobs.get(f"/{version}/Patient/p1/$everything")) == ["p1", "o0", "o1", "o2"]
    assert bobs.get(f"/{version}/Observation/o1/_history")["total"] == 1
    assert bobs.get(f"/{version}/Observation/o1/_history/9000000000000")["id"] == "o1"
    short = permission(version, "p1", bobs).removeprefix("/fhir")
    for _ in range(2):
        assert record.delete(short) == {"success": True}
    for path in ("Patient/p1", "Patient/p1/$everything", "Observation/o1/_history"):
        bobs.get(f"/{version}/{path}", expect=404)
    assert bobs.get(f"/{version}/Observation")["total"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_but_that_patients_is_seen(record: Fhir, bobs: Fhir, version: str) -> None:
    record.put(permission(version, "p1", bobs), None)
    for path in ("Patient/p2", "Observation/other", "Practitioner/doctor"):
        bobs.get(f"/{version}/{path}", expect=404)
        bobs.get(f"/{version}/{path}/_history", expect=404)
    bobs.get(f"/{version}/Patient/p2/$everything", expect=404)
    for query in ("Practitioner", "Patient?gender=male", "Observation?subject=p2"):
        assert bobs.get(f"/{version}/{query}")["total"] == 0
    assert bobs.get(f"/{version}/Observation?subject:Patient.gender=male")["total"] == 0
    assert bobs.get(f"/{version}/Observation?subject:Patient.gender=female")["total"] == 3
    for other in set(VERSIONS) - {version}:
        assert bobs.get(f"/{other}/Patient")["total"] == 0
        bobs.get(f"/{other}/Patient/p1", expect=404)


@pytest.mark.parametrize("version", VERSIONS)
def test_another_patient_that_links_to_that_one_is_not_seen(
    record: Fhir, bobs: Fhir, version: str
) -> None:
    kind = {"type": "refer"} if version == "dstu2" else {"type": "seealso"}
    linked = {"link": [{"other": {"reference": "Patient/p1"}, **kind}]}
    record.store(version, {"resourceType": "Patient", "id": "p2", "gender": "male", **linked})
    record.put(permission(version, "p1", bobs), None)
    for path in ("Patient/p2", "Patient/p2/_history", "Patient/p2/_history/9000000000001"):
        bobs.get(f"/{version}/{path}", expect=404)
    for path in ("Patient", "Patient?link=p1", "Patient/p1/*", "Patient?_id=p1,p2"):
        assert "p2" not in ids(bobs.get(f"/{version}/{path}"))
    everything = ids(bobs.get(f"/{version}/Patient/p1/$everything"))
    assert everything == ["p1", "o0", "o1", "o2"]
    assert "p2" not in ids(bobs.get(f"/{version}/Patient?_id=p1&_revinclude=Patient:link"))
    assert "p2" in ids(record.get(f"/{version}/Patient/p1/$everything"))


def test_the_sight_of_one_owners_patient_is_not_that_of_anothers(
    record: Fhir, bobs: Fhir, dana_app: NewClient, now: datetime
) -> None:
    """Carol has patients of the same ids; she let Bob see p2, Alice p1."""
    carol = create_app_user(
        application=dana_app.application, app_user_id="carol", active=True, now=now
    )
    carols = Fhir(token_pair(dana_app, carol, now).access_token, carol.pk, now)
    carols.store(
        "r4",
        {"resourceType": "Patient", "id": "p1", "gender": "other"},
        {"resourceType": "Patient", "id": "p2", "gender": "unknown"},
        observation("carols-p1", **subject("p1")),
        observation("carols-p2", **subject("p2")),
    )
    record.put(permission("r4", "p1", bobs), None)
    carols.put(permission("r4", "p2", bobs), None)
    found = {e["resource"]["id"]: e["resource"] for e in bobs.get("/r4/Patient")["entry"]}
    assert {fid: r["gender"] for fid, r in found.items()} == {"p1": "female", "p2": "unknown"}
    assert ids(bobs.get("/r4/Observation")) == ["carols-p2", "o0", "o1", "o2"]
    assert ids(bobs.get("/r4/Patient/p1/$everything")) == ["p1", "o0", "o1", "o2"]
    assert ids(bobs.get("/r4/Patient/p2/$everything")) == ["p2", "carols-p2"]
    bobs.get("/r4/Observation/carols-p1", expect=404)


def test_an_own_row_wins(record: Fhir, bobs: Fhir) -> None:
    record.put(permission("r4", "p1", bobs), None)
    bobs.store("r4", {"resourceType": "Patient", "id": "p1", "gender": "male"})
    bobs.store("r4", observation("mine", **subject("p1")))
    assert bobs.get("/r4/Patient/p1")["gender"] == "male"
    (entry,) = bobs.get("/r4/Patient")["entry"]
    assert entry["resource"]["gender"] == "male"
    assert bobs.get("/r4/Patient?gender=female")["total"] == 0  # hers is hidden altogether
    bobs.store("r4", observation("o1"))
    assert ids(bobs.get("/r4/Patient/p1/$everything")) == ["p1", "mine", "o0", "o2"]
    assert bobs.get("/r4/Observation?subject=p1")["total"] == 3
    bobs.delete("/r4/Observation/o1")
    everything = bobs.get("/r4/Patient/p1/$everything")
    assert ids(everything) == ["p1", "mine", "o0", "o1", "o2"]
    assert everything["total"] == 5
    assert everything["entry"][0]["resource"]["gender"] == "male"
    assert record.get("/r4/Patient/p1")["gender"] == "female"


def test_what_is_seen_is_not_changed(record: Fhir, bobs: Fhir) -> None:
    record.put(permission("r4", "p1", bobs), None)
    bobs.post("/r4/Observation/o1", observation("o1", code=_code("1")), expect=404)
    bobs.delete("/r4/Observation/o1", expect=404)
    bobs.delete("/r4/Patient/p1/$everything", expect=404)
    bobs.delete("/r4/purge")
    bobs.put("/r4/Observation/o1", observation("o1", status="amended", code=_code("1")), expect=201)
    assert bobs.get("/r4/Observation/o1")["status"] == "amended"
    assert record.get("/r4/Observation/o1")["status"] == "final"
    assert record.get("/r4/Observation/o1")["meta"]["versionId"] == "9000000000000"


def test_sight_is_not_passed_on(record: Fhir, bobs: Fhir, mallorys: Fhir) -> None:
    record.put(permission("r4", "p1", bobs), None)
    bobs.put(f"/r4/Patient/p1/_permission/{record.owner}", None, expect=404)
    assert mallorys.get("/r4/Patient")["total"] == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_users_of_the_same_app(record: Fhir, mallorys: Fhir, method: str) -> None:
    for user in (str(mallorys.owner), "999999999", "nobody", "1" * 30, "%D9%A1"):
        answer = record.call(method, f"/r4/Patient/p1/_permission/{user}", expect=404)
        assert answer["resourceType"] == "OperationOutcome"
    assert not PatientPermission.objects.exists()


@pytest.mark.parametrize("path", ["Patient/none", "Patient/theirs", "Observation/o1"])
def test_only_an_own_patient_can_be_shown(record: Fhir, bobs: Fhir, path: str) -> None:
    bobs.store("r4", {"resourceType": "Patient", "id": "theirs"})
    record.put(f"/r4/{path}/_permission/{bobs.owner}", None, expect=404)
    assert not PatientPermission.objects.exists()


def test_a_stranger_cannot_take_or_give(record: Fhir, bobs: Fhir, mallorys: Fhir) -> None:
    record.put(permission("r4", "p1", bobs), None)
    mallorys.delete(permission("r4", "p1", bobs), expect=404)
    mallorys.put(permission("r4", "p1", mallorys), None, expect=404)
    bobs.delete(permission("r4", "p1", bobs))  # his own Patient p1 would be meant
    assert bobs.get("/r4/Patient/p1")["id"] == "p1"


def test_a_scope_to_read_is_not_one_to_share(
    record: Fhir, bobs: Fhir, dana_app: NewClient, alice: Any, now: datetime
) -> None:
    narrow = Fhir(token_pair(dana_app, alice, now, "user/*.read").access_token, alice.pk, now)
    narrow.put(permission("r4", "p1", bobs), None, expect=403)
    assert not PatientPermission.objects.exists()


def test_erasing_a_connections_data_ends_the_sight_of_its_patients(
    record: Fhir, bobs: Fhir, now: datetime
) -> None:
    """Also where the patient comes back by a later connection to the same hospital."""
    hospital = Source(
        base="https://hospital.example/r4", system_id=1, connection=1, version="r4", patient="1"
    )
    band = Source(
        base="https://band.example/user/A", system_id=2, connection=2, version="any", patient=""
    )
    mine = {"resourceType": "Patient", "id": "1"}
    steps = observation("steps/1", code={"text": "Steps"})
    ingest(owner=record.owner, source=hospital, resources=[mine], now=now)
    (imported,) = set(ids(record.get("/r4/Patient"))) - {"p1", "p2"}
    ingest(owner=record.owner, source=band, resources=[steps], now=now)
    for patient in (imported, "p1", "p2"):
        record.put(permission("r4", patient, bobs), None)
    record.delete("/r4/Patient/p2")
    erase.erase_connection(owner=record.owner, connection=1)
    ingest(owner=record.owner, source=hospital, resources=[mine], now=now)
    assert imported in ids(record.get("/r4/Patient"))
    assert set(PatientPermission.objects.values_list("patient", flat=True)) == {"p1", "p2"}
    assert ids(bobs.get("/r4/Patient")) == ["p1"]
    record.put("/r4/Patient/p2", {"resourceType": "Patient"}, expect=201)
    assert ids(bobs.get("/r4/Patient")) == ["p1", "p2"]
    record.delete("/r4/purge?_type=Patient")
    assert not PatientPermission.objects.exists()


def test_a_purge_ends_the_sight(record: Fhir, bobs: Fhir) -> None:
    record.put(permission("r4", "p1", bobs), None)
    record.put(permission("dstu2", "p1", bobs), None)
    record.delete("/r4/purge")
    record.store("r4", {"resourceType": "Patient", "id": "p1"})
    bobs.get("/r4/Patient/p1", expect=404)
    assert bobs.get("/dstu2/Patient/p1")["id"] == "p1"


@pytest.mark.parametrize("order", ["", "&_sort=_lastUpdated", "&_sort=-date"])
@pytest.mark.parametrize("version", ["dstu2", "r4"])
def test_pages_show_own_and_seen_rows_once_each(
    record: Fhir, bobs: Fhir, version: str, order: str
) -> None:
    dated = {"effectiveDateTime": "2026-11-01T08:00:00Z", **subject("p1")}
    record.store(version, *(observation(f"d{n}", **dated) for n in range(5)))
    bobs.store(version, *(observation(f"d{n}", **dated, method={"text": "b"}) for n in range(3, 9)))
    record.put(permission(version, "p1", bobs), None)
    seen: list[str] = []
    url: str | None = f"/{version}/Observation?_count=2{order}"
    while url:
        bundle = bobs.get(url)
        assert bundle["total"] == 12
        seen += ids(bundle)
        mine = [e["resource"] for e in bundle["entry"] if e["resource"]["id"] in ("d3", "d4")]
        assert all(resource["method"]["text"] == "b" for resource in mine)
        url = link(bundle, "next")
    assert sorted(seen) == [*(f"d{n}" for n in range(9)), "o0", "o1", "o2"]


def test_imported_rows_and_wearables_are_seen_too(fhir: Fhir, bobs: Fhir, now: datetime) -> None:
    hospital = Source(
        base="https://hospital.example/r4", system_id=1, connection=1, version="r4", patient="1"
    )
    ingest(
        owner=fhir.owner,
        source=hospital,
        resources=[{"resourceType": "Patient", "id": "1"}],
        now=now,
    )
    (patient,) = ids(fhir.get("/r4/Patient"))
    band = Source(
        base="https://band.example/user/A", system_id=2, connection=2, version="any", patient=""
    )
    ingest(
        owner=fhir.owner, source=band, resources=[observation("steps/1", code=_code("1"))], now=now
    )
    fhir.put(permission("dstu2", patient, bobs), None)
    assert bobs.get("/dstu2/Observation?code=1")["total"] == 1
    assert bobs.get(f"/dstu2/Patient/{patient}/$everything")["total"] == 2
    assert bobs.get("/r4/Observation")["total"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_from_when_it_was_another_patients_are_not_seen(
    record: Fhir, bobs: Fhir, version: str
) -> None:
    """`other` was p2's at first, then p1's, p2's again, p1's, was deleted and came back as p1's."""
    path = f"/{version}/Observation/other"
    for patient in ("p1", "p2", "p1"):
        record.put(path, observation("other", **subject(patient), code=_code("1")))
    record.delete(path)
    record.put(path, observation("other", **subject("p1"), code=_code("1")), expect=None)
    record.put(permission(version, "p1", bobs), None)

    history = bobs.get(f"{path}/_history")
    seen = [entry["resource"]["meta"]["versionId"][-1] for entry in history["entry"]]
    assert (history["total"], seen) == (3, ["5", "3", "1"])
    for number in range(6):
        expected = 200 if number in (1, 3, 5) else 404
        if number != 4:
            bobs.get(f"{path}/_history/900000000000{number}", expect=expected)
    assert record.get(f"{path}/_history")["total"] == 6
    record.get(f"{path}/_history/9000000000000")


def test_a_seen_history_costs_the_same_however_long(record: Fhir, bobs: Fhir) -> None:
    record.put(permission("r4", "p1", bobs), None)
    for number in range(6):
        code = _code(str(number))
        record.put("/r4/Observation/o2", observation("o2", **subject("p1"), code=code))
    costs = {
        fid: statements(partial(bobs.get, f"/r4/Observation/{fid}/_history"))
        for fid in ("o0", "o1", "o2")  # the first of them warms up
    }
    assert bobs.get("/r4/Observation/o2/_history")["total"] == 7
    assert costs["o2"] == costs["o1"] > 0


@pytest.mark.parametrize(
    "scope", ["user/Patient.cruds", "user/Patient.*", "user/*.u", "user/*.rs user/Patient.u"]
)
def test_a_token_for_some_data_lets_nobody_see_all_of_a_patients(
    record: Fhir,
    bobs: Fhir,
    dana_app: NewClient,
    alice: AppUser,
    now: datetime,
    scope: str,
) -> None:
    some = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
    some.put(permission("r4", "p1", bobs), None, expect=403)
    bobs.get("/r4/Observation/o1", expect=404)
    whole = Fhir(token_pair(dana_app, alice, now, "user/*.cruds").access_token, alice.pk, now)
    whole.put(permission("r4", "p1", bobs), None)
    bobs.get("/r4/Observation/o1")
