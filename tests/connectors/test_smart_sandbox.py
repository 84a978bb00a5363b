"""The whole record of a sandbox patient, over HTTP, as the run command's processes do it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from pytest_django import Settings

from accounts.models import AppUser
from connectors.catalog.load import load_catalogue
from connectors.models import Connection, System
from tests.connectors.runs import run
from tests.connectors.sandbox_process import connected

JASON = "Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB"
EPIC = "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"


@pytest.fixture
def hospital(address: str, settings: Settings, db: None) -> System:
    settings.SANDBOX, settings.SANDBOX_URL = True, address
    load_catalogue(sandbox_url=address)
    return System.objects.get(pk=4706)


@pytest.fixture
def jason(hospital: System, alice: AppUser, now: datetime) -> Connection:
    return connected(hospital, alice, username="fhirjason", password="epicepic1", now=now)


def test_the_grant_names_the_patient_and_the_accounts_own_base(jason: Connection) -> None:
    assert (jason.account, jason.base, jason.iss) == (JASON, EPIC, EPIC)


def test_everything_the_hospital_has_arrives_with_its_content(
    jason: Connection, now: datetime
) -> None:
    found = run(jason, now=now)
    assert (found.refused, found.problems) == ({}, [])
    served = _everything(jason)
    arrived = found.by_id()
    assert {name: arrived.get(name) for name in served} == served
    assert len(found.of("Observation")) > 20
    assert {"Practitioner", "Binary"} <= {r["resourceType"] for r in arrived.values()}
    assert len(found.resources) == len(arrived), "something came twice"


def test_a_second_run_is_cheap_and_brings_what_is_new(jason: Connection, now: datetime) -> None:
    first = run(jason, now=now)
    quiet = run(jason, now=now + timedelta(minutes=2), checkpoints=first.checkpoints)
    repeated = len([r for r in quiet.resources if b'"Patient"' not in r])
    assert repeated < len(first.resources) / 4
    _control(jason, "results", {"system": 4706, "account": "fhirjason"})
    third = run(jason, now=now + timedelta(minutes=4), checkpoints=quiet.checkpoints)
    assert {o["id"] for o in third.of("Observation")} - {o["id"] for o in first.of("Observation")}


def test_a_refused_type_leaves_the_others_whole(
    hospital: System, alice: AppUser, now: datetime
) -> None:
    other = connected(hospital, alice, username="fhirjason+403", password="epicepic1", now=now)
    found = run(other, now=now)
    assert set(found.refused) == {"Immunization"}
    assert len(found.of("Observation")) > 20
    assert found.of("Condition")


def test_an_expired_access_token_is_renewed_in_the_middle_of_a_run(
    hospital: System, alice: AppUser, now: datetime
) -> None:
    expired = connected(
        hospital, alice, username="fhirjason+expired", password="epicepic1", now=now
    )
    before = expired.token_generation
    assert run(expired, now=now).of("Observation")
    expired.refresh_from_db()
    assert expired.token_generation == before + 1


def _everything(connection: Connection) -> dict[str, Any]:
    """Every search of the hospital, asked without us."""
    base = connection.system.api_base
    headers = {"Authorization": f"Bearer {connection_token(connection)}"}
    statement = requests.get(f"{base}/metadata", timeout=20).json()
    found: dict[str, Any] = {}
    for row in statement["rest"][0]["resource"]:
        names = {p["name"] for p in row.get("searchParam", [])}
        if "patient" not in names or row["type"] == "Patient":
            continue
        query: dict[str, str] = {"patient": connection.account, "_count": "200"}
        bundle = requests.get(
            f"{base}/{row['type']}", params=query, headers=headers, timeout=20
        ).json()
        for entry in bundle.get("entry", []):
            resource = entry["resource"]
            found[f"{resource['resourceType']}/{resource.get('id')}"] = resource
    return found


def connection_token(connection: Connection) -> str:
    row = Connection.objects.get(pk=connection.pk)
    token: str = row.access_token.reveal()
    return token


def _control(connection: Connection, what: str, body: dict[str, Any]) -> None:
    address = connection.system.api_base.partition("/hospital")[0]
    answer = requests.post(f"{address}/control/{what}", json=body, timeout=20)
    assert answer.ok, answer.text
