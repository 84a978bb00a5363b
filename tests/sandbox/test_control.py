"""The control API: clear answers, also to wrong calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from connectors.sandbox.hospital.directory import HOSPITALS
from tests.sandbox.visitor import JASON, Visitor


def test_the_state_tells_clock_menu_and_holdings() -> None:
    state = Visitor().client.get("/control").json()
    assert {s["id"]: s["kind"] for s in state["systems"]} == {
        **dict.fromkeys((house.system for house in HOSPITALS), "clinical"),
        4709: "device",
    }
    assert {"deny", "429", "403"} < set(state["menu"])
    assert state["faults"] == []
    accounts = [a for s in state["systems"] for a in s["accounts"]]
    assert {"fhirjason", "wilma_smart", "wilmasmart", "BBUser29999", "demo"} < {
        a["account"] for a in accounts
    }
    assert all("counts" in a or "steps" in a for a in accounts)


def test_people_lists_who_can_sign_in_without_what_they_hold() -> None:
    told = Visitor().client.get("/control/people").json()
    accounts = [a for s in told["systems"] for a in s["accounts"]]
    assert "fhirjason" in {a["account"] for a in accounts}
    assert not [a for a in accounts if "counts" in a or "steps" in a]
    assert told["menu"]["429"]


def test_the_state_of_one_house_or_person_tells_what_they_have() -> None:
    client = Visitor().client
    medicare = client.get("/control?system=4748").json()["systems"]
    assert [s["fhir_version"] for s in medicare] == ["stu3"]
    assert medicare[0]["accounts"][0]["counts"]["ExplanationOfBenefit"] > 20
    wilma = client.get("/control?account=wilmasmart").json()["systems"]
    assert [s["id"] for s in wilma] == [4707]
    assert wilma[0]["accounts"][0]["ids"]["Patient"] == ["12724065"]
    assert client.get("/control?system=4709").json()["systems"][0]["accounts"][0]["steps"]


def test_a_result_asked_for_is_found_at_once(jason: Visitor) -> None:
    before = jason.get("Observation", patient=JASON).json()["total"]
    made = jason.control("results", {"system": 4706, "account": "fhirjason"})
    assert (made.status_code, made.json()["type"]) == (201, "Observation")
    assert jason.get("Observation", patient=JASON).json()["total"] == before + 1
    found = jason.get(f"Observation/{made.json()['id']}").json()
    assert found["category"]["coding"][0]["code"] == "laboratory"
    assert found["valueQuantity"]["value"] > 0
    since = jason.get("Observation", patient=JASON, _lastUpdated=f"ge{made.json()['at']}").json()
    assert made.json()["id"] in [e["resource"]["id"] for e in since["entry"]]


def test_the_clock_moves_on_and_not_behind_the_real_one() -> None:
    visitor = Visitor()
    before = datetime.fromisoformat(visitor.client.get("/control").json()["now"])
    answer = visitor.control("advance", {"seconds": 86_400}).json()
    assert (datetime.fromisoformat(answer["now"]) - before).total_seconds() >= 86_400
    assert visitor.control("advance", {"seconds": -1e6}).json()["ahead_seconds"] == 0


@pytest.mark.parametrize(
    "path, body, status, word",
    [
        ("advance", {}, 400, "seconds"),
        ("advance", {"seconds": "many"}, 400, "seconds"),
        ("advance", {"seconds": True}, 400, "seconds"),
        ("advance", {"seconds": 1e12}, 400, "ten years"),
        ("advance", [], 400, "object"),
        ("results", {"system": 4709, "account": "demo"}, 404, "4706"),
        ("results", {"system": 4706, "account": "nobody"}, 404, "fhirjason"),
        ("faults", {"account": "nobody", "fault": "429"}, 404, "fhirjason"),
        ("faults", {"system": 1, "account": "demo", "fault": "429"}, 404, "4709"),
        ("faults", {"account": "demo", "fault": "418"}, 400, "429"),
        ("faults", {"account": "demo", "fault": "429", "count": 0}, 400, "count"),
        ("faults", {"account": "demo", "fault": "429", "count": True}, 400, "count"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(path: str, body: Any, status: int, word: str) -> None:
    answer = Visitor().control(path, body)
    assert answer.status_code == status
    assert word in answer.json()["error"]


def test_a_form_is_no_json() -> None:
    answer = Visitor().client.post("/control/advance", {"seconds": "5"})
    assert (answer.status_code, "application/json" in answer.json()["error"]) == (415, True)


def test_broken_json_is_told() -> None:
    answer = Visitor().client.post("/control/advance", "{", content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_told_which_to_use(method: str) -> None:
    answer = getattr(Visitor().client, method)("/control/advance")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_an_unknown_address_answers_json() -> None:
    answer = Visitor().client.get("/nothing")
    assert (answer.status_code, "/nothing" in answer.json()["error"]) == (404, True)
