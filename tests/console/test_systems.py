"""Health systems: found by name, place and id, and each one's page."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.catalog.load import load_catalogue
from connectors.models import CLINICAL, Connection, System
from console.applications import slug_of
from console.queries.systems import ALL, HOSPITALS, MISSING, WEARABLES, systems_page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    load_catalogue(sandbox_url="http://127.0.0.1:9")


def found(query: str, kind: str = ALL) -> set[int]:
    return {row.pk for row in systems_page(query=query, kind=kind, offset=0).systems}


@pytest.mark.parametrize(
    ("query", "kind", "some", "none"),
    [
        ("", ALL, 4706, 0),
        ("epic", ALL, 4706, 4709),
        ("EPIC verona", ALL, 4706, 4709),
        ("53593", ALL, 4706, 4707),
        ("4709", ALL, 4709, 4706),
        ("", HOSPITALS, 4706, 4709),
        ("", WEARABLES, 4709, 4706),
        ("", MISSING, 900_003, 4706),
        ("fitbit", HOSPITALS, 0, 4709),
        ("100%", ALL, 0, 4706),
        ("\x00'; drop table", ALL, 0, 4706),
    ],
)
def test_searching(query: str, kind: str, some: int, none: int) -> None:
    ids = found(query, kind)
    assert not some or some in ids
    assert none not in ids


def test_pages_of_fifty() -> None:
    System.objects.bulk_create(
        System(id=2_000_000 + n, kind=CLINICAL, name=f"Row {n:03}", resource_url="https://x")
        for n in range(120)
    )
    first = systems_page(query="row", kind=ALL, offset=0)
    assert (len(first.systems), first.found, first.more) == (50, 120, True)
    last = systems_page(query="row", kind=ALL, offset=100)
    assert (len(last.systems), last.start, last.more) == (20, 101, False)


def test_the_list_links_every_system_and_says_its_state(browser: Client) -> None:
    page = browser.get("/console/systems").content.decode()
    assert 'href="/console/systems/4706"' in page
    assert "No connector yet" in page
    assert "1 to 22 of 22" in page
    part = browser.get("/console/systems?q=epic", headers={"HX-Target": "found"}).content.decode()
    assert part.lstrip().startswith('<div id="found">')
    assert 'role="status"' in part
    assert "Fitbit" not in part


def test_no_hit_offers_the_way_back(browser: Client) -> None:
    page = browser.get("/console/systems?q=<nowhere>").content.decode()
    assert "“&lt;nowhere&gt;”" in page
    assert "Clear the filter" in page


def test_a_systems_page_counts_the_developers_own_connections(
    browser: Client,
    dana_app: NewClient,
    alice: AppUser,
    mallory_user: AppUser,
    now: datetime,
) -> None:
    for user in (alice, mallory_user):
        Connection.objects.create(
            public_id=f"c_{user.pk}",
            app_user=user,
            system_id=4706,
            base="https://h.example",
            iss="https://h.example",
            account="A",
            status=Connection.CONNECTED,
            connected_at=now,
            last_success_at=now,
            next_sync_at=now,
        )
    page = browser.get("/console/systems/4706").content.decode()
    url = reverse("console:connections", args=(slug_of(dana_app.application),))
    assert f'href="{url}">1<' in page
    assert "Mallory" not in page
    assert "AllergyIntolerance" in page
    assert "Answered" in page


def test_a_wearable_says_its_measures(browser: Client) -> None:
    page = browser.get("/console/systems/4709").content.decode()
    assert ">Steps</span>" in page
    assert "/connect/system/device/4709" in page


@pytest.mark.parametrize("system", [1, 99_999_999])
def test_an_unknown_or_disabled_system_is_not_found(browser: Client, system: int) -> None:
    System.objects.create(
        id=99_999_999, kind=CLINICAL, name="Off", resource_url="https://x", enabled=False
    )
    assert browser.get(f"/console/systems/{system}").status_code == 404


def test_no_address_shows_a_systems_secret(browser: Client) -> None:
    for path in ("/console/systems", "/console/systems/4706"):
        assert "sandbox-secret" not in browser.get(path).content.decode()
