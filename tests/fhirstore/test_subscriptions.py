"""Which Subscriptions are accepted (wire contract 15.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from accounts.scopes import Sight, sight
from fhirstore import granted
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir

SECRET = "Authorization: Bearer s"


def subscription(**channel: Any) -> dict[str, Any]:
    given = {
        "type": "rest-hook",
        "endpoint": "https://app.example.org/hook",
        "payload": "application/json",
        **channel,
    }
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "criteria": "Observation?code=66334-4",
        "channel": {name: value for name, value in given.items() if value is not None},
    }


@pytest.mark.parametrize("version, status", [("dstu2", 200), ("stu3", 200), ("r4", 201)])
def test_the_contracts_form_is_accepted(fhir: Fhir, version: str, status: int) -> None:
    header = SECRET if version == "dstu2" else [SECRET]
    made = fhir.post(f"/fhir/{version}/Subscription", subscription(header=header), expect=status)
    assert made["status"] == "requested"
    assert made["channel"]["header"] == header
    found = fhir.get(f"/{version}/Subscription?status=requested&criteria=observation")
    assert found["total"] == 1


@pytest.mark.parametrize(
    "criteria",
    [
        "Observation",
        "/Observation?category=vital-signs",
        "Condition?code=http://snomed.info/sct|1&_lastUpdated=ge2026-01-01",
        "Observation?subject:Patient.name=peter",
        "AuditEvent?subtype=member-data-ingestion-completed",
    ],
)
def test_any_search_is_a_criterion(fhir: Fhir, criteria: str) -> None:
    fhir.post("/r4/Subscription", subscription() | {"criteria": criteria}, expect=201)


@pytest.mark.parametrize(
    "changes, names",
    [
        ({"criteria": "Nonsense?code=1"}, "criteria"),
        ({"criteria": "MedicationOrder"}, "criteria"),  # not in R4
        ({"criteria": "Observation?cod=1"}, "cod"),
        ({"criteria": "Observation?date=abc"}, "date"),
        ({"criteria": "Observation?code=1&_include=Observation:subject"}, "_include"),
        ({"criteria": "Observation?_sort=date"}, "_sort"),
        ({"criteria": 5}, "criteria"),
        ({"criteria": None}, "criteria"),
        ({"status": "entered-in-error"}, "status"),
        ({"status": None}, "status"),
        ({"channel": None}, "criteria|channel"),
        ({"channel": {"type": "email"}}, "type"),
        ({"channel": subscription(type="websocket")["channel"]}, "type"),
        ({"channel": subscription(payload=None)["channel"]}, "payload"),
        ({"channel": subscription(payload="application/fhir+xml")["channel"]}, "payload"),
        ({"channel": subscription(payload="application/json;x=\u20ac")["channel"]}, "payload"),
        ({"channel": subscription(endpoint=None)["channel"]}, "endpoint"),
        ({"channel": subscription(endpoint="http://app.example.org/")["channel"]}, "https"),
        ({"channel": subscription(endpoint="https://u:p@app.example.org/")["channel"]}, "https"),
        ({"channel": subscription(endpoint="https://127.0.0.1/")["channel"]}, "private"),
        ({"channel": subscription(endpoint="https://[::ffff:10.0.0.1]/")["channel"]}, "private"),
        ({"channel": subscription(endpoint="https://192.168.1.1:8443/")["channel"]}, "private"),
        ({"channel": subscription(endpoint="https://localhost./")["channel"]}, "private"),
        ({"channel": subscription(endpoint="https://a:b:c/")["channel"]}, "endpoint"),
        ({"channel": subscription(header=["no colon"])["channel"]}, "header"),
        ({"channel": subscription(header="A: b\r\nHost: c")["channel"]}, "header"),
        ({"channel": subscription(header="Host: inside")["channel"]}, "header"),
        ({"channel": subscription(header=[5])["channel"]}, "header"),
    ],
)
def test_what_could_not_be_served_is_refused(
    fhir: Fhir, changes: dict[str, Any], names: str
) -> None:
    body = subscription() | changes
    answer = fhir.post("/r4/Subscription", body, expect=422)
    assert any(name in answer["issue"][0]["diagnostics"] for name in names.split("|"))
    fhir.put("/r4/Subscription/s1", body | {"id": "s1"}, expect=422)
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"resource": body, "request": {"method": "POST", "url": "Subscription"}}],
    }
    (entry,) = fhir.post("/r4", bundle)["entry"]
    assert entry["response"]["status"].startswith("422")
    assert fhir.get("/r4/Subscription")["total"] == 0


def test_hosts_that_the_operator_allows_may_be_private_and_http(fhir: Fhir, settings: Any) -> None:
    settings.ALLOWED_OUTBOUND_HOSTS = ["10.0.0.5:8080", "inside"]
    for endpoint in ("http://10.0.0.5:8080/x", "http://inside/", "https://inside:99/"):
        fhir.post("/r4/Subscription", subscription(endpoint=endpoint), expect=201)
    for endpoint in ("http://10.0.0.5/x", "http://outside/"):
        fhir.post("/r4/Subscription", subscription(endpoint=endpoint), expect=422)


def test_an_app_switches_it_off_and_on(fhir: Fhir) -> None:
    fhir.put("/r4/Subscription/s1", subscription() | {"id": "s1"}, expect=201)
    for status in ("off", "requested", "active"):
        body = subscription() | {"id": "s1", "status": status}
        assert fhir.put("/r4/Subscription/s1", body)["status"] == status


def test_a_token_subscribes_to_what_it_may_search(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    def narrow(scope: str) -> Fhir:
        token = token_pair(dana_app, alice, now, f"user/Subscription.cruds {scope}").access_token
        return Fhir(token, alice.pk, now)

    body = subscription()
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"resource": body, "request": {"method": "POST", "url": "Subscription"}}],
    }
    for scope in ("", "user/Patient.rs", "user/Observation.r"):
        client = narrow(scope)
        answer = client.post("/r4/Subscription", body, expect=403)
        assert answer["issue"][0]["code"] == "forbidden"
        (entry,) = client.post("/r4", bundle)["entry"]
        assert entry["response"]["status"].startswith("403")
    assert fhir.get("/r4/Subscription")["total"] == 0
    made = narrow("user/Observation.rs?category=laboratory").post(
        "/r4/Subscription", body, expect=201
    )
    patch = [{"op": "replace", "path": "/status", "value": "off"}]
    url = f"/r4/Subscription/{made['id']}"
    narrow("").call("PATCH", url, patch)  # to switch it off tells nothing
    patch[0]["value"] = "requested"
    narrow("").call("PATCH", url, patch, expect=403)


def test_the_scope_of_the_writing_token_is_kept(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    scope = "user/Subscription.cruds user/Observation.rs?category=laboratory"
    narrow = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
    entry = {"resource": subscription(), "request": {"method": "PUT", "url": "Subscription/s1"}}
    narrow.post("/r4", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})

    def kept(number: int) -> Sight:
        return granted.sight_of(owner=alice.pk, version="r4", fid="s1", number=number)

    assert kept(0) == kept(5) == sight(scope)
    fhir.put("/r4/Subscription/s1", subscription() | {"id": "s1"})
    assert kept(0) == sight(scope)
    assert kept(1).everything
    assert granted.sight_of(owner=alice.pk, version="stu3", fid="s1", number=9) == sight("")
