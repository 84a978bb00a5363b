"""Replay I of wire contract 20: an app that reads with its token in the query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.api import App, User
from tests.contract.journey import AT_EPIC

pytestmark = pytest.mark.xdist_group("contract")

PATIENT = "f8fedcd9e6e5"
DSTU2_TYPES = {
    "Patient",
    "Practitioner",
    "AllergyIntolerance",
    "MedicationOrder",
    "MedicationStatement",
    "Condition",
    "Observation",
    "FamilyMemberHistory",
    "DiagnosticReport",
    "Immunization",
    "Encounter",
    "CarePlan",
    "Goal",
    "Procedure",
    "Device",
    "DocumentReference",
    "Binary",
    "Appointment",
}  # wire contract 12.1


def test_1_a_token_lives_for_a_number_of_seconds(app: App, at_epic: User) -> None:
    code = app.call(
        "POST",
        "/user-management/v1/user/auth-code",
        params={"app_user_id": AT_EPIC, **app.credentials},
    ).json()["code"]
    lives = timedelta(seconds=app.token(code)["expires_in"])
    assert datetime.now(UTC) + lives > datetime.now(UTC) + timedelta(minutes=5)


def test_2_a_token_in_the_query_reads(app: App, at_epic: User) -> None:
    path = f"/fhir/dstu2/Patient/{PATIENT}?access_token={at_epic.access_token}"
    answer = app.call("GET", path)
    assert "Authorization" not in answer.request.headers
    assert answer.json()["resourceType"] == "Patient"
    assert answer.json()["id"] == PATIENT


def test_3_everything_of_the_hospital_is_of_known_types(at_epic: User) -> None:
    read = f"/fhir/dstu2/Patient/{PATIENT}/$everything"
    total = at_epic.get(f"{read}?_skip=0").json()["total"]
    assert total > 10
    for skip in range(0, total, 10):
        page = at_epic.get(f"{read}?_skip={skip}").json()
        assert page["total"] >= total
        assert {entry["resource"]["resourceType"] for entry in page["entry"]} <= DSTU2_TYPES
