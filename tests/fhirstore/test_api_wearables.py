"""Wearable data and imported documents as apps read them (wire contract 12.6, 14)."""

from __future__ import annotations

import base64

import pytest

from tests.fhirstore.fhir_client import Fhir, ids
from tests.fhirstore.store import hospital, take_in, wearable
from tests.fhirstore.test_wearables import DEVICE, steps

VERSIONS = ("dstu2", "stu3", "r4")
OLD_CATEGORY = "http://hl7.org/fhir/observation-category"
R4_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture
def worn(fhir: Fhir) -> Fhir:
    """Alice with a day of steps."""
    take_in(DEVICE, steps(), source=wearable(), owner=fhir.owner, now=fhir.now)
    return fhir


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "query, found",
    [
        ("code=66334-4", True),
        ("code=http://loinc.org|66334-4", True),
        ("code=8867-4", False),
        ("category=activity", True),
        ("category={category}|activity", True),
        ("category={category}|", True),
        ("code={category}|", False),
        ("code=http://loinc.org|", True),
        ("date=ge2018-05-01", True),
        ("date=gt2018-05-02", False),
        ("date=2018-05-01", True),  # the day as its wearer's clock showed it
        ("date=2018-04-30", False),
        ("date=2018-05-02", False),
        ("date=ge2018-05-01&date=le2018-05-01", True),
        ("date=le2018-04-30", False),
        ("date=2018-05-01T08:00:00Z", False),
        ("date=2018", True),
        ("device=Device/{device}", True),
        ("device={device}", True),
        ("patient={patient}", True),
        ("subject=Patient/{patient}", True),
        ("", True),
    ],
)
def test_steps_are_found_in_every_version(
    worn: Fhir, version: str, query: str, found: bool
) -> None:
    (device,) = ids(worn.get(f"/{version}/Device"))
    (patient,) = ids(worn.get(f"/{version}/Patient"))
    category = R4_CATEGORY if version == "r4" else OLD_CATEGORY
    asked = query.format(device=device, patient=patient, category=category)
    bundle = worn.get(f"/fhir/{version}/Observation?{asked}")
    assert bundle["total"] == int(found)
    for entry in bundle["entry"]:
        shown = entry["resource"]["category"]
        coding = (shown if version == "dstu2" else shown[0])["coding"][0]
        assert coding["system"] == category
        assert worn.get(entry["fullUrl"]) == entry["resource"]


def test_the_reading_is_the_same_one_in_every_version(worn: Fhir) -> None:
    shown = [worn.get(f"/{v}/Observation")["entry"][0]["resource"] for v in VERSIONS]
    assert len({r["id"] for r in shown}) == 1
    assert len({r["meta"]["versionId"] + r["meta"]["lastUpdated"] for r in shown}) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_holds_the_patient_its_device_and_readings(worn: Fhir, version: str) -> None:
    (patient,) = ids(worn.get(f"/{version}/Patient"))
    bundle = worn.get(f"/{version}/Patient/{patient}/$everything")
    types = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert types[0] == "Patient"
    assert sorted(types[1:]) == ["Device", "Observation"]
    assert all(entry["resource"]["text"]["div"] for entry in bundle["entry"][:1])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reading_can_be_deleted_but_not_changed(worn: Fhir, version: str) -> None:
    (reading,) = ids(worn.get(f"/{version}/Observation"))
    body = {"resourceType": "Observation", "id": reading}
    worn.put(f"/{version}/Observation/{reading}", body, expect=422)
    worn.post(f"/{version}/Observation", body, expect=422)
    worn.delete(f"/{version}/Observation/{reading}")
    for other in VERSIONS:
        assert worn.get(f"/{other}/Observation")["total"] == 0
        worn.get(f"/{other}/Observation/{reading}", expect=410)


def test_purging_one_version_takes_all_wearable_data(worn: Fhir) -> None:
    worn.delete("/stu3/purge")
    assert [worn.get(f"/{v}/Observation")["total"] for v in VERSIONS] == [0, 0, 0]


@pytest.mark.parametrize(
    "version, member", [("dstu2", "content"), ("stu3", "content"), ("r4", "data")]
)
def test_a_document_is_read_at_the_url_of_its_attachment(
    fhir: Fhir, version: str, member: str
) -> None:
    text = base64.b64encode(b"hello").decode()
    document = {
        "resourceType": "DocumentReference",
        "id": "D1",
        "subject": {"reference": "Patient/P1"},
        "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/B1"}}],
    }
    binary = {"resourceType": "Binary", "id": "B1", "contentType": "text/plain", member: text}
    patient = {"resourceType": "Patient", "id": "P1"}
    source = hospital(version=version)
    take_in(patient, document, binary, source=source, owner=fhir.owner, now=fhir.now)
    found = fhir.get(f"/{version}/DocumentReference")["entry"][0]["resource"]
    attachment = found["content"][0]["attachment"]
    assert attachment["url"].startswith("http://127.0.0.1:8000/")
    read = fhir.get(attachment["url"])
    assert (read["contentType"], read[member]) == ("text/plain", text)
    assert read["meta"]["lastUpdated"].endswith("Z")
