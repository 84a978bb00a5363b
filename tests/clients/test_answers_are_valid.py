"""Every kind of answer, checked against the models that fhir.resources and fhirclient have."""

from __future__ import annotations

from typing import Any

import pytest
from fhirclient.models.fhirelementfactory import FHIRElementFactory

from tests.clients import people, valid
from tests.contract.api import User

MODELLED = ("stu3", "r4")


class Caller:
    """A user's calls in one version. Whatever comes back is checked."""

    def __init__(self, person: User, version: str) -> None:
        self.person, self.version = person, version

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        answer = self.person.app.call(
            method, f"/fhir/{self.version}{path}", headers=self.person.bearer, json=body
        )
        assert answer.status_code == expect, answer.text
        resource = answer.json()
        valid.check(self.version, resource)
        if self.version == "r4":
            FHIRElementFactory.instantiate(resource["resourceType"], resource)
        return resource


@pytest.fixture(params=MODELLED)
def caller(request: pytest.FixtureRequest, person: User) -> Caller:
    return Caller(person, str(request.param))


@pytest.fixture
def created(caller: Caller) -> int:
    return 201 if caller.version == "r4" else 200


@pytest.fixture
def ada(caller: Caller, created: int) -> dict[str, Any]:
    body = people.patient(caller.version, "Lovelace")
    made: dict[str, Any] = caller.call("POST", "/Patient", body, expect=created)
    for day in range(1, 4):
        pulse = people.pulse(f"Patient/{made['id']}", day, 70)
        caller.call("POST", "/Observation", pulse, expect=created)
    return made


def test_reads_and_versions(caller: Caller, ada: dict[str, Any]) -> None:
    where = f"/Patient/{ada['id']}"
    assert caller.call("GET", where) == ada
    updated = caller.call("PUT", where, {**ada, "active": False})
    assert caller.call("GET", f"{where}/_history/{updated['meta']['versionId']}") == updated
    assert len(caller.call("GET", f"{where}/_history")["entry"]) == 2


@pytest.mark.parametrize(
    "query, entries",
    [
        ("/Observation", 3),
        ("/Observation?_count=2", 2),
        ("/Observation?date=2024-05-02", 1),
        ("/Observation?_count=0", 0),
        ("/Observation?_sort=-date&patient.family=lovelace", 3),
        ("/Observation?_summary=count", 0),
    ],
)
def test_searches(caller: Caller, ada: dict[str, Any], query: str, entries: int) -> None:
    bundle = caller.call("GET", query)
    assert bundle["type"] == "searchset"
    assert len(bundle["entry"]) == entries


def test_everything_of_a_patient(caller: Caller, ada: dict[str, Any]) -> None:
    bundle = caller.call("GET", f"/Patient/{ada['id']}/$everything")
    assert bundle["total"] == len(bundle["entry"]) == 4


def test_what_the_server_can_do(caller: Caller) -> None:
    assert caller.call("GET", "/metadata")["kind"] == "instance"


def test_bundles(caller: Caller, ada: dict[str, Any]) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"request": {"method": "GET", "url": f"Patient/{ada['id']}"}},
            {"request": {"method": "GET", "url": "Patient/never-there"}},
            {"request": {"method": "GET", "url": "Observation?_count=1"}},
            {
                "resource": people.patient(caller.version, "Byron"),
                "request": {"method": "POST", "url": "Patient"},
            },
        ],
    }
    answer = caller.call("POST", "", bundle)
    assert [e["response"]["status"][:3] for e in answer["entry"]][:3] == ["200", "404", "200"]
    bundle |= {"type": "transaction", "entry": bundle["entry"][-1:]}
    assert caller.call("POST", "", bundle)["type"] == "transaction-response"


def test_refusals(caller: Caller, ada: dict[str, Any]) -> None:
    for method, path, body, status in (
        ("GET", "/Observation?date=abc", None, 400),
        ("GET", "/Patient/never-there", None, 404),
        ("GET", "/Nothing/1", None, 404),
        ("POST", "/Patient", {"resourceType": "Observation"}, 400),
        ("DELETE", f"/Patient/{ada['id']}", None, 200),
        ("GET", f"/Patient/{ada['id']}", None, 410),
    ):
        outcome = caller.call(method, path, body, expect=status)
        assert outcome["resourceType"] == "OperationOutcome"
