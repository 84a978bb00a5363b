"""The SMART project's own Python client (R4) against the running server."""

from __future__ import annotations

from typing import Any

import pytest
from fhirclient import client as smart
from fhirclient.models.bundle import Bundle, BundleEntry, BundleEntryRequest
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException, FHIRServer

from tests.clients import people
from tests.contract.api import User


@pytest.fixture
def server(person: User) -> FHIRServer:
    settings = {"app_id": "careweave-tests", "api_base": f"{person.app.base}/fhir/r4"}
    made: FHIRServer = smart.FHIRClient(settings=settings).server
    made.session.headers.update(person.bearer)
    return made


@pytest.fixture
def ada(server: FHIRServer) -> Patient:
    return Patient(Patient(people.patient("r4", "Lovelace")).create(server))


@pytest.fixture
def pulses(server: FHIRServer, ada: Patient) -> list[Observation]:
    """Twelve days' pulses, 61 to 72."""
    return [
        Observation(Observation(people.pulse(ada.relativePath(), day, 60 + day)).create(server))
        for day in range(1, 13)
    ]


def test_it_reads_what_the_server_can_do(server: FHIRServer) -> None:
    statement: CapabilityStatement = server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    assert {r.type for r in statement.rest[0].resource} >= {"Patient", "Observation", "Condition"}


def test_what_it_creates_is_read_back(server: FHIRServer, ada: Patient) -> None:
    again = Patient.read(ada.id, server)
    assert again.as_json() == ada.as_json()
    assert again.name[0].family == "Lovelace"
    assert again.birthDate.date.year == 1985


def test_an_update_makes_a_new_version_and_both_are_in_the_history(
    server: FHIRServer, ada: Patient
) -> None:
    ada.active = False
    updated = Patient(ada.update(server))
    assert updated.active is False
    assert updated.meta.versionId != ada.meta.versionId
    history = Bundle.read_from(f"Patient/{ada.id}/_history", server)
    assert history.type == "history"
    assert [entry.resource.active for entry in history.entry] == [False, True]
    first = Patient.read_from(f"Patient/{ada.id}/_history/{ada.meta.versionId}", server)
    assert first.active is True


def test_it_searches(server: FHIRServer, ada: Patient, pulses: list[Observation]) -> None:
    def found(**struct: Any) -> set[str]:
        return {one.id for one in Observation.where(struct).perform_resources_iter(server)}

    assert found(subject=ada.id, date="2024-05-03") == {pulses[2].id}
    assert found(code="http://loinc.org|8867-4", date="ge2024-05-10", _count="20") == {
        p.id for p in pulses[9:]
    }
    assert found(**{"subject:Patient.family": "lovel", "value-quantity": "gt71"}) == {pulses[11].id}
    assert found(code="http://loinc.org|0000-0") == set()


def test_it_follows_the_pages(server: FHIRServer, ada: Patient, pulses: list[Observation]) -> None:
    search = Observation.where({"subject": f"Patient/{ada.id}", "_count": "5"})
    pages = list(search.perform_iter(server))
    assert [len(page.entry) for page in pages] == [5, 5, 2]
    assert {page.total for page in pages} == {12}
    met = [entry.resource.id for page in pages for entry in page.entry]
    assert sorted(met) == sorted(p.id for p in pulses)
    assert len(list(search.perform_resources_iter(server))) == 12


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_it_sends_a_bundle(server: FHIRServer, kind: str) -> None:
    bundle = Bundle()
    bundle.type = kind
    bundle.entry = []
    mother = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    for url, resource in (
        (mother, Patient(people.patient("r4", "Byron"))),
        (None, Observation(people.pulse(mother if kind == "transaction" else "Patient/x", 1, 70))),
    ):
        entry = BundleEntry()
        entry.fullUrl, entry.resource = url, resource
        entry.request = BundleEntryRequest({"method": "POST", "url": resource.resource_type})
        bundle.entry.append(entry)
    answer = Bundle(bundle.create(server))
    assert answer.type == f"{kind}-response"
    assert [entry.response.status for entry in answer.entry] == ["201 Created"] * 2
    stored, pulse = (entry.resource for entry in answer.entry)
    expected = f"Patient/{stored.id}" if kind == "transaction" else "Patient/x"
    assert pulse.subject.reference == expected
    assert Observation.read(pulse.id, server).subject.reference == expected


def test_what_it_deletes_is_gone(server: FHIRServer, ada: Patient) -> None:
    outcome = OperationOutcome(ada.delete(server))
    assert outcome.issue[0].severity == "information"
    with pytest.raises(Exception, match="410"):
        Patient.read(ada.id, server)
    with pytest.raises(FHIRNotFoundException):
        Patient.read("never-there", server)
