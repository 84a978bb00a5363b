"""Replay G of wire contract 20: an app with odd requests. Every call carries the JSON body `{}`,
its real parameters ride in the query."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract.api import App, User
from tests.contract.browser import Browser

pytestmark = pytest.mark.xdist_group("contract")

WHO, PATIENT = "odd-requests", "odd-patient-1"


def odd(
    app: App, method: str, path: str, body: dict[str, str] | None = None, token: str = ""
) -> requests.Response:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return app.call(method, path, json=body or {}, headers=headers, allow_redirects=False)


@pytest.fixture(scope="module")
def new_code(app: App) -> dict[str, Any]:
    app.create_user(WHO)
    query = f"app_user_id={WHO}&client_id={app.client_id}&client_secret={app.client_secret}"
    return dict(odd(app, "POST", f"/user-management/v1/user/auth-code?{query}").json())


@pytest.fixture(scope="module")
def token(app: App, new_code: dict[str, Any]) -> dict[str, Any]:
    query = (
        f"client_id={app.client_id}&client_secret={app.client_secret}"
        f"&code={new_code['code']}&grant_type=authorization_code"
    )
    answer = odd(app, "POST", f"/fhir/oauth2/token?{query}")
    assert answer.request.body == b"{}"
    return dict(answer.json())


@pytest.fixture(scope="module")
def person(app: App, new_code: dict[str, Any], token: dict[str, Any]) -> User:
    return User(app, new_code["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def written(app: App, person: User) -> dict[str, Any]:
    body = {"resourceType": "Patient", "id": PATIENT, "gender": "female"}
    return dict(odd(app, "POST", "/fhir/dstu2/Patient", body, person.access_token).json())


def test_1_an_empty_object_is_no_body(new_code: dict[str, Any], token: dict[str, Any]) -> None:
    assert new_code["code"]
    assert token["access_token"]


def test_2_quick_connect_shows_a_page(app: App, person: User, browser: Browser) -> None:
    browser.open(f"{app.base}/connect/4706?access_token={person.access_token}")
    assert browser.status == 200
    assert "<html" in browser.text


def test_3_the_apps_own_id_is_kept(written: dict[str, Any]) -> None:
    assert written["id"] == PATIENT
    assert written["gender"] == "female"


def test_4_everything_in_the_query_is_just_the_patient(
    app: App, person: User, written: dict[str, Any]
) -> None:
    path = f"/fhir/dstu2/Patient/{PATIENT}?$everything"
    answer = odd(app, "GET", path, token=person.access_token)
    assert answer.request.url == f"{app.base}{path}"
    assert answer.json()["resourceType"] == "Patient"
    assert answer.json()["id"] == PATIENT
