"""What the server adds or changes on import (wire contract 12.6)."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.identity import long_id, short_id
from tests.fhirstore.store import CERNER, EPIC, LATER, bodies, hospital, observation, only, take_in

pytestmark = pytest.mark.django_db

PATIENT = short_id(f"{EPIC}/Patient/P1")
SANDBOX = "http://127.0.0.1:9000/hospital/4706/fhir"


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("Patient/P1", f"Patient/{PATIENT}"),
        (f"{EPIC}/Patient/P1", f"Patient/{PATIENT}"),
        (f"{EPIC}/Patient/P1/_history/3", f"Patient/{PATIENT}"),
        ("https://OPEN-ic.epic.com:443/FHIR/api/FHIR/DSTU2/Patient/P1", f"Patient/{PATIENT}"),
        (f"{SANDBOX}/Patient/P1", f"Patient/{PATIENT}"),
        ("Practitioner/D1", f"Practitioner/{short_id(f'{EPIC}/Practitioner/D1')}"),
        ("Encounter/E1", f"Encounter/{long_id(PATIENT, f'{EPIC}/Encounter/E1')}"),
        ("#inside", "#inside"),
        (
            "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
            "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
        ),
        (f"{CERNER}/Patient/P1", f"{CERNER}/Patient/P1"),
        ("Smith/P1", "Smith/P1"),
    ],
)
def test_a_reference_is_rewritten_to_our_ids(written: str, served: str) -> None:
    source = hospital(also_bases=(SANDBOX,))

    take_in(observation(performer=[{"reference": written}]), source=source)

    assert only("Observation")["performer"] == [{"reference": served}]


def test_contained_resources_extension_urls_and_canonicals_are_left_alone() -> None:
    kept: dict[str, Any] = {
        "contained": [
            {"resourceType": "Observation", "id": "c", "subject": {"reference": "Patient/P1"}}
        ],
        "extension": [
            {"url": f"{EPIC}/Patient/P1", "valueUri": "Patient/P1"},
            {"url": "http://x/doctor", "valueReference": {"reference": "Patient/P1"}},
        ],
        "meta": {"profile": [f"{EPIC}/StructureDefinition/x"]},
    }

    take_in(observation(**kept))

    body = only("Observation")
    assert body["contained"] == kept["contained"]
    assert body["extension"][0] == kept["extension"][0]
    assert body["extension"][1]["valueReference"] == {"reference": f"Patient/{PATIENT}"}
    assert body["meta"]["profile"] == kept["meta"]["profile"]


def test_references_between_resources_resolve() -> None:
    take_in(
        {
            "resourceType": "Patient",
            "id": "P1",
            "managingOrganization": {"reference": "Organization/H"},
        },
        observation(encounter={"reference": "Encounter/E"}, device={"reference": "Device/D"}),
    )
    take_in(
        {"resourceType": "Encounter", "id": "E", "patient": {"reference": "Patient/P1"}},
        {"resourceType": "Organization", "id": "H"},
        {"resourceType": "Device", "id": "D", "patient": {"reference": "Patient/P1"}},
        now=LATER,
    )

    body, names = only("Observation"), set(bodies())
    for member in ("subject", "encounter", "device"):
        assert body[member]["reference"] in names
    assert only("Patient")["managingOrganization"]["reference"] in names


@pytest.mark.parametrize("together", [True, False])
def test_a_device_of_no_patient_has_a_short_id_and_is_referred_to_by_it(together: bool) -> None:
    device = {"resourceType": "Device", "id": "D"}
    reading = observation(device={"reference": "Device/D"})
    source = hospital(version="r4")

    for batch in [(device, reading)] if together else [(device,), (reading,)]:
        take_in(*batch, source=source)

    short = short_id(f"{EPIC}/Device/D")
    assert only("Device", version="r4")["id"] == short
    assert only("Observation", version="r4")["device"] == {"reference": f"Device/{short}"}


def test_the_source_id_is_appended_to_the_identifiers() -> None:
    own = {"system": "urn:oid:1", "value": "x"}

    take_in(observation(identifier=[own]))

    assert only("Observation")["identifier"] == [
        own,
        {"value": "O1", "use": "usual", "system": EPIC},
    ]


@pytest.mark.parametrize("given", [None, {"value": "own"}])
def test_a_single_identifier_is_set_only_where_empty(given: dict[str, str] | None) -> None:
    composition = {"resourceType": "Composition", "id": "C"} | (
        {"identifier": given} if given else {}
    )

    take_in(composition)

    assert only("Composition")["identifier"] == given or {
        "value": "C",
        "use": "usual",
        "system": EPIC,
    }


def test_a_type_without_identifier_gets_none() -> None:
    take_in({"resourceType": "Binary", "id": "B", "contentType": "text/plain"})

    assert "identifier" not in only("Binary")


@pytest.mark.parametrize(
    ("version", "shown"), [("dstu2", None), ("stu3", None), ("r4", "1up-external-system:4706")]
)
def test_the_system_is_named_as_meta_source_in_r4_only(version: str, shown: str | None) -> None:
    take_in(observation(), source=hospital(version=version))

    assert only("Observation", version=version)["meta"].get("source") == shown


@pytest.mark.parametrize(
    ("url", "hashed"),
    [
        ("Binary/B1", f"{EPIC}/Binary/B1"),
        (f"{EPIC}/Binary/B1", f"{EPIC}/Binary/B1"),
        ("https://files.example.org/a.pdf", "https://files.example.org/a.pdf"),
    ],
)
def test_an_attachment_points_to_our_binary(url: str, hashed: str) -> None:
    attachment = {"contentType": "application/pdf", "url": url, "title": "Letter"}

    take_in(
        {"resourceType": "DocumentReference", "id": "D", "content": [{"attachment": attachment}]}
    )

    served = only("DocumentReference")["content"][0]["attachment"]
    assert served.pop("url").endswith(f"/fhir/dstu2/Binary/{short_id(hashed)}")
    assert served == {"contentType": "application/pdf", "title": "Letter"}


@pytest.mark.parametrize(
    ("version", "member"), [("dstu2", "content"), ("stu3", "content"), ("r4", "data")]
)
@pytest.mark.parametrize("sent", ["content", "data"])
def test_a_binary_has_its_bytes_where_the_version_has_them(
    version: str, member: str, sent: str
) -> None:
    url = "https://files.example.org/a.pdf"

    take_in({"resourceType": "Binary", "id": url, sent: "AAAA"}, source=hospital(version=version))

    body = only("Binary", version=version)
    assert (body["id"], body[member]) == (short_id(url), "AAAA")


def test_clinical_narrative_is_kept_and_none_is_invented() -> None:
    text = {"status": "generated", "div": "<div>x</div>"}

    take_in(
        observation(text=text), {"resourceType": "Patient", "id": "P1", "name": [{"family": ["X"]}]}
    )

    assert only("Observation")["text"] == text
    assert "text" not in only("Patient")
