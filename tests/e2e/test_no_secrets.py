"""After a whole life with real processes no log holds a secret: not of an app, a user, a vendor or
this installation; and no patient's data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.contract.api import App, User, wait_for
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("secrets")

VENDOR_TOKENS = """
import json
from connectors.models import Connection
print(json.dumps([token.reveal() for c in Connection.objects.all()
                  for token in (c.access_token, c.refresh_token) if token]))
"""
SECRET_PARAMETERS = {"code", "state", "access_token", "client_secret", "code_challenge"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


def addresses(browser: Browser) -> set[str]:
    """The secret parts of the addresses that a browser went through."""
    found: set[str] = set()
    for url in browser.visited:
        parts = urlsplit(url)
        found |= {value for name, value in parse_qsl(parts.query) if name in SECRET_PARAMETERS}
        if parts.path.startswith("/connect/session/"):
            found.add(parts.path.removeprefix("/connect/session/"))
    return found


def live(stack: Stack) -> set[str]:
    """Use everything that takes a secret, well and badly; answers the secrets that occurred."""
    app = App(stack.base_url, stack.client_id, stack.client_secret)
    made = app.create_user("alice@example.org")
    first = app.token(made["code"])
    second = app.call(
        "POST",
        "/oauth2/token",
        params={
            **app.credentials,
            "grant_type": "refresh_token",
            "refresh_token": first["refresh_token"],
        },
    ).json()
    secrets = app.secrets | {second["access_token"], second["refresh_token"]}
    alice = User(app, made["oneup_user_id"], second["access_token"])

    session = app.call(
        "POST",
        "/connect/session",
        json={**app.credentials, "app_user_id": "alice@example.org", "system_id": 4706},
    ).json()
    hospital = Browser(stop_at=stack.redirect_uri)
    hospital.open(session["url"]).sign_in("fhirjason", "epicepic1")
    wearable = Browser(stop_at=stack.redirect_uri)
    wearable.open(alice.connect_url("device", 4709)).sign_in("demo", "demo")
    secrets |= addresses(hospital) | addresses(wearable)
    for used in (hospital.visited[0], wearable.visited[0]):
        Browser(stop_at=stack.redirect_uri).open(used)
    wait_for(
        lambda: (
            {c["status"] for c in alice.get("/connect/api/connections").json()["entry"]}
            == {"connected"}
        ),
        seconds=90,
        what="both are connected",
    )
    for badly in (
        {"params": {"access_token": "wrong-but-secret-1"}},
        {"headers": {"Authorization": "Bearer wrong-but-secret-2"}},
        {"headers": {"client_id": app.client_id, "client_secret": "wrong-but-secret-3"}},
    ):
        answer = requests.get(f"{stack.base_url}/fhir/r4/Patient", timeout=10, **badly)  # type: ignore[arg-type]
        assert answer.status_code in (400, 401)
    for path in ("token", "revoke", "introspect"):
        form = {**app.credentials, "token": first["access_token"], "code": "wrong-but-secret-4"}
        app.call("POST", f"/oauth2/{path}", data=form)
    return secrets | {f"wrong-but-secret-{number}" for number in range(1, 5)}


def test_no_log_holds_a_secret_or_a_patients_data(stack: Stack) -> None:
    secrets = live(stack) | stack.secrets()
    vendor = json.loads(stack.manage("shell", "--no-imports", "-c", VENDOR_TOKENS))
    assert len(vendor) == 4
    patient = stack.sandbox_expected("4706", "fhirjason")["Patient"]
    family = [word for one in patient.values() for name in one["name"] for word in name["family"]]
    assert family
    stack.stop()
    logs = stack.logs()
    assert len(logs) > 1000
    # The run command shows the demo's own keys on purpose, and nothing else.
    announced = stack.announced().replace(stack.client_secret, "").replace(stack.password, "")
    assert [secret for secret in {*secrets, *vendor} if secret in logs + announced] == []
    assert [word for word in (*family, "epicepic1") if word in logs] == []
