"""Every known system leads to its simulator while the sandbox is on, and what a person has there
arrives whole: by number and by content, as the run command's processes do it.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.catalog.load import load_catalogue
from connectors.models import DEVICE, Connection, System
from connectors.registry import connector_for
from connectors.sandbox.hospital.directory import HOSPITALS
from tests.connectors.runs import Harvest, run
from tests.connectors.sandbox_process import connected

C = "https://fhir-myrecord.sandboxcerner.com/dstu2/0b8a0111-e8e6-4c26-a91c-5069cbc6b1ca"
L = "https://fhir-myrecord.cerner.com/dstu2/ec2458f2-1e24-41c8-b71b-0e701af7583d"
PEOPLE = [
    pytest.param(
        house.system, account.username, account.password, id=f"{house.system}-{account.username}"
    )
    for house in HOSPITALS
    for account in house.accounts
]


@pytest.fixture(autouse=True)
def catalogue(address: str, settings: Settings, db: None) -> None:
    settings.SANDBOX, settings.SANDBOX_URL = True, address
    load_catalogue(sandbox_url=address)


@pytest.mark.parametrize("number, username, password", PEOPLE)
def test_a_persons_record_arrives_whole(
    address: str, alice: AppUser, now: datetime, number: int, username: str, password: str
) -> None:
    system = System.objects.get(pk=number)
    connection = connected(system, alice, username=username, password=password, now=now)
    found = run(connection, now=now)
    assert (found.refused, found.problems) == ({}, [])
    arrived, served = found.by_id(), _served(connection)
    odd = {name.partition("/")[0] for name in arrived.keys() ^ served.keys()}
    assert odd <= {"Observation"}, "only the home monitor may have moved on"
    assert len(arrived.keys() ^ served.keys()) <= 2
    assert all(arrived[name] == served[name] for name in arrived.keys() & served.keys())
    assert len(found.resources) == len(arrived), "something came twice"
    assert len(found.of("Observation")) > 20
    counts = Counter(name.partition("/")[0] for name in served)
    told = _told(address, number, username)
    assert abs(told.pop("Observation") - counts.pop("Observation")) <= 1
    assert told == counts
    _every_document_has_its_bytes(found, system.fhir_version)


def _told(address: str, system: int, username: str) -> dict[str, int]:
    """How many of each type the sandbox itself says this person has."""
    query: dict[str, str] = {"system": str(system), "account": username}
    state = requests.get(f"{address}/control", params=query, timeout=20).json()
    counts: dict[str, int] = state["systems"][0]["accounts"][0]["counts"]
    return counts


def _served(connection: Connection) -> dict[str, Any]:
    """Everything the hospital gives, asked without our connector: every search, page by page, and
    what can only be read.
    """
    row = Connection.objects.get(pk=connection.pk)
    base, patient = connection.system.api_base, connection.account
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {row.access_token.reveal()}"
    found: dict[str, Any] = {}
    for offer in session.get(f"{base}/metadata", timeout=20).json()["rest"][0]["resource"]:
        names = {parameter["name"] for parameter in offer.get("searchParam", ())}
        anchor = "patient" if "patient" in names else "_id" if names else ""
        link = f"{base}/{offer['type']}?{anchor}={patient}&_count=200" if anchor else ""
        while link:
            bundle = session.get(link, timeout=20).json()
            for entry in bundle.get("entry", ()):
                found[f"{offer['type']}/{entry['resource'].get('id')}"] = entry["resource"]
            links = {each["relation"]: each["url"] for each in bundle["link"]}
            link = links.get("next", "")
    pending = _read_only(found.values())
    while pending:
        for name in pending:
            found[name] = session.get(f"{base}/{name}", timeout=20).json()
        pending = _read_only(found.values()) - found.keys()
    return found


def _read_only(resources: Iterable[Any]) -> set[str]:
    """Who and what resources refer to that no search finds."""
    text = json.dumps(list(resources))
    return set(re.findall(r'"((?:Practitioner|Organization|Location|Binary)/[^"/]+)"', text))


def _read(connection: Connection, name: str) -> Any:
    row = Connection.objects.get(pk=connection.pk)
    headers = {"Authorization": f"Bearer {row.access_token.reveal()}"}
    url = f"{connection.system.api_base}/{name}"
    return requests.get(url, headers=headers, timeout=20).json()


def _every_document_has_its_bytes(found: Harvest, version: str) -> None:
    arrived = found.by_id()
    for document in found.of("DocumentReference"):
        attachment = document["content"][0]["attachment"]
        binary = arrived[attachment["url"]]
        content = b64decode(binary["data" if version == "r4" else "content"])
        assert binary["contentType"] == attachment["contentType"]
        assert len(content) == attachment["size"]
        assert content.startswith((b"%PDF-1.4", b"<!doctype html>"))


@pytest.mark.parametrize(
    "username, patient, base",
    [
        ("wilma_smart", "4342008", C),
        ("timmy_smart", "4342012", C),
        ("joe_smart", "4342010", C),
        ("fredrick_smart", "4342011", C),
        ("clara_smart", "4704007", C),
        ("wilmasmart", "12724065", L),
        ("nancysmart", "12724066", L),
    ],
)
def test_both_bases_of_one_hospital(
    alice: AppUser, now: datetime, username: str, patient: str, base: str
) -> None:
    system = System.objects.get(pk=4707)
    row = connected(system, alice, username=username, password="Cerner01", now=now)
    assert (row.account, row.base, row.iss) == (patient, base, base)


@pytest.mark.parametrize(
    "username, name",
    [
        ("clara_smart", "Encounter/4623909"),
        ("clara_smart", "AllergyIntolerance/7655753"),
        ("timmy_smart", "Observation/M7021308"),
    ],
)
def test_the_ids_that_are_known_are_there(
    alice: AppUser, now: datetime, username: str, name: str
) -> None:
    system = System.objects.get(pk=4707)
    row = connected(system, alice, username=username, password="Cerner01", now=now)
    rtype, _, ident = name.partition("/")
    assert (_read(row, name)["resourceType"], _read(row, name)["id"]) == (rtype, ident)


def test_the_payer_has_coverage_and_claims(alice: AppUser, now: datetime) -> None:
    system = System.objects.get(pk=4748)
    row = connected(system, alice, username="BBUser29999", password="PW29999!", now=now)
    found = run(row, now=now)
    (coverage,) = found.of("Coverage")
    assert coverage["beneficiary"]["reference"] == f"Patient/{row.account}"
    claims = found.of("ExplanationOfBenefit")
    assert len(claims) > 20
    assert {claim["insurance"]["coverage"]["reference"] for claim in claims} == {
        f"Coverage/{coverage['id']}"
    }
    assert found.of("ReferralRequest")


def test_each_account_has_the_base_of_the_catalogue() -> None:
    """Where the catalogue's row and the token answer differ, public ids would too."""
    for house in HOSPITALS:
        row = System.objects.get(pk=house.system)
        assert row.fhir_version == house.renderer.version
        assert row.resource_url in {account.base for account in house.accounts}


def test_a_digit_that_was_measured_is_kept(alice: AppUser, now: datetime) -> None:
    system = System.objects.get(pk=900010)
    row = connected(system, alice, username="demo", password="demo", now=now)
    assert b'"value":0.90,' in run(row, now=now).text()


def _known_ids() -> list[Any]:
    clinical = [32, 4706, 4707, 4748, 4894, 5153, 11035, 11046, 11049, 11580, 900010]
    return [(number, "clinical") for number in clinical] + [(4709, "device"), (900002, "device")]


@pytest.mark.parametrize("number, kind", _known_ids())
def test_start_leads_to_the_simulators_sign_in(
    address: str, alice_token: str, dana_app: NewClient, number: int, kind: str
) -> None:
    answer = Client().get(
        f"/connect/system/{kind}/{number}",
        {"client_id": dana_app.client_id, "access_token": alice_token},
    )
    assert answer.status_code == 302
    assert answer["Location"].startswith(address)
    assert parse_qs(urlsplit(answer["Location"]).query)["response_type"] == ["code"]
    page = requests.get(answer["Location"], timeout=20)
    assert (page.status_code, "Do not enter real data." in page.text) == (200, True)


def test_a_vendor_without_a_connector_is_not_set_up() -> None:
    for system in System.objects.filter(kind=DEVICE).exclude(pk__in=(4709, 900002)):
        assert not system.configured
    for system in System.objects.exclude(client_id=""):
        assert connector_for(system.slug, system.kind).slug == system.slug
