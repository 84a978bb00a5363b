"""The made-up records: references resolve, facts explain each other, nothing is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from connectors.sandbox.hospital.directory import HOSPITALS, hospital
from connectors.sandbox.hospital.hospital import Hospital

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MOMENTS = (NOW, datetime(2019, 4, 20, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC))
PATIENTS = [
    pytest.param(house, patient, id=f"{house.system}-{patient[:6]}")
    for house in HOSPITALS
    for patient in house.records
]
every_patient = pytest.mark.parametrize("house, patient", PATIENTS)


def told(house: Hospital, patient: str, now: datetime = NOW) -> list[dict[str, Any]]:
    return _told(house.system, patient, now)


@cache
def _told(system: int, patient: str, now: datetime) -> list[dict[str, Any]]:
    house = hospital(system)
    assert house is not None
    return house.record(patient, now)


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


@every_patient
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_every_reference_leads_somewhere(house: Hospital, patient: str, now: datetime) -> None:
    resources = told(house, patient, now)
    names = {f"{r['resourceType']}/{r['id']}" for r in resources if "id" in r}
    wanted = {ref for r in resources for ref in references(r)}
    assert wanted - names == set()


@every_patient
def test_what_cannot_be_searched_is_referred_to(house: Hospital, patient: str) -> None:
    resources = told(house, patient)
    wanted = {ref for r in resources for ref in references(r)}
    wanted |= {
        content["attachment"]["url"] for r in resources for content in r.get("content", ())
        if isinstance(content, dict)
    }  # fmt: skip
    for resource in resources:
        if resource["resourceType"] in ("Practitioner", "Organization", "Location", "Binary"):
            assert f"{resource['resourceType']}/{resource['id']}" in wanted


@every_patient
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_ids_are_fhirs_and_used_once(house: Hospital, patient: str, now: datetime) -> None:
    ids = [(r["resourceType"], r["id"]) for r in told(house, patient, now) if "id" in r]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", id_) for _, id_ in ids)


@every_patient
def test_there_is_enough_of_everything(house: Hospital, patient: str) -> None:
    resources = told(house, patient)
    types = [r["resourceType"] for r in resources]
    assert len(resources) > 25
    assert types.count("Observation") > 20
    assert set(types) >= {
        "AllergyIntolerance", "Binary", "CarePlan", "Condition", "DiagnosticReport",
        "DocumentReference", "Encounter", "FamilyMemberHistory", "Goal", "Immunization",
        "MedicationStatement", "Patient", "Practitioner", "Procedure",
        "MedicationOrder" if house.renderer.version == "dstu2" else "MedicationRequest",
    }  # fmt: skip


@every_patient
def test_everything_has_narrative_and_every_name_its_text(house: Hospital, patient: str) -> None:
    for resource in told(house, patient):
        if resource["resourceType"] == "Binary":
            continue
        assert resource["text"]["status"] == "generated"
        assert resource["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml"><p>')
        if resource["resourceType"] == "Patient":
            assert all(name["text"] for name in resource["name"])


@every_patient
@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_nothing_is_known_before_it_happened(house: Hospital, patient: str, now: datetime) -> None:
    life = house.records[patient].life(now)
    assert all(visit.start + timedelta(minutes=visit.minutes) <= now for visit in life.visits)
    assert all(reading.filed <= now for reading in life.readings)
    assert all(report.filed <= now for report in life.reports)
    assert all(order.written <= now for order in life.prescriptions)


@every_patient
def test_what_was_told_once_stays(house: Hospital, patient: str) -> None:
    """A year later everything is still there, but for the monitor, which shows a day."""
    monitored = {
        r["id"] for r in told(house, patient)
        if "Sent by the home" in f"{r.get('comments')} {r.get('comment')} {r.get('note')}"
    }  # fmt: skip
    before = {
        (r["resourceType"], r.get("id"))
        for r in told(house, patient)
        if r.get("id") not in monitored
    }
    after = {
        (r["resourceType"], r.get("id")) for r in told(house, patient, NOW + timedelta(days=365))
    }
    assert before - after == set()
    assert len(after) > len(before)


@every_patient
def test_the_life_hangs_together(house: Hospital, patient: str) -> None:
    life = house.records[patient].life(NOW)
    born = life.person.born
    problems = {problem.key: problem for problem in life.problems}
    visits = {visit.key: visit for visit in life.visits}
    readings = {reading.key for reading in life.readings}
    assert all(born < problem.onset for problem in life.problems)
    for order in life.prescriptions:
        assert order.written.date() >= problems[order.problem].onset, order.key
        assert visits[order.visit].start.date() == order.written.date() or order.key in (
            "atorvastatin-20",  # the day after, when the laboratory had answered
        )
    for report in life.reports:
        assert set(report.readings) <= readings
        assert report.visit in visits
    for treatment in life.treatments:
        visit = visits[treatment.visit]
        end = visit.start + timedelta(minutes=visit.minutes)
        assert visit.start <= treatment.start <= end, treatment.key
        assert treatment.reason is None or treatment.reason in problems
    for document in life.documents:
        assert document.visit in visits
    for shot in life.shots:
        assert shot.visit is None or visits[shot.visit].start.date() == shot.at.date(), shot.key
