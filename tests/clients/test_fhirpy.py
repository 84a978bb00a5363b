"""fhirpy, which knows no versions, against the running server in all three."""

from __future__ import annotations

from typing import Any

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.clients import people
from tests.contract.api import User


@pytest.fixture(params=people.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(person: User, version: str) -> SyncFHIRClient:
    return SyncFHIRClient(
        f"{person.app.base}/fhir/{version}", authorization=person.bearer["Authorization"]
    )


@pytest.fixture
def ada(client: SyncFHIRClient, version: str) -> Any:
    made: Any = client.resource(**_made(people.patient(version, "Lovelace")))
    return made.create()


def _made(body: dict[str, Any]) -> dict[str, Any]:
    return {"resource_type": body.pop("resourceType"), **body}


def test_it_creates_reads_updates_and_sees_the_history(client: SyncFHIRClient, ada: Any) -> None:
    again: Any = client.reference("Patient", ada.id).to_resource()
    assert again.serialize() == ada.serialize()
    again["active"] = False
    again.update()
    assert client.get("Patient", ada.id)["active"] is False
    history = client.execute(f"Patient/{ada.id}/_history", method="get")
    assert [entry["resource"]["active"] for entry in history["entry"]] == [False, True]


def test_it_searches_and_follows_the_pages(client: SyncFHIRClient, ada: Any) -> None:
    for day in range(1, 13):
        client.resource(**_made(people.pulse(f"Patient/{ada.id}", day, 60 + day))).create()
    pulses = client.resources("Observation")
    assert pulses.search(patient=ada.id).count() == 12
    assert len(pulses.search(patient=ada.id).limit(5).fetch_all()) == 12
    assert len(pulses.limit(5).fetch()) == 5
    (third,) = pulses.search(date="2024-05-03").fetch()
    assert third["valueQuantity"]["value"] == 63
    later = pulses.search(date__ge="2024-05-10", code="8867-4").fetch_all()
    assert sorted(p["valueQuantity"]["value"] for p in later) == [70, 71, 72]
    assert client.resources("Patient").search(family="lovel").get().id == ada.id
    assert client.resources("Patient").search(family="nobody").first() is None


def test_it_sends_a_batch_and_a_transaction(client: SyncFHIRClient, version: str) -> None:
    for kind in ("batch", "transaction"):
        entries = [
            {
                "resource": people.patient(version, f"{kind}-{n}"),
                "request": {"method": "POST", "url": "Patient"},
            }
            for n in range(3)
        ]
        bundle: Any = client.resource("Bundle", type=kind, entry=entries)
        answer = client.execute("", data=bundle.serialize())
        assert answer["type"] == f"{kind}-response"
        assert {entry["response"]["status"][:2] for entry in answer["entry"]} == {"20"}
    assert client.resources("Patient").count() == 6


def test_errors_arrive_as_what_they_are(client: SyncFHIRClient, ada: Any) -> None:
    ada.delete()
    with pytest.raises(ResourceNotFound):
        client.get("Patient", ada.id)
    with pytest.raises(ResourceNotFound):
        client.get("Patient", "never-there")
    with pytest.raises(OperationOutcome) as refused:
        client.resources("Observation").search(date="abc").fetch()
    assert "date" in str(refused.value)
