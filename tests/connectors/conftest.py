"""A source on loopback, the sandbox, Alice's browser, and the dance between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts import clock
from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.catalog.add import add_system
from connectors.models import CLINICAL, Connection, System
from tests.connectors.sandbox_process import sandbox_process
from tests.connectors.source import Source

PAGE = "text/html,application/xhtml+xml"


@pytest.fixture
def pass_time(db: None) -> Iterator[Callable[[timedelta], None]]:
    """Moves the clock of the demo forward."""
    clock.forget()
    yield lambda by: clock.advance(seconds=int(by.total_seconds()))
    clock.forget()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox as a process of its own."""
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as base:
        yield base


@pytest.fixture
def source() -> Iterator[Source]:
    running = Source()
    yield running
    running.close()


@pytest.fixture
def clinic(db: None, source: Source) -> System:
    """The source in the catalogue, with credentials."""
    return add_system(
        kind=CLINICAL,
        name="Lakeside Clinic",
        platform="generic",
        base=source.base,
        fhir_version="r4",
        client_id="careweave",
        client_secret="clinic-secret",
    )


@pytest.fixture
def browser() -> Client:
    """A person's browser."""
    return Client(headers={"accept": PAGE})


@pytest.fixture
def start_url(clinic: System, dana_app: NewClient, alice_token: str) -> str:
    """Alice's connect link to the clinic, as her app makes it."""
    query = f"client_id={dana_app.client_id}&access_token={alice_token}"
    return f"/connect/system/clinical/{clinic.pk}?{query}"


def state_of(response: Any) -> str:
    """Our state in the redirect to the source."""
    assert response.status_code == 302, response.content
    return str(parse_qs(urlsplit(response["Location"]).query)["state"][0])


def come_back(browser: Client, state: str, **query: str) -> Any:
    """The source sends the browser back."""
    answered = query or {"code": "a-code"}
    return browser.get("/connect/callback", {**answered, "state": state})


@pytest.fixture
def connection(browser: Client, start_url: str, alice: AppUser) -> Connection:
    """Alice's connection to the clinic, made by the dance."""
    come_back(browser, state_of(browser.get(start_url)))
    return Connection.objects.select_related("system").get(app_user=alice)
