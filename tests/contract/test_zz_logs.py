"""After all other contract tests of this worker: not one secret that occurred stands in what the
processes printed or logged."""

from __future__ import annotations

import pytest

from tests.contract.api import App
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")


def test_no_secret_is_in_any_log(stack: Stack, app: App, second_app: App) -> None:
    person = app.user("logged")
    browser = Browser(stop_at=stack.redirect_uri)
    browser.open(person.connect_url("clinical", 4706)).sign_in("fhirjason", "epicepic1")
    person.get(f"/fhir/dstu2/Patient?access_token={person.access_token}")
    app.call("GET", "/healthz?client_secret=" + app.client_secret)
    seen = {*app.secrets, *second_app.secrets, *stack.secrets(), person.access_token, "epicepic1"}
    for address in browser.visited:
        for part in address.split("?", 1)[-1].split("&"):
            name, _, value = part.partition("=")
            if name in ("code", "state", "access_token", "client_secret") and len(value) > 8:
                seen.add(value)
    logs = stack.logs()
    assert len(logs) > 1000
    assert len(seen) > 10
    assert [secret[:4] + "…" for secret in seen if secret in logs] == []
