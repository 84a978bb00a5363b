"""The sandbox page, against the sandbox's own process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from accounts import clock
from accounts.models import AppUser
from connectors.models import CLINICAL, Connection, System
from sync.models import Window
from tests.connectors.sandbox_process import sandbox_process

pytestmark = pytest.mark.django_db
JASON = {"system": "4706", "account": "fhirjason"}
PAGE = "/console/sandbox?system=4706&person=fhirjason"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as base:
        yield base


@pytest.fixture
def sandbox(running: str, settings: Settings) -> Iterator[str]:
    """The sandbox's address; its faults are off before and after."""
    settings.SANDBOX_URL, settings.SANDBOX = running, True
    yield running
    requests.delete(f"{running}/control/faults", timeout=10)


def faults(sandbox: str) -> list[tuple[int, str, str, int | None]]:
    told = requests.get(f"{sandbox}/control/faults", timeout=10).json()["faults"]
    return [(f["system"], f["account"], f["fault"], f["count"]) for f in told]


@pytest.mark.usefixtures("sandbox")
def test_every_account_is_listed_with_its_login(browser: Client) -> None:
    page = browser.get("/console/sandbox").content.decode()
    for account in ("fhirjason", "wilma_smart", "nancysmart", "BBUser29999", "demo"):
        assert f"<code>{account}</code>" in page
    person = browser.get("/console/sandbox?system=4748&person=BBUser29999").content.decode()
    assert "<code>PW29999!</code>" in person
    assert person.count('aria-current="true"') >= 1


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("query", ["?system=1&person=x", "?system=4706&person=nobody"])
def test_a_person_who_is_not_there_is_not_found(browser: Client, query: str) -> None:
    assert browser.get(f"/console/sandbox{query}").status_code == 404


def test_a_fault_is_switched_on_shown_and_off(browser: Client, sandbox: str) -> None:
    chosen = {**JASON, "fault": "503", "count": "3"}
    answer = browser.post("/console/sandbox/fault", chosen)
    assert answer["Location"] == f"{PAGE}#chosen"
    assert faults(sandbox) == [(4706, "fhirjason", "503", 3)]
    page = browser.get(PAGE).content.decode()
    assert "503, 3 calls" in page
    assert "fault on" in page
    browser.post("/console/sandbox/fault", {"system": "4709", "account": "demo", "fault": "429"})
    browser.post("/console/sandbox/clear", JASON)
    assert faults(sandbox) == [(4709, "demo", "429", None)]
    browser.post("/console/sandbox/clear")
    assert faults(sandbox) == []


def test_an_unknown_fault_is_refused_in_the_sandboxes_words(browser: Client, sandbox: str) -> None:
    answer = browser.post("/console/sandbox/fault", {**JASON, "fault": "flood"}, follow=True)
    assert "fault has to be one of" in answer.content.decode()
    assert faults(sandbox) == []


def test_a_new_lab_result(browser: Client, sandbox: str) -> None:
    def observations() -> int:
        told = requests.get(f"{sandbox}/control", params=JASON, timeout=10).json()
        return int(told["systems"][0]["accounts"][0]["counts"]["Observation"])

    before = observations()
    answer = browser.post("/console/sandbox/result", JASON, follow=True)
    assert "new lab result" in answer.content.decode()
    assert observations() == before + 1


def test_both_clocks_move_on_together(browser: Client, sandbox: str, now: datetime) -> None:
    def ahead() -> float:
        told = requests.get(f"{sandbox}/control/people", timeout=10).json()
        return float(told["ahead_seconds"])

    before = ahead()
    browser.post("/console/sandbox/clock", {**JASON, "step": "1d"})
    assert ahead() - before == pytest.approx(86_400, abs=1)
    assert clock.now() - now >= timedelta(days=1)
    clock.forget()


@pytest.mark.usefixtures("sandbox")
def test_a_production_servers_clock_does_not_move(
    browser: Client, settings: Settings, now: datetime
) -> None:
    settings.PRODUCTION, settings.ENVIRONMENT = True, "production"
    assert browser.post("/console/sandbox/clock", {"step": "1d"}).status_code == 404
    assert "+ 1 day" not in browser.get("/console/sandbox").content.decode()
    assert clock.now() - now < timedelta(hours=1)


@pytest.mark.usefixtures("sandbox")
def test_what_happened_follows_the_developers_own_connections(
    browser: Client, alice: AppUser, mallory_user: AppUser, now: datetime
) -> None:
    System.objects.create(id=4706, kind=CLINICAL, name="H", resource_url="https://h.example")
    subject = "Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB"
    for user, key in ((alice, "Observation"), (mallory_user, "Immunization")):
        row = Connection.objects.create(
            public_id=f"c_{user.pk}",
            app_user=user,
            system_id=4706,
            base="https://h.example",
            iss="https://h.example",
            account=subject,
            connected_at=now,
            next_sync_at=now,
        )
        Window.objects.create(
            connection=row,
            key=key,
            state=Window.FAILED,
            asked_to=now,
            first_at=now,
            last_at=now,
            error_code="source_unavailable",
            error_message="HTTP 503",
        )
    page = browser.get(PAGE).content.decode()
    assert "Observation: failed" in page
    assert "asked once, HTTP 503" in page
    assert "Immunization: failed" not in page


def test_a_sandbox_that_is_away_is_said_so(browser: Client, settings: Settings) -> None:
    settings.SANDBOX_URL, settings.SANDBOX = "http://127.0.0.1:9", True
    answer = browser.get("/console/sandbox")
    assert answer.status_code == 503
    assert "The sandbox does not answer" in answer.content.decode()
    words = browser.post("/console/sandbox/clear", JASON)["Location"]
    assert words.startswith("/console/sandbox?")


def test_a_server_without_sandbox_says_how_to_get_one(browser: Client, settings: Settings) -> None:
    settings.SANDBOX = False
    assert "SANDBOX=on" in browser.get("/console/sandbox").content.decode()
