"""The hospital's FHIR server: search, paging, reading, what is withheld."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.sandbox.hospital.fhir.renderers import DSTU2
from connectors.sandbox.world import world
from tests.sandbox.visitor import EMMA, HOSPITAL, JASON, Visitor

TYPES = ("Patient", *DSTU2.patient_element)


def test_everything_found_by_search_is_what_control_announces(jason: Visitor) -> None:
    found = {t: jason.all_pages(t, JASON) for t in TYPES if t != "Patient"}
    answer = jason.client.get("/control", {"system": "4706", "account": "fhirjason"}).json()
    account = answer["systems"][0]["accounts"][0]
    for type_, resources in found.items():
        assert len(resources) == account["counts"][type_], type_
        assert {r["id"] for r in resources} == set(account["ids"][type_]), type_
    for type_ in ("Practitioner", "Organization", "Location", "Binary"):
        for id_ in account["ids"][type_]:
            assert jason.get(f"{type_}/{id_}").status_code == 200


def test_a_patient_has_enough_to_exercise_paging(jason: Visitor) -> None:
    emma = Visitor()
    emma.connect("fhiremma", "epicepic1")
    for visitor, patient in ((jason, JASON), (emma, EMMA)):
        readings = visitor.all_pages("Observation", patient, _count="20")
        assert len(readings) > 100
        assert len({r["id"] for r in readings}) == len(readings)


def test_pages_do_not_move_while_results_arrive(jason: Visitor) -> None:
    first = jason.get("Observation", patient=JASON, _count="50").json()
    world().state.add_result(system=4706, account=JASON, at=world().now())
    following = next(li["url"] for li in first["link"] if li["relation"] == "next")
    path = following.removeprefix("http://testserver")
    headers = {"Authorization": f"Bearer {jason.token}"}
    second = jason.client.get(path, headers=headers).json()
    assert second["total"] == first["total"]
    seen = [e["resource"]["id"] for e in (*first["entry"], *second["entry"])]
    assert len(seen) == len(set(seen)) == 100


@pytest.mark.parametrize(
    "query, code, present",
    [
        ({"code": "44054006"}, "44054006", True),
        ({"code": "http://snomed.info/sct|44054006"}, "44054006", True),
        ({"code": "http://hl7.org/fhir/sid/icd-10-cm|E11.9"}, "44054006", True),
        ({"code": "http://loinc.org|44054006"}, "44054006", False),
        ({"code": "1,44054006"}, "44054006", True),
        ({"category": "diagnosis"}, "44054006", True),
        ({"category": "symptom"}, "44054006", False),
        ({"date": "2016-09-06"}, "44054006", True),
        ({"date": "ge2017"}, "44054006", False),
        ({"date": "lt2017"}, "44054006", True),
        ({"_lastUpdated": "ge2016-09-06"}, "44054006", True),
        ({"_lastUpdated": "ge2016-09-07"}, "44054006", False),
    ],
)
def test_conditions_are_found(
    jason: Visitor, query: dict[str, str], code: str, present: bool
) -> None:
    found = jason.get("Condition", patient=JASON, **query).json().get("entry", [])
    codes = {c["code"] for e in found for c in e["resource"]["code"]["coding"]}
    assert (code in codes) is present


def test_a_search_without_hits_is_a_bundle_without_entries(jason: Visitor) -> None:
    answer = jason.get("Condition", patient=JASON, code="none").json()
    assert (answer["total"], "entry" in answer) == (0, False)


@pytest.mark.parametrize("value", [JASON, f"Patient/{JASON}"])
@pytest.mark.parametrize("name", ["patient", "subject"])
def test_the_patient_is_named_in_any_usual_way(jason: Visitor, name: str, value: str) -> None:
    assert jason.get("Encounter", **{name: value}).json()["total"] > 0


def test_an_unknown_parameter_is_ignored_and_said(jason: Visitor) -> None:
    answer = jason.get("Goal", patient=JASON, colour="blue").json()
    modes = Counter(entry["search"]["mode"] for entry in answer["entry"])
    assert modes == {"match": answer["total"], "outcome": 1}
    assert "colour" not in answer["link"][0]["url"]


@pytest.mark.parametrize(
    "path, query, status",
    [
        ("Condition", {}, 400),
        ("Condition", {"patient": EMMA}, 403),
        (f"Patient/{EMMA}", {}, 404),
        ("Condition/none", {}, 404),
        ("Condition", {"patient": JASON, "date": "yesterday"}, 400),
        ("Practitioner", {"patient": JASON}, 400),
        ("Claim", {"patient": JASON}, 400),
    ],
)
def test_what_cannot_be_had_is_told(
    jason: Visitor, path: str, query: dict[str, str], status: int
) -> None:
    answer = jason.get(path, **query)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["diagnostics"]


def test_without_a_token_there_is_nothing(jason: Visitor) -> None:
    answer = jason.client.get(f"{HOSPITAL}/fhir/Patient/{JASON}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_server_reads_only(jason: Visitor) -> None:
    assert jason.client.post(f"{HOSPITAL}/fhir/Patient").status_code == 405


def test_an_unticked_group_is_refused_and_left_out_of_the_scope() -> None:
    visitor = Visitor()
    found = visitor.connect("fhirjason", "epicepic1", untick="share_results")
    assert "patient/Observation.read" not in found["scope"].split()
    assert "patient/Condition.read" in found["scope"].split()
    assert visitor.get("Observation", patient=JASON).status_code == 403
    assert visitor.get("Condition", patient=JASON).status_code == 200


def test_a_document_leads_to_its_bytes(jason: Visitor) -> None:
    for document in jason.all_pages("DocumentReference", JASON):
        attachment = document["content"][0]["attachment"]
        answer = jason.get(attachment["url"])
        assert answer.json()["contentType"] == attachment["contentType"]
        raw = jason.client.get(
            f"{HOSPITAL}/fhir/{attachment['url']}",
            headers={
                "Authorization": f"Bearer {jason.token}",
                "Accept": attachment["contentType"],
            },
        )
        assert raw["Content-Type"].startswith(attachment["contentType"])
        assert len(raw.content) == attachment["size"]
        start = b"%PDF-1.4" if "pdf" in attachment["contentType"] else b"<!doctype html>"
        assert raw.content.startswith(start)


def test_any_accept_gets_json(jason: Visitor) -> None:
    for accept in ("application/json+fhir", "application/fhir+json", "application/xml", "*/*"):
        headers = {"Authorization": f"Bearer {jason.token}", "Accept": accept}
        answer = jason.client.get(f"{HOSPITAL}/fhir/Patient/{JASON}", headers=headers)
        assert answer["Content-Type"].startswith("application/json+fhir")


def test_metadata_names_the_oauth_addresses_and_no_smart_configuration_exists() -> None:
    client = Visitor().client
    statement = client.get(f"{HOSPITAL}/fhir/metadata").json()
    extension = statement["rest"][0]["security"]["extension"][0]
    addresses = {e["url"]: e["valueUri"] for e in extension["extension"]}
    assert addresses["token"] == f"http://testserver{HOSPITAL}/oauth/token"
    assert addresses["authorize"] == f"http://testserver{HOSPITAL}/oauth/authorize"
    assert client.get(f"{HOSPITAL}/fhir/.well-known/smart-configuration").status_code == 404


def test_a_new_result_arrives_every_ten_minutes(jason: Visitor) -> None:
    def newest() -> dict[str, Any]:
        readings = jason.all_pages("Observation", JASON, code="2339-0", _count="200")
        assert len(readings) == 144
        return readings[-1]

    before = newest()
    world().state.advance(600)
    after = newest()
    assert after["id"] != before["id"]
    moved = datetime.fromisoformat(after["effectiveDateTime"]) - datetime.fromisoformat(
        before["effectiveDateTime"]
    )
    assert moved == timedelta(minutes=10)


def test_the_record_at_an_instant_is_always_the_same() -> None:
    client = Visitor().client
    then = {"at": datetime(2026, 11, 24, 10, tzinfo=UTC).isoformat(), "system": "4706"}
    first = client.get("/control", then).json()["systems"]
    assert first == client.get("/control", then).json()["systems"]
    assert {a["account"]: sum(a["counts"].values()) for a in first[0]["accounts"]} == {
        "fhirjason": 853,
        "fhiremma": 427,
    }


def test_a_hospital_nobody_knows_is_told() -> None:
    answer = Visitor().client.get("/hospital/1/fhir/metadata")
    assert (answer.status_code, "1" in answer.json()["error"]) == (404, True)
