"""Conditional reads, creates, updates and deletes, `If-Match`, and `Prefer: return`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.utils.http import http_date

from accounts.applications import NewClient
from accounts.models import AppUser
from fhirstore import database
from fhirstore.schema import TABLES
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir, ids
from tests.fhirstore.store import take_in, wearable

VERSIONS = ("dstu2", "stu3", "r4")
FIRST, SECOND = "9000000000000", "9000000000001"
MRN = {"system": "urn:mrn", "value": "7"}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [MRN], **more}


def total(caller: Fhir, version: str = "r4") -> int:
    return int(caller.get(f"/{version}/Patient?_count=0")["total"])


def refused(answer: Any) -> str:
    assert answer["resourceType"] == "OperationOutcome"
    return str(answer["issue"][0]["code"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_read_the_caller_knows_is_304(fhir: Fhir, now: datetime, version: str) -> None:
    fhir.store(version, patient(id="p"))
    path = f"/{version}/Patient/p"
    fhir.get(path)
    tag, modified = fhir.last.headers["ETag"], fhir.last.headers["Last-Modified"]
    for known in (tag, tag.removeprefix("W/"), f'"1", {tag}', "*"):
        for one in (path, f"{path}/_history/{FIRST}"):
            assert fhir.get(one, if_none_match=known, expect=304) is None
            assert fhir.last.headers["ETag"] == tag
    fhir.get(path, if_none_match='W/"1"')
    assert fhir.get(path, if_modified_since=modified, expect=304) is None
    assert fhir.get(path, if_none_match='W/"1"', if_modified_since=modified)["id"] == "p"
    before = http_date((now - timedelta(seconds=2)).timestamp())
    for asked in (before, "yesterday", "", "Mon, 99 Foo 2026 00:00:00 GMT"):
        assert fhir.get(path, if_modified_since=asked)["id"] == "p"


def test_the_etag_of_a_removed_version_is_that_of_no_other(fhir: Fhir) -> None:
    path = "/r4/Patient/p"
    for gender in ("male", "female"):
        fhir.call("PUT", path, patient(id="p", gender=gender), expect=None)
    old = fhir.last.headers["ETag"]
    fhir.delete(f"{path}/_history/{SECOND}")
    fhir.put(path, patient(id="p", gender="unknown"))
    assert fhir.last.headers["ETag"] != old
    assert fhir.get(path, if_none_match=old)["gender"] == "unknown"
    fhir.put(path, patient(id="p", gender="other"), if_match=old, expect=412)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_write_of_another_version_than_the_one_named_is_412(fhir: Fhir, version: str) -> None:
    fhir.store(version, patient(id="p"))
    path = f"/{version}/Patient/p"
    for stale in (f'W/"{SECOND}"', '"1"', '"1", "2"'):
        assert refused(fhir.put(path, patient(), if_match=stale, expect=412)) == "conflict"
        assert refused(fhir.delete(path, if_match=stale, expect=412)) == "conflict"
    for broken in ("1", FIRST, 'W/"1', "W/", '"1" "2"'):
        assert refused(fhir.put(path, patient(), if_match=broken, expect=400)) == "invalid"
    fhir.put(path, patient(), if_match=f'"1", W/"{FIRST}"')
    fhir.put(path, patient(), if_match="*")
    fhir.put(f"/{version}/Patient/none", patient(), if_match="*", expect=412)
    fhir.put(path, patient(), if_none_match="*", expect=412)
    fhir.put(f"/{version}/Patient/new", patient(), if_none_match="*", expect=None)
    assert fhir.last.status_code in (200, 201)
    fhir.get(f"/{version}/Patient/none", expect=404)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_conditional_create_makes_one(fhir: Fhir, version: str) -> None:
    made = fhir.post(
        f"/{version}/Patient",
        patient(),
        if_none_exist="identifier=urn:mrn|7",
        expect=201 if version == "r4" else 200,
    )
    for condition in ("identifier=urn:mrn|7", "?identifier=7", "Patient?identifier=7&gender="):
        again = fhir.post(
            f"/{version}/Patient", patient(gender="male"), if_none_exist=condition, expect=200
        )
        assert again == made
        assert fhir.last.headers["Location"].endswith(f"/Patient/{made['id']}/_history/{FIRST}")
        assert fhir.last.headers["ETag"] == f'W/"{FIRST}"'
    fhir.store(version, patient(id="other"))
    several = fhir.post(f"/{version}/Patient", patient(), if_none_exist="identifier=7", expect=412)
    assert refused(several) == ("multiple-matches" if version == "r4" else "duplicate")
    assert total(fhir, version) == 2


@pytest.mark.parametrize(
    "condition",
    ["", "nonsense=1", "_count=1", "birthdate=soon", "gender:wrong=male", "identifier="],
)
def test_a_condition_that_says_nothing_or_cannot_be_read_is_refused(
    fhir: Fhir, condition: str
) -> None:
    fhir.store("r4", patient(id="p"))
    refused(fhir.post("/r4/Patient", patient(), if_none_exist=condition, expect=400))
    refused(fhir.put(f"/r4/Patient?{condition}", patient(), expect=400))
    refused(fhir.delete(f"/r4/Patient?{condition}", expect=400))
    assert total(fhir) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_conditional_update(fhir: Fhir, version: str) -> None:
    made = 201 if version == "r4" else 200
    path = f"/{version}/Patient?identifier=urn:mrn|7"
    first = fhir.put(path, patient(), expect=made)
    second = fhir.put(path, patient(gender="male"))
    assert (second["id"], second["meta"]["versionId"]) == (first["id"], SECOND)
    fhir.put(path, patient(id=first["id"], gender="female"))
    refused(fhir.put(path, patient(id="another"), expect=400))
    refused(fhir.put(path, patient(), if_match=f'W/"{FIRST}"', expect=412))
    named = fhir.put(f"/{version}/Patient?gender=other", patient(id="n"), expect=made)
    assert named["id"] == "n"
    refused(fhir.put(f"/{version}/Patient?gender=unknown", patient(id="n"), expect=409))
    refused(fhir.put(f"/{version}/Patient?gender=other", patient(), if_match="*", expect=412))
    refused(fhir.put(path, patient(), expect=412))
    assert total(fhir, version) == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_a_conditional_delete(fhir: Fhir, version: str) -> None:
    fhir.store(version, patient(id="a"), patient(id="b"), patient(id="c", gender="male"))
    refused(fhir.delete(f"/{version}/Patient?identifier=7", expect=412))
    assert total(fhir, version) == 3
    outcome = fhir.delete(f"/{version}/Patient?gender=male")
    text = outcome["issue"][0]["details"]["text"]
    assert text == f"this resource with id c and version {FIRST} has been deleted"
    fhir.get(f"/{version}/Patient/c", expect=410)
    again = fhir.delete(f"/{version}/Patient?gender=male", expect=200 if version == "r4" else 404)
    assert again["resourceType"] == "OperationOutcome"
    refused(fhir.delete(f"/{version}/Patient", expect=400))
    assert ids(fhir.get(f"/{version}/Patient")) == ["a", "b"]


def test_what_another_user_has_meets_no_condition(fhir: Fhir, bobs: Fhir, mallorys: Fhir) -> None:
    for other in (bobs, mallorys):
        other.store("r4", patient(id="p"))
    fhir.post("/r4/Patient", patient(), if_none_exist="identifier=7", expect=201)
    fhir.delete("/r4/Patient?_id=p")
    assert [total(caller) for caller in (fhir, bobs, mallorys)] == [1, 1, 1]


@pytest.mark.parametrize("scope", ["user/*.cud", "user/Patient.write", "user/*.cud user/Device.s"])
def test_a_condition_needs_a_scope_that_may_search(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime, scope: str
) -> None:
    fhir.store("r4", patient(id="p"))
    narrow = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
    narrow.post("/r4/Patient", patient(), if_none_exist="identifier=7", expect=403)
    narrow.put("/r4/Patient?identifier=7", patient(), expect=403)
    narrow.delete("/r4/Patient?identifier=7", expect=403)
    assert total(fhir) == 1


def test_wearable_data_found_by_a_condition_stays_read_only(fhir: Fhir, now: datetime) -> None:
    reading = {"resourceType": "Observation", "id": "steps/1", "status": "final"}
    take_in(reading | {"code": {"text": "Steps"}}, source=wearable(), owner=fhir.owner, now=now)
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    refused(fhir.put("/r4/Observation?status=final", body, expect=422))


@pytest.mark.parametrize("version", VERSIONS)
def test_prefer_says_what_a_write_answers(fhir: Fhir, version: str) -> None:
    made = 201 if version == "r4" else 200
    path = f"/{version}/Patient"
    whole = fhir.post(path, patient(id="a"), prefer="return=representation", expect=made)
    assert whole["id"] == "a"
    for preference in ("return=minimal", 'handling=strict; return="minimal"', "Return = Minimal"):
        assert fhir.put(f"{path}/a", patient(), prefer=preference) is None
        assert fhir.last.headers["ETag"].startswith('W/"9')
    assert fhir.post(path, patient(id="b"), prefer="return=minimal", expect=made) is None
    assert fhir.last.headers["Location"].endswith(f"/Patient/b/_history/{FIRST}")
    told = fhir.put(f"{path}/a", patient(), prefer="return=OperationOutcome")
    assert told["issue"][0]["severity"] == "information"
    found = fhir.post(path, patient(), prefer="return=minimal", if_none_exist="_id=a", expect=200)
    assert found is None
    assert fhir.put(f"{path}/a", patient(), prefer="return=everything")["id"] == "a"


class TestAtOnce:
    """Writers that commit: two threads, two connections."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture(autouse=True)
    def _empty_tables(self, transactional_db: None) -> Iterator[None]:
        """The store has no models, so nothing else empties its tables after a test that commits."""
        yield
        database.cursor().execute(f"truncate {', '.join(TABLES)}")

    @staticmethod
    def together(caller: Fhir, act: Any) -> list[int]:
        """The statuses of two calls begun at the same moment."""
        start, statuses = Barrier(2), []

        def run() -> None:
            own = Fhir("", caller.owner, caller.now)
            own.headers = caller.headers
            start.wait(timeout=30)
            act(own)
            statuses.append(own.last.status_code)
            connections.close_all()

        threads = [Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return sorted(statuses)

    def test_equal_conditional_creates_make_one_resource(self, fhir: Fhir) -> None:
        for number in range(8):
            body = patient(identifier=[{"value": f"n{number}"}])
            statuses = self.together(
                fhir,
                lambda own, body=body, number=number: own.post(
                    "/r4/Patient", body, if_none_exist=f"identifier=n{number}", expect=None
                ),
            )
            assert statuses == [200, 201]
        assert total(fhir) == 8

    def test_equal_conditional_updates_make_one_resource(self, fhir: Fhir) -> None:
        statuses = self.together(
            fhir, lambda own: own.put("/r4/Patient?identifier=7", patient(), expect=None)
        )
        assert statuses == [200, 201]
        assert total(fhir) == 1

    def test_one_of_two_updates_of_the_same_version_wins(self, fhir: Fhir) -> None:
        fhir.store("r4", patient(id="p"))
        connection.close()
        statuses = self.together(
            fhir,
            lambda own: own.put("/r4/Patient/p", patient(), if_match=f'W/"{FIRST}"', expect=None),
        )
        assert statuses == [200, 412]


@pytest.mark.parametrize("header", ["if_match", "if_none_match"])
def test_a_condition_without_a_value_is_refused(fhir: Fhir, header: str) -> None:
    fhir.store("r4", patient(id="p", gender="male"))
    for path in ("Patient/p", "Patient?identifier=urn:mrn|7", "Patient?identifier=none"):
        if header == "if_none_match" and path.endswith("none"):
            continue  # nothing is there that could have a version
        body = {"resourceType": "Patient", "gender": "other"}
        body |= {"id": "p"} if path == "Patient/p" else {}
        fhir.put(f"/r4/{path}", body, expect=400, **{header: " "})
    assert fhir.get("/r4/Patient/p")["gender"] == "male"
    assert total(fhir) == 1
