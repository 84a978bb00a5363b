"""Create, read, update, delete, history and purge through the API (wire contract 12.7)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest

from fhirstore.api.bodies import read_body
from tests.fhirstore.fhir_client import Fhir, ids, observation

VERSIONS = ("dstu2", "stu3", "r4")
FIRST = "9000000000000"
PATIENT = {"resourceType": "Patient", "id": "testpatient2", "gender": "female"}


def text(answer: dict[str, Any]) -> str:
    assert answer["resourceType"] == "OperationOutcome"
    assert answer["id"]
    return str(answer["issue"][0]["details"]["text"])


@pytest.mark.parametrize("version, status", [("dstu2", 200), ("stu3", 200), ("r4", 201)])
def test_a_create_answers_what_a_read_then_gives(fhir: Fhir, version: str, status: int) -> None:
    made = fhir.post(f"/fhir/{version}/Patient", PATIENT, expect=status)
    headers = fhir.last.headers
    assert (made["id"], made["gender"]) == ("testpatient2", "female")
    assert made["meta"]["versionId"] == FIRST
    assert made["meta"]["lastUpdated"].endswith("Z")
    assert headers["ETag"] == f'W/"{FIRST}"'
    where = f"http://127.0.0.1:8000/fhir/{version}/Patient/testpatient2/_history/{FIRST}"
    assert headers["Location"] == where
    assert fhir.get(f"/fhir/{version}/Patient/testpatient2") == made
    assert fhir.get(where) == made


@pytest.mark.parametrize("setting, version, status", [("200", "r4", 200), ("201", "dstu2", 201)])
def test_one_create_status_can_be_set_for_all(
    fhir: Fhir, settings: Any, setting: str, version: str, status: int
) -> None:
    settings.CREATE_STATUS = setting
    fhir.post(f"/{version}/Patient", PATIENT, expect=status)


def test_a_create_with_an_id_that_is_there_is_an_update(fhir: Fhir) -> None:
    fhir.post("/r4/Patient", PATIENT, expect=201)
    again = fhir.post("/r4/Patient", {**PATIENT, "gender": "male"}, expect=200)
    assert (again["meta"]["versionId"], again["gender"]) == ("9000000000001", "male")


def test_a_create_without_id_gets_one(fhir: Fhir) -> None:
    made = fhir.post("/dstu2/Patient", {"resourceType": "Patient"})
    assert len(made["id"]) == 12
    child = fhir.post(
        "/dstu2/Observation",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "weight"},
            "subject": {"reference": f"Patient/{made['id']}"},
        },
    )
    assert len(child["id"]) == 48
    assert child["id"].startswith(made["id"])


def test_ids_can_be_hashed(fhir: Fhir, settings: Any) -> None:
    settings.WRITE_ID_STYLE = "hashed"
    made = fhir.post("/dstu2/Patient", {**PATIENT, "id": "123"})
    assert made["id"] == "a665a4592042"
    assert fhir.get("/dstu2/Patient/a665a4592042") == made


@pytest.mark.parametrize("version", VERSIONS)
def test_put_and_post_to_an_id_update_it(fhir: Fhir, version: str) -> None:
    status = 201 if version == "r4" else 200
    made = fhir.put(f"/{version}/Patient/testpatient2", PATIENT, expect=status)
    assert made["meta"]["versionId"] == FIRST
    for method in ("PUT", "POST"):
        made = fhir.call(method, f"/{version}/Patient/testpatient2", {"resourceType": "Patient"})
    assert made["meta"]["versionId"] == "9000000000002"
    assert "gender" not in made
    fhir.post(f"/{version}/Patient/unknown", {"resourceType": "Patient"}, expect=404)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_delete_tells_which_version_went_and_leaves_old_ones(fhir: Fhir, version: str) -> None:
    fhir.put(f"/{version}/Patient/p", {"resourceType": "Patient"}, expect=None)
    fhir.put(f"/{version}/Patient/p", {"resourceType": "Patient", "gender": "male"})
    outcome = fhir.delete(f"/{version}/Patient/p")
    issue = outcome["issue"][0]
    assert (issue["severity"], issue["code"]) == ("information", "value")
    assert text(outcome) == "this resource with id p and version 9000000000001 has been deleted"
    text(fhir.get(f"/{version}/Patient/p", expect=410))
    assert fhir.get(f"/{version}/Patient")["total"] == 0
    assert fhir.get(f"/{version}/Patient/p/_history/9000000000001")["gender"] == "male"
    fhir.get(f"/{version}/Patient/p/_history/9000000000002", expect=410)
    again = fhir.delete(f"/{version}/Patient/p")
    assert text(again) == "Patient/p was deleted before; nothing has changed"
    assert len(fhir.get(f"/{version}/Patient/p/_history")["entry"]) == 3
    fhir.delete(f"/{version}/Patient/unknown", expect=404)


@pytest.mark.parametrize("version", VERSIONS)
def test_history_is_a_bundle_of_all_versions(fhir: Fhir, version: str) -> None:
    for gender in ("male", "female"):
        fhir.put(
            f"/{version}/Patient/p", {"resourceType": "Patient", "gender": gender}, expect=None
        )
    fhir.delete(f"/{version}/Patient/p")
    bundle = fhir.get(f"/{version}/Patient/p/_history")
    assert (bundle["type"], bundle["total"]) == ("history", 3)
    methods = [entry["request"]["method"] for entry in bundle["entry"]]
    assert methods == ["DELETE", "PUT", "PUT"]
    assert ["resource" in entry for entry in bundle["entry"]] == [False, True, True]
    assert bundle["entry"][2]["resource"]["gender"] == "male"
    assert ("link" in bundle) is (version == "r4")
    assert ("response" in bundle["entry"][0]) is (version == "r4")
    fhir.get(f"/{version}/Patient/unknown/_history", expect=404)


def test_history_is_paged(fhir: Fhir) -> None:
    for n in range(12):
        fhir.put("/dstu2/Patient/p", {"resourceType": "Patient", "language": f"l{n}"})
    first = fhir.get("/dstu2/Patient/p/_history")
    assert (first["total"], len(first["entry"])) == (12, 10)
    last = fhir.get(first["link"][1]["url"])
    assert len(last["entry"]) == 2
    assert "link" not in last


def test_versions_can_be_removed_one_by_one(fhir: Fhir) -> None:
    for gender in ("male", "female"):
        fhir.put("/r4/Patient/p", {"resourceType": "Patient", "gender": gender}, expect=None)
    text(fhir.delete("/r4/Patient/p/_history/9000000000001"))
    assert fhir.get("/r4/Patient/p")["gender"] == "male"
    fhir.delete(f"/r4/Patient/p/_history/{FIRST}")
    fhir.get("/r4/Patient/p", expect=404)
    fhir.delete(f"/r4/Patient/p/_history/{FIRST}", expect=404)
    fhir.delete("/r4/Patient/p/_history/abc", expect=404)


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_of_a_patient_can_be_deleted(fhir: Fhir, version: str) -> None:
    fhir.store(
        version,
        {"resourceType": "Patient", "id": "p1"},
        observation("mine", subject={"reference": "Patient/p1"}),
        observation("other", subject={"reference": "Patient/p2"}),
    )
    text(fhir.delete(f"/{version}/Patient/p1/$everything"))
    fhir.get(f"/{version}/Patient/p1", expect=410)
    assert ids(fhir.get(f"/{version}/Observation")) == ["other"]
    fhir.delete(f"/{version}/Patient/p1/$everything", expect=410)


def test_purge_erases_a_version_and_only_what_it_says(fhir: Fhir) -> None:
    for version in ("dstu2", "r4"):
        fhir.store(version, {"resourceType": "Patient", "id": "p1"}, observation("o1"))
    text(fhir.delete("/r4/purge?_type=Observation"))
    assert fhir.get("/r4/Observation")["total"] == 0
    assert fhir.get("/r4/Patient")["total"] == 1
    text(fhir.delete("/r4/purge?_before=2020-01-01"))
    assert fhir.get("/r4/Patient")["total"] == 1
    text(fhir.delete("/fhir/r4/purge"))
    fhir.get("/r4/Patient/p1", expect=404)
    assert fhir.get("/dstu2/Observation")["total"] == 1


@pytest.mark.parametrize("query", ["_type=Nonsense", "_type=", "_before=soon", "_types=Patient"])
def test_a_purge_that_cannot_be_read_erases_nothing(fhir: Fhir, query: str) -> None:
    fhir.store("r4", PATIENT)
    text(fhir.delete(f"/r4/purge?{query}", expect=400))
    assert fhir.get("/r4/Patient")["total"] == 1


@pytest.mark.parametrize(
    "path, body",
    [
        ("Patient", b""),
        ("Patient", b"{"),
        ("Patient", b"[]"),
        ("Patient", b"{}"),
        ("Patient", b'"Patient"'),
        ("Patient", b'{"resourceType":"Observation"}'),
        ("Patient", b'{"resourceType":7}'),
        ("Patient", b'{"resourceType":"Patient","id":"a b"}'),
        ("Patient", b'{"resourceType":"Patient","id":7}'),
        ("Patient", b'{"resourceType":"Patient","success":false}'),
        ("Patient", b'{"resourceType":"Patient","name":[{"text":"a\\u0000b"}]}'),
        ("Patient", b"\xff\xfe"),
        ("Patient", b"[" * 2000),
        ("Patient", b'{"a":' * 1200 + b"1" + b"}" * 1200),
    ],
)
def test_a_bad_body_is_refused(fhir: Fhir, path: str, body: bytes) -> None:
    text(fhir.call("POST", f"/r4/{path}", body, expect=400))


def test_an_id_in_the_body_must_be_that_of_the_address(fhir: Fhir) -> None:
    text(fhir.put("/r4/Patient/other", PATIENT, expect=400))
    text(fhir.put("/r4/Patient/bad_id", {"resourceType": "Patient"}, expect=400))


def test_a_type_that_the_version_lacks_is_not_stored(fhir: Fhir) -> None:
    text(fhir.post("/r4/MedicationOrder", {"resourceType": "MedicationOrder"}, expect=404))


def test_numbers_keep_their_digits(fhir: Fhir) -> None:
    body = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"weight"},'
        b'"valueQuantity":{"value":1.10}}'
    )
    fhir.call("POST", "/r4/Observation", body, expect=201)
    fhir.get("/r4/Observation/o")
    assert b'"value":1.10' in fhir.last.content


def test_type_names_match_in_any_letter_case(fhir: Fhir) -> None:
    fhir.post("/fhir/dstu2/patient", PATIENT)
    bundle = fhir.get("/fhir/dstu2/PATIENT")
    assert bundle["entry"][0]["fullUrl"].endswith("/fhir/dstu2/Patient/testpatient2")


def test_conditional_reads_and_updates(fhir: Fhir) -> None:
    fhir.put("/r4/Patient/testpatient2", PATIENT, expect=201)
    tag = fhir.last.headers["ETag"]
    assert fhir.get("/r4/Patient/testpatient2", if_none_match=tag, expect=304) is None
    fhir.put("/r4/Patient/testpatient2", PATIENT, if_match=tag)
    text(fhir.put("/r4/Patient/testpatient2", PATIENT, if_match=tag, expect=412))
    text(fhir.delete("/r4/Patient/testpatient2", if_match=tag, expect=412))


def test_a_body_without_a_length_is_read_where_the_server_knows_its_end() -> None:
    body = b'{"resourceType":"Patient","id":"x"}'
    sent = {"REQUEST_METHOD": "POST", "wsgi.input": BytesIO(body)}
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert read_body(WSGIRequest({**sent, **chunked})) == body


def test_head_answers_without_a_body(fhir: Fhir) -> None:
    fhir.store("r4", PATIENT)
    assert fhir.call("HEAD", "/r4/Patient/testpatient2") is None
    assert int(fhir.last.headers["Content-Length"]) > 50
