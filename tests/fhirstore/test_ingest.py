from __future__ import annotations

from typing import Any

import pytest

from fhirstore import changes, database, erase, keys, writes
from fhirstore.counts import count_by_connection
from fhirstore.ingest import ingest
from tests.fhirstore.store import (
    ALICE,
    BOB,
    EPIC,
    LATER,
    NOW,
    bodies,
    count,
    everything,
    hospital,
    observation,
    only,
    take_in,
    under_key,
)

pytestmark = pytest.mark.django_db


def test_a_first_import_is_version_nought_with_our_time() -> None:
    summary = take_in(
        observation(meta={"versionId": "5", "lastUpdated": "2020-01-01T00:00:00Z", "tag": []})
    )

    assert (summary.created, summary.updated, summary.unchanged) == (1, 0, 0)
    assert only("Observation")["meta"] == {
        "versionId": "9000000000000",
        "lastUpdated": "2026-11-24T10:00:00.123Z",
        "tag": [],
    }


def test_a_second_import_writes_nothing() -> None:
    resources = [observation(f"O{n}", meta={"versionId": "1"}) for n in range(450)]
    take_in(*resources)
    before = everything()

    again = [observation(f"O{n}", meta={"versionId": "2"}) for n in range(450)]
    summary = take_in(*again, now=LATER)

    assert (summary.created, summary.updated, summary.unchanged) == (0, 0, 450)
    assert everything() == before


def test_a_change_is_a_new_version_and_the_old_one_stays_in_history() -> None:
    take_in(observation())
    take_in(observation(status="amended"), now=LATER)
    take_in(observation(status="amended"), now=LATER)
    take_in(observation(status="entered-in-error"), now=LATER)

    body = only("Observation")
    assert body["meta"]["versionId"] == "9000000000002"
    entries = writes.history(owner=ALICE, version="dstu2", rtype="Observation", fid=body["id"])
    assert [e.version_id - changes.FIRST_VERSION for e in entries] == [2, 1, 0]
    assert b'"status":"final"' in (entries[-1].body or b"")


def test_a_change_moves_only_its_index_rows() -> None:
    take_in(observation())
    tokens = set(database.cursor().execute("select xmin::text, key from fhir_token").fetchall())

    take_in(observation(valueQuantity={"value": 73, "unit": "/min"}), now=LATER)

    assert (
        set(database.cursor().execute("select xmin::text, key from fhir_token").fetchall())
        == tokens
    )
    assert _spans() == {keys.order_preserving(72.5)}


def _spans() -> set[int]:
    key = keys.param_key("Observation", "value-quantity")
    return {
        row[0]
        for row in database.cursor().execute("select lo from fhir_range where key = %s", (key,))
    }


@pytest.mark.parametrize(
    "change", [{"effectiveDateTime": "2026-11-21T08:00:00Z"}, {"effectiveDateTime": None}]
)
def test_a_changed_date_leaves_no_index_row_behind(change: dict[str, Any]) -> None:
    take_in(observation())
    take_in(observation(**change), now=LATER)
    (rid,) = [r[0] for r in database.cursor().execute("select rid from fhir_resource")]

    for table in ("fhir_token", "fhir_range"):
        rows = database.cursor().execute(f"select distinct rid from {table}").fetchall()
        assert rows == [(rid,)]
    assert (rid < 0) == (change["effectiveDateTime"] is None)


def test_the_same_resource_twice_in_a_batch_is_stored_once() -> None:
    summary = take_in(observation(), observation(status="amended"), observation())

    assert (summary.created, summary.unchanged, count("fhir_resource")) == (1, 2, 1)


def test_a_resource_without_id_is_found_again() -> None:
    nameless = observation()
    del nameless["id"]

    take_in(nameless)
    summary = take_in(nameless, now=LATER)

    assert (summary.unchanged, count("fhir_resource")) == (1, 1)


def test_owners_and_versions_are_separate() -> None:
    for owner, version in ((ALICE, "dstu2"), (ALICE, "stu3"), (BOB, "dstu2")):
        take_in(observation(), owner=owner, source=hospital(version=version))
    take_in(observation(status="amended"), owner=BOB, now=LATER)

    ids = {
        body["id"]
        for body in (
            only("Observation"),
            only("Observation", ALICE, "stu3"),
            only("Observation", BOB),
        )
    }
    assert len(ids) == 1
    assert only("Observation")["status"] == "final"
    assert only("Observation", BOB)["status"] == "amended"
    assert bodies(ALICE, "r4") == {}


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a resource"),
        ({"id": "x"}, "no resourceType"),
        ({"resourceType": "Smith"}, "unknown type: not a type of this version"),
        (
            {"resourceType": "MedicationRequest", "id": "1"},
            "MedicationRequest: not a type of this version",
        ),
        ({"resourceType": "Observation", "id": 5}, "Observation: bad id"),
        ({"resourceType": "Observation", "id": "x", "note": {1, 2}}, "Observation: not JSON"),
    ],
)
def test_what_is_no_resource_is_rejected_and_the_rest_stored(sent: Any, problem: str) -> None:
    summary = take_in(sent, observation())

    assert (summary.created, summary.rejected, summary.problems) == (1, 1, (problem,))


def test_a_malformed_element_is_stored_and_indexed_by_what_can_be_read() -> None:
    odd = observation(
        code="text",
        category=[None, 3, {"coding": "x"}],
        effectivePeriod={"start": 7},
        subject=["x"],
    )

    summary = take_in(odd | {"meta": {"tag": "x", "profile": [1]}})

    assert summary.created == 1


def test_a_text_with_a_null_character_is_stored() -> None:
    summary = take_in({"resourceType": "Patient", "id": "P1", "name": [{"text": "a\0b"}]})

    assert summary.created == 1
    assert only("Patient")["name"][0]["text"] == "a\0b"


def test_the_guard_keeps_a_stopped_run_from_writing() -> None:
    asked = []

    def guard() -> bool:
        asked.append(count("fhir_owner"))
        return False

    summary = ingest(
        owner=ALICE, source=hospital(), resources=[observation()], now=NOW, guard=guard
    )

    assert asked == [1]
    assert (summary.created, count("fhir_resource")) == (0, 0)


def test_an_id_held_by_another_source_url_is_left_to_it() -> None:
    practitioner = {"resourceType": "Practitioner", "id": "D1"}
    take_in(practitioner)
    taken = only("Practitioner")["id"]
    database.cursor().execute("update fhir_resource set src = src + 1")

    summary = take_in(
        practitioner, observation(performer=[{"reference": "Practitioner/D1"}]), now=LATER
    )
    again = take_in(
        practitioner, observation("O2", performer=[{"reference": "Practitioner/D1"}]), now=LATER
    )

    assert (summary.created, again.created, again.unchanged) == (2, 1, 1)
    (other,) = [n for n in bodies() if n.startswith("Practitioner/") and not n.endswith(taken)]
    referred = {
        b["performer"][0]["reference"] for n, b in bodies().items() if n.startswith("Observation/")
    }
    assert referred == {other}


def test_a_deleted_resource_stays_deleted_until_the_source_changes_it() -> None:
    take_in(observation())
    fid = only("Observation")["id"]
    writes.delete(owner=ALICE, version="dstu2", rtype="Observation", fid=fid, now=NOW)

    assert take_in(observation(), now=LATER).unchanged == 1
    assert bodies() == {}
    assert take_in(observation(status="amended"), now=LATER).created == 1
    assert only("Observation")["meta"]["versionId"] == "9000000000002"
    entries = writes.history(owner=ALICE, version="dstu2", rtype="Observation", fid=fid)
    assert [e.body is None for e in entries] == [False, True, False]


def test_an_apps_edit_stands_until_the_source_changes_the_resource() -> None:
    take_in(observation())
    fid = only("Observation")["id"]
    edited = observation(status="amended", subject={"reference": "Patient/x"})
    writes.update(owner=ALICE, version="dstu2", rtype="Observation", fid=fid, body=edited, now=NOW)

    take_in(observation(), now=LATER)
    assert only("Observation")["status"] == "amended"
    take_in(observation(status="preliminary"), now=LATER)
    assert only("Observation")["status"] == "preliminary"


def test_every_change_and_nothing_else_is_told_in_the_outbox() -> None:
    take_in(observation(), observation("O2"))
    take_in(observation(), observation("O2", status="amended"), now=LATER)
    fid = next(b["id"] for b in bodies().values() if b["status"] == "final")
    writes.delete(owner=ALICE, version="dstu2", rtype="Observation", fid=fid, now=LATER)

    rows = database.cursor().execute("select seq, action from fhir_outbox order by seq").fetchall()
    assert [action for _, action in rows] == ["create", "create", "update", "delete"]
    assert len({seq for seq, _ in rows}) == 4


def test_a_disconnected_source_takes_its_data_along() -> None:
    doctor = {"resourceType": "Practitioner", "id": "D1"}
    take_in(observation(), doctor)
    take_in(observation(status="amended"), now=LATER)
    take_in(
        doctor,
        observation("O9", subject={"reference": "Patient/P2"}),
        source=hospital(patient="P2", connection=8),
    )
    writes.delete(owner=ALICE, version="dstu2", rtype="Observation", fid=_own("O1"), now=LATER)
    take_in(observation("O3"))
    assert count_by_connection(owners=[ALICE]) == {7: 2, 8: 2}

    erase.erase_connection(owner=ALICE, connection=7)

    assert {name.split("/")[0] for name in bodies()} == {"Practitioner", "Observation"}
    assert count_by_connection(owners=[ALICE]) == {8: 2}
    assert (count("fhir_history"), count("fhir_tombstone")) == (0, 0)
    assert take_in(observation(), now=LATER).created == 1
    erase.erase_connection(owner=ALICE, connection=7)
    erase.erase_connection(owner=ALICE, connection=8)
    assert [count(f"fhir_{t}") for t in ("resource", "token", "range", "string")] == [0, 0, 0, 0]


def _own(source_id: str) -> str:
    return next(
        str(b["id"])
        for b in bodies().values()
        if any(i["value"] == source_id for i in b.get("identifier", ()))
    )


def test_erasing_an_owner_leaves_others_alone() -> None:
    for owner in (ALICE, BOB):
        take_in(observation(), owner=owner)

    erase.erase_owner(owner=ALICE)

    assert everything(ALICE) == [[]] * 7
    assert len(bodies(BOB)) == 1


def test_a_purge_takes_one_version() -> None:
    take_in(observation())
    take_in(observation(), source=hospital(version="r4"))

    erase.erase_owner(owner=ALICE, version="dstu2", rtypes=["Condition"])
    assert len(bodies()) == 1
    erase.erase_owner(owner=ALICE, version="dstu2", before=NOW.replace(year=2020))
    assert len(bodies()) == 1
    erase.erase_owner(owner=ALICE, version="dstu2")

    assert (bodies(), len(bodies(version="r4"))) == ({}, 1)


def test_the_patients_compartment_is_found_by_one_key() -> None:
    take_in(
        {"resourceType": "Patient", "id": "P1"},
        observation(),
        {"resourceType": "Organization", "id": "X"},
        {"resourceType": "Binary", "id": "B"},
        {"resourceType": "Observation", "id": "other", "subject": {"reference": "Patient/P2"}},
    )
    patient = only("Patient")["id"]
    key = keys.compartment_key(f"Patient/{patient}")

    assert under_key(key, "Patient") == {patient}
    assert len(under_key(key, "Observation")) == 1
    assert count("fhir_token") > 2


def test_a_resource_of_another_patient_begins_with_that_ones_id() -> None:
    take_in(
        {"resourceType": "Patient", "id": "P2"},
        observation(subject={"reference": f"{EPIC}/Patient/P2"}),
    )

    patient, body = only("Patient"), only("Observation")
    assert body["id"].startswith(patient["id"])
    assert body["subject"]["reference"] == f"Patient/{patient['id']}"


@pytest.mark.parametrize("rtype", ["Subscription", "AuditEvent"])
def test_what_directs_the_server_is_not_a_sources_to_send(rtype: str) -> None:
    planted = {"resourceType": rtype, "id": "planted", "criteria": "Patient?"}

    summary = take_in(observation(), planted)

    assert (summary.created, summary.rejected) == (1, 1)
    assert summary.problems == (f"{rtype}: not a source's to send",)
    assert count("fhir_resource") == 1
