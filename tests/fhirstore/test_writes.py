from __future__ import annotations

from typing import Any

import orjson
import pytest

from fhirstore import keys, writes
from fhirstore.changes import FIRST_VERSION, Stored
from fhirstore.reindex import reindex_owner
from tests.fhirstore.store import (
    ALICE,
    BOB,
    LATER,
    NOW,
    bodies,
    count,
    everything,
    observation,
    under_key,
)

pytestmark = pytest.mark.django_db


def create(body: dict[str, Any], owner: int = ALICE, version: str = "r4") -> Stored:
    return writes.create(
        owner=owner, version=version, rtype=body["resourceType"], body=body, now=NOW
    )


def update(fid: str, body: dict[str, Any], owner: int = ALICE) -> Stored:
    return writes.update(
        owner=owner, version="r4", rtype=body["resourceType"], fid=fid, body=body, now=LATER
    )


def delete(fid: str, rtype: str = "Patient") -> Stored:
    return writes.delete(owner=ALICE, version="r4", rtype=rtype, fid=fid, now=LATER)


def read(fid: str, rtype: str = "Patient", owner: int = ALICE, version: str = "r4") -> Stored:
    return writes.read(owner=owner, version=version, rtype=rtype, fid=fid)


def versions(fid: str) -> list[int]:
    entries = writes.history(owner=ALICE, version="r4", rtype="Patient", fid=fid)
    return [entry.version_id - FIRST_VERSION for entry in entries]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient"} | more


def test_a_read_after_a_create_equals_it() -> None:
    stored = create(patient(id="testpatient2", gender="female"))

    assert stored.created
    assert (stored.fid, stored.version_id) == ("testpatient2", FIRST_VERSION)
    assert read("testpatient2").body == stored.body
    assert orjson.loads(stored.body)["meta"] == {
        "versionId": "9000000000000",
        "lastUpdated": "2026-11-24T10:00:00.123Z",
    }


def test_an_id_can_be_hashed(settings: Any) -> None:
    settings.WRITE_ID_STYLE = "hashed"

    assert create(patient(id="123")).fid == "a665a4592042"


def test_without_an_id_a_random_one_of_the_contracts_shape_is_picked() -> None:
    own = create(patient()).fid

    reading = create(observation(subject={"reference": f"Patient/{own}"}) | {"id": None})
    stray = create(observation(subject={"reference": "Patient/unknown"}) | {"id": None})

    assert [len(own), len(reading.fid), len(stray.fid)] == [12, 48, 12]
    assert reading.fid.startswith(own)


@pytest.mark.parametrize("ident", ["a/b", "", "x" * 65, 5, "a b"])
def test_an_id_that_fhir_does_not_allow_is_refused(ident: Any) -> None:
    with pytest.raises(writes.BadId):
        create(patient(id=ident))


def test_a_create_with_an_id_the_user_has_is_an_update() -> None:
    create(patient(id="p"))

    stored = create(patient(id="p", gender="male"))

    assert not stored.created
    assert stored.version_id == FIRST_VERSION + 1


def test_an_update_of_an_unknown_id_creates_it_and_of_equal_content_is_a_new_version() -> None:
    assert update("p", patient()).created
    assert update("p", patient()).version_id == FIRST_VERSION + 1
    assert versions("p") == [1, 0]


def test_a_write_moves_the_index() -> None:
    update("p", patient(gender="male"))
    update("p", patient(gender="female"))

    assert under_key(keys.token_key("Patient", "gender", "male"), "Patient") == set()
    assert under_key(keys.token_key("Patient", "gender", "Female"), "Patient") == {"p"}


def test_users_and_versions_do_not_see_each_others_writes() -> None:
    create(patient(id="p", gender="male"))
    create(patient(id="p", gender="female"), owner=BOB)

    assert b'"male"' in read("p").body
    assert b'"female"' in read("p", owner=BOB).body
    with pytest.raises(writes.NotThere):
        read("p", version="stu3")


def test_after_a_delete_a_read_is_gone_and_old_versions_stay() -> None:
    update("p", patient(gender="male"))
    update("p", patient(gender="female"))

    deleted = delete("p")

    assert deleted.version_id == FIRST_VERSION + 1
    with pytest.raises(writes.Deleted):
        read("p")
    with pytest.raises(writes.Deleted):
        delete("p")
    assert versions("p") == [2, 1, 0]
    old = writes.vread(
        owner=ALICE, version="r4", rtype="Patient", fid="p", version_id=FIRST_VERSION
    )
    assert b'"male"' in old.body
    with pytest.raises(writes.Deleted):
        writes.vread(
            owner=ALICE, version="r4", rtype="Patient", fid="p", version_id=FIRST_VERSION + 2
        )
    assert count("fhir_token") == count("fhir_resource") == 0


def test_what_was_never_there_cannot_be_read_or_deleted() -> None:
    with pytest.raises(writes.NotThere):
        read("p")
    with pytest.raises(writes.NotThere):
        delete("p")
    with pytest.raises(writes.NotThere):
        writes.history(owner=ALICE, version="r4", rtype="Patient", fid="p")


def test_a_deleted_resource_can_be_written_again() -> None:
    update("p", patient())
    delete("p")

    stored = update("p", patient())

    assert (stored.created, stored.version_id) == (True, FIRST_VERSION + 2)
    assert versions("p") == [2, 1, 0]
    delete("p")
    assert versions("p") == [3, 2, 1, 0]


def test_versions_can_be_removed_one_by_one() -> None:
    for gender in ("male", "female", "other"):
        update("p", patient(gender=gender))

    _remove("p", 1)
    assert versions("p") == [2, 0]
    _remove("p", 2)
    assert b'"male"' in read("p").body
    assert under_key(keys.token_key("Patient", "gender", "male"), "Patient") == {"p"}
    _remove("p", 0)
    with pytest.raises(writes.NotThere):
        read("p")
    with pytest.raises(writes.NotThere):
        _remove("p", 0)
    assert count("fhir_history") == count("fhir_token") == 0


def test_the_number_of_a_removed_version_is_not_given_again() -> None:
    for gender in ("male", "female", "other"):
        update("p", patient(gender=gender))
    _remove("p", 2)
    _remove("p", 1)
    reindex_owner(owner=ALICE, now=LATER)
    assert versions("p") == [0]
    assert update("p", patient(gender="unknown")).version_id == FIRST_VERSION + 3
    assert update("p", patient(gender="male")).version_id == FIRST_VERSION + 4

    _remove("p", 4)
    delete("p")
    assert versions("p") == [5, 3, 0]
    assert update("p", patient()).version_id == FIRST_VERSION + 6
    for number in (6, 3, 0):
        _remove("p", number)
    assert update("p", patient()).version_id > FIRST_VERSION + 6


def test_a_deleted_resource_without_versions_is_unknown() -> None:
    update("p", patient())
    delete("p")

    _remove("p", 0)

    with pytest.raises(writes.NotThere):
        read("p")
    with pytest.raises(writes.NotThere):
        writes.history(owner=ALICE, version="r4", rtype="Patient", fid="p")


def _remove(fid: str, number: int) -> None:
    writes.delete_version(
        owner=ALICE,
        version="r4",
        rtype="Patient",
        fid=fid,
        version_id=FIRST_VERSION + number,
        now=LATER,
    )


def test_many_are_put_with_their_ids_and_again_without_writing() -> None:
    sent = [patient(id=f"p{n}", multipleBirthInteger=n) for n in range(3)]

    first = writes.put_many(
        owner=ALICE, version="r4", resources=[*sent, patient(), {"resourceType": "X"}], now=NOW
    )
    before = everything()
    again = writes.put_many(
        owner=ALICE, version="r4", resources=[patient(id="p1", multipleBirthInteger=1)], now=LATER
    )
    changed = writes.put_many(owner=ALICE, version="r4", resources=[patient(id="p1")], now=LATER)

    assert (first.created, first.rejected) == (3, 2)
    assert (again.unchanged, changed.updated) == (1, 1)
    assert everything() != before
    assert set(bodies(version="r4")) == {"Patient/p0", "Patient/p1", "Patient/p2"}
