"""Writes are checked: what is wrong is told place by place, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir

WRONG = {"resourceType": "Observation", "id": "o", "status": "done", "valueString": ""}
RIGHT = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "weight"}}
PLACES = ["Observation.status", "Observation.value.ofType(string)", "Observation.code"]


def places(answer: dict[str, Any]) -> list[str]:
    assert answer["resourceType"] == "OperationOutcome"
    assert {issue["severity"] for issue in answer["issue"]} == {"error"}
    return [place for issue in answer["issue"] for place in issue["expression"]]


@pytest.mark.parametrize("version", ["stu3", "r4"])
@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PUT", "/o")])
def test_each_problem_is_an_issue_with_its_place(
    fhir: Fhir, version: str, method: str, path: str
) -> None:
    answer = fhir.call(method, f"/{version}/Observation{path}", WRONG, expect=422)

    assert places(answer) == PLACES
    assert [issue["code"] for issue in answer["issue"]] == ["code-invalid", "value", "required"]
    assert answer["issue"][2]["details"]["text"] == "Observation.code: code is missing: required"
    fhir.get(f"/{version}/Observation/o", expect=404)


def test_dstu2_tells_the_place_as_it_does(fhir: Fhir) -> None:
    answer = fhir.post("/dstu2/Observation", WRONG, expect=422)

    assert [issue["location"] for issue in answer["issue"]] == [
        ["/f:Observation/f:status"],
        ["/f:Observation/f:valueString"],
        ["/f:Observation/f:code"],
    ]
    assert not any("expression" in issue for issue in answer["issue"])


def test_an_update_that_is_refused_leaves_what_was_there(fhir: Fhir) -> None:
    made = fhir.post("/r4/Observation", RIGHT, expect=201)
    fhir.put("/r4/Observation/o", WRONG, expect=422)
    patch = [{"op": "replace", "path": "/status", "value": "done"}]
    refused = fhir.call("PATCH", "/r4/Observation/o", patch, expect=422)

    assert places(refused) == ["Observation.status"]
    assert fhir.get("/r4/Observation/o") == made


def test_a_transaction_names_the_entry_and_stores_nothing(fhir: Fhir) -> None:
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"Observation/{resource['id']}"}}
        for resource in ({**RIGHT, "id": "first"}, WRONG)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = fhir.post("/r4", bundle, expect=422)

    assert places(answer)[0] == "Bundle.entry[1].resource.status"
    fhir.get("/r4/Observation/first", expect=404)


def test_a_batch_refuses_the_entry_alone(fhir: Fhir) -> None:
    entries = [
        {"resource": resource, "request": {"method": "POST", "url": "Observation"}}
        for resource in (RIGHT, {**WRONG, "id": "second"})
    ]
    answer = fhir.post("/r4", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    first, second = answer["entry"]

    assert first["response"]["status"].startswith("201")
    assert second["response"]["status"].startswith("422")
    assert places(second["response"]["outcome"]) == PLACES


def test_the_check_can_be_switched_off(fhir: Fhir, settings: Any) -> None:
    settings.VALIDATE_WRITES = False

    fhir.post("/r4/Observation", WRONG, expect=201)


def test_the_customary_first_write_needs_no_more(fhir: Fhir) -> None:
    for version in ("dstu2", "stu3", "r4"):
        body = {"resourceType": "Patient", "id": "p", "gender": "female"}
        fhir.post(f"/{version}/Patient", body, expect=None)

        assert fhir.last.status_code in (200, 201)


def test_an_id_that_cannot_be_is_still_a_bad_request(fhir: Fhir) -> None:
    fhir.post("/r4/Patient", {"resourceType": "Patient", "id": "a_b"}, expect=400)
