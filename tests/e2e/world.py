"""A Careweave in use, for looking at its pages: a developer whose people are connected, stale,
parked or not connected yet, and a developer who has only just signed up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from config import demo_app
from tests.contract.api import App, User, wait_for
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

HOSPITAL, WEARABLE = 4706, 4709
NEWCOMER, PASSWORD = "newcomer@example.org", "correct horse battery"


@dataclass(frozen=True, kw_only=True)
class World:
    """What pages are opened with; `values` fill the gaps of their addresses."""

    base: str
    sandbox: str
    email: str
    password: str
    values: dict[str, str]


def build(stack: Stack) -> World:
    """Fill a fresh stack over its own HTTP interfaces."""
    app = App(stack.base_url, stack.client_id, stack.client_secret)
    connected, parked = app.user("sample-014"), app.user("sample-009")
    app.user("sample-040")
    _connect(stack, connected, "clinical", HOSPITAL, ("fhirjason", "epicepic1"))
    _connect(stack, connected, "device", WEARABLE, ("demo", "demo"))
    _connect(stack, parked, "clinical", HOSPITAL, ("fhiremma+revoked", "epicepic1"))
    wait_for(
        lambda: all(row["status"] == "connected" for row in _connections(connected)),
        seconds=90,
        what="both connections have data",
    )
    wait_for(
        lambda: all(row["status"] != "pending" for row in _connections(parked)),
        seconds=90,
        what="the refused connection has been tried",
    )
    sign_up(stack)
    first = _connections(connected)[0]
    return World(
        base=stack.base_url,
        sandbox=stack.sandbox_url,
        email=demo_app.EMAIL,
        password=stack.password,
        values={
            "app": stack.client_id[:12],
            "client_id": stack.client_id,
            "user": str(connected.number),
            "parked_user": str(parked.number),
            "connection": str(first["id"]),
            "parked_connection": str(_connections(parked)[0]["id"]),
            "token": connected.access_token,
            "hospital": str(HOSPITAL),
            "wearable": str(WEARABLE),
        },
    )


def sign_up(stack: Stack, *, email: str = NEWCOMER) -> None:
    """A new developer: signs up, follows the link that the demo shows, confirms."""
    browser = Browser(stop_at=stack.redirect_uri)
    browser.open(f"{stack.base_url}/accounts/signup").submit(email=email, password1=PASSWORD)
    link = re.search(r'href="([^"]*/accounts/confirm-email/[^"]+)"', browser.text)
    assert link, f"no confirmation link on {browser.url}"
    browser.open(unescape(link[1])).submit()
    assert browser.url.startswith(f"{stack.base_url}/console"), browser.url


def _connections(user: User) -> list[dict[str, str]]:
    return list(user.get("/connect/api/connections").json()["entry"])


def _connect(stack: Stack, user: User, kind: str, system: int, account: tuple[str, str]) -> None:
    browser = Browser(stop_at=stack.redirect_uri)
    browser.open(user.connect_url(kind, system)).sign_in(*account)
    assert "success=true" in browser.url, browser.url.split("?")[0]
