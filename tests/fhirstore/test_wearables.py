"""Wearable rows: stored once, shown in three versions; the home Patient (wire contract 14)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fhirstore import erase, keys, writes
from fhirstore.counts import count_by_connection
from tests.fhirstore.store import (
    ALICE,
    EPIC,
    FITBIT,
    LATER,
    NOW,
    bodies,
    count,
    everything,
    hospital,
    only,
    take_in,
    under_key,
    wearable,
)

pytestmark = pytest.mark.django_db

VERSIONS = ("dstu2", "stu3", "r4")
R4_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
OLD_CATEGORY = "http://hl7.org/fhir/observation-category"


def steps(value: int = 8123, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "steps/2018-05-01",
        "status": "final",
        "text": {"status": "generated", "div": "<div>Steps</div>"},
        "category": [{"coding": [{"system": R4_CATEGORY, "code": "activity"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "66334-4"}], "text": "Steps"},
        "device": {"reference": "Device/account"},
        "effectivePeriod": {
            "start": "2018-05-01T00:00:00-04:00",
            "end": "2018-05-02T00:00:00-04:00",
        },
        "valueQuantity": {
            "value": value,
            "unit": "steps",
            "system": "http://unitsofmeasure.org",
            "code": "{steps}",
        },
        "interpretation": [{"text": "high"}],
        "note": [{"text": "walked"}],
    } | more


DEVICE = {
    "resourceType": "Device",
    "id": "account",
    "status": "active",
    "manufacturer": "Fitbit",
    "modelNumber": "Charge 6",
    "deviceName": [{"name": "Charge", "type": "user-friendly-name"}],
}


def test_a_reading_is_one_row_and_reads_the_same_in_three_versions() -> None:
    take_in(DEVICE, steps(), source=wearable())

    shown = {version: only("Observation", version=version) for version in VERSIONS}
    assert count("fhir_resource") == 3  # the Device, the Observation, the home Patient
    assert (
        len({(b["id"], b["meta"]["versionId"], b["meta"]["lastUpdated"]) for b in shown.values()})
        == 1
    )
    assert shown["r4"]["meta"]["source"] == "1up-external-system:4709"
    assert "source" not in shown["dstu2"]["meta"] | shown["stu3"]["meta"]
    assert [shown[v]["category"] for v in VERSIONS] == [
        {"coding": [{"system": OLD_CATEGORY, "code": "activity"}]},
        [{"coding": [{"system": OLD_CATEGORY, "code": "activity"}]}],
        [{"coding": [{"system": R4_CATEGORY, "code": "activity"}]}],
    ]
    assert [shown[v]["interpretation"] for v in VERSIONS] == [
        {"text": "high"},
        {"text": "high"},
        [{"text": "high"}],
    ]
    assert [shown["dstu2"]["comments"], shown["stu3"]["comment"]] == ["walked", "walked"]
    assert [name in shown["dstu2"] for name in ("note", "comment")] == [False, False]
    assert shown["r4"]["note"] == [{"text": "walked"}]
    for body in shown.values():
        assert body["identifier"] == [{"value": "steps/2018-05-01", "system": FITBIT}]
        assert body["subject"] == {"reference": "Patient/021e62465533"}
        assert body["device"]["reference"] == f"Device/{only('Device')['id']}"


def test_a_device_has_the_members_of_each_version() -> None:
    take_in(DEVICE, source=wearable())

    dstu2, stu3, r4 = (only("Device", version=version) for version in VERSIONS)
    assert (dstu2["model"], dstu2["type"], dstu2["status"]) == (
        "Charge 6",
        {"text": "Charge"},
        "available",
    )
    assert (stu3["model"], stu3["type"], stu3["status"]) == (
        "Charge 6",
        {"text": "Charge"},
        "active",
    )
    assert (r4["modelNumber"], r4["deviceName"][0]["name"]) == ("Charge 6", "Charge")
    assert "modelNumber" not in dstu2
    assert dstu2["patient"] == r4["patient"] == {"reference": "Patient/021e62465533"}


def test_components_and_digits_survive_in_every_version() -> None:
    raw = (
        b'{"resourceType":"Observation","id":"bp/1","component":[{"code":{"text":"s"},"valueQuantity":{"value":120.0},'
        b'"interpretation":[{"text":"high"}]}]}'
    )

    take_in(raw, source=wearable())

    for version, interpretation in (
        ("dstu2", None),
        ("stu3", {"text": "high"}),
        ("r4", [{"text": "high"}]),
    ):
        fid = only("Observation", version=version)["id"]
        stored = writes.read(owner=ALICE, version=version, rtype="Observation", fid=fid)
        assert b'"value":120.0' in stored.body
        assert (
            only("Observation", version=version)["component"][0].get("interpretation")
            == interpretation
        )


def test_unchanged_readings_write_nothing_and_a_later_count_is_a_new_version() -> None:
    take_in(DEVICE, steps(100, status="preliminary"), source=wearable())
    before = everything()
    take_in(DEVICE, steps(100, status="preliminary"), source=wearable(), now=LATER)
    assert everything() == before

    take_in(steps(200), source=wearable(), now=LATER)

    for version in VERSIONS:
        body = only("Observation", version=version)
        assert (body["valueQuantity"]["value"], body["meta"]["versionId"]) == (200, "9000000000001")


def test_a_final_value_that_changes_later_is_amended_and_stays_so() -> None:
    take_in(DEVICE, steps(8123), source=wearable())
    take_in(steps(8200), source=wearable(), now=LATER)
    assert {only("Observation", version=version)["status"] for version in VERSIONS} == {"amended"}

    assert take_in(steps(8200), source=wearable(), now=LATER).unchanged == 1
    take_in(steps(8200, code={"text": "Steps of the day"}), source=wearable(), now=LATER)
    assert only("Observation")["status"] == "amended"


def test_a_running_day_that_ends_is_final() -> None:
    take_in(DEVICE, steps(100, status="preliminary"), source=wearable())
    take_in(steps(8123), source=wearable(), now=LATER)
    assert only("Observation")["status"] == "final"


def test_the_index_finds_a_reading_in_each_versions_own_terms() -> None:
    take_in(DEVICE, steps(), source=wearable())
    fid = only("Observation")["id"]
    device = only("Device")["id"]

    for key in (
        keys.token_key("Observation", "code", "66334-4"),
        keys.token_key("Observation", "category", "ACTIVITY"),
        keys.system_code_key("Observation", "category", R4_CATEGORY, "activity"),
        keys.reference_key("Observation", "device", f"Device/{device}"),
        keys.reference_key("Observation", "subject", "Patient/021e62465533"),
        keys.compartment_key("Patient/021e62465533"),
    ):
        assert under_key(key, "Observation") == {fid}
    assert under_key(keys.compartment_key("Patient/021e62465533"), "Device") == {device}


def test_without_a_patient_one_is_made_and_shown_in_every_version() -> None:
    take_in(steps(), source=wearable())

    for version in VERSIONS:
        patient = only("Patient", version=version)
        assert patient["id"] == "021e62465533"
        assert patient["text"]["status"] == "generated"
        assert patient["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml">')
        assert patient["name"][0]["text"]


def test_the_patient_with_the_smallest_id_is_home_and_stays_it() -> None:
    for patient, version in (("P1", "stu3"), ("P2", "dstu2"), ("P3", "stu3")):
        take_in(_patient(patient), source=hospital(patient=patient, version=version))
    smallest = min(name.split("/")[1] for version in VERSIONS for name in bodies(version=version))

    take_in(steps(), source=wearable())
    take_in(_patient("P7"), _patient("P8"), _patient("P9"), source=hospital(), now=LATER)
    take_in(steps(9000), source=wearable(), now=LATER)

    for version in VERSIONS:
        assert only("Observation", version=version)["subject"]["reference"] == f"Patient/{smallest}"
        assert f"Patient/{smallest}" in bodies(version=version)


def _patient(ident: str = "P1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": ident,
        "name": [{"given": ["Ann"], "family": ["Lee"]}],
    } | more


def test_a_stand_in_bears_the_name_of_the_real_patient() -> None:
    take_in(_patient())

    take_in(steps(), source=wearable())

    assert [only("Patient", version=v)["name"][0].get("text") for v in VERSIONS] == [
        None,
        "Ann Lee",
        "Ann Lee",
    ]


def test_the_real_patient_takes_the_place_of_its_stand_in() -> None:
    take_in(_patient())
    take_in(steps(), source=wearable())

    take_in(_patient(gender="female"), source=hospital(version="stu3", connection=8), now=LATER)

    assert [only("Patient", version=v).get("gender") for v in VERSIONS] == [None, "female", None]
    assert only("Patient", version="stu3")["meta"]["versionId"] == "9000000000001"
    fid = only("Patient")["id"]
    assert under_key(keys.token_key("Patient", "gender", "female"), "Patient") == {fid}
    erase.erase_connection(owner=ALICE, connection=8)
    assert [only("Patient", version=v)["id"] for v in VERSIONS] == [fid] * 3


def test_an_app_may_put_the_real_patient_where_the_stand_in_was() -> None:
    take_in(steps(), source=wearable())
    body = {"resourceType": "Patient", "gender": "female"}

    writes.update(
        owner=ALICE, version="stu3", rtype="Patient", fid="021e62465533", body=body, now=LATER
    )
    take_in(steps(1), source=wearable(), now=LATER)

    assert [only("Patient", version=v).get("gender") for v in VERSIONS] == [None, "female", None]


def test_the_subject_still_resolves_after_the_hospital_is_disconnected() -> None:
    take_in(_patient())
    take_in(steps(), source=wearable())
    home = only("Patient")["id"]

    erase.erase_connection(owner=ALICE, connection=7)

    assert [only("Patient", version=v)["id"] for v in VERSIONS] == [home] * 3
    erase.erase_connection(owner=ALICE, connection=9)
    assert [bodies(version=v) for v in VERSIONS] == [{}] * 3
    assert (count("fhir_token"), count_by_connection(owners=[ALICE])) == (0, {})


def test_deleting_a_reading_removes_it_from_all_versions() -> None:
    take_in(steps(), source=wearable())
    fid = only("Observation")["id"]

    writes.delete(owner=ALICE, version="stu3", rtype="Observation", fid=fid, now=NOW)

    for version in VERSIONS:
        with pytest.raises(writes.Deleted):
            writes.read(owner=ALICE, version=version, rtype="Observation", fid=fid)
    assert take_in(steps(), source=wearable(), now=LATER).unchanged == 1


def test_apps_cannot_update_a_reading() -> None:
    take_in(steps(), source=wearable())
    fid = only("Observation")["id"]

    with pytest.raises(writes.ReadOnly):
        writes.update(
            owner=ALICE,
            version="dstu2",
            rtype="Observation",
            fid=fid,
            body={"resourceType": "Observation"},
            now=NOW,
        )


def test_purging_any_version_removes_all_wearable_data() -> None:
    take_in(_patient(), source=hospital(base=EPIC))
    take_in(DEVICE, steps(), source=wearable())

    erase.erase_owner(owner=ALICE, version="r4")

    assert [set(bodies(version=v)) for v in ("stu3", "r4")] == [set(), set()]
    assert len(bodies()) == 1


def test_two_accounts_of_one_user_do_not_mix() -> None:
    take_in(steps(), source=wearable())
    other = replace(wearable(connection=10), base="https://api.fitbit.com/user/ZZ")

    take_in(steps(5), source=other)

    assert count("fhir_resource") == 3
    assert {b["subject"]["reference"] for n, b in bodies().items() if "Observation" in n} == {
        "Patient/021e62465533"
    }
