"""Replay E of wire contract 20: a web app that knows its patient's id by heart and reads all pages
at once."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract.api import App, User
from tests.contract.bundles import Bundle, at_once, full_urls, unchanged
from tests.contract.journey import EPIC_LOGIN, data_has_arrived, sign_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

EVERYTHING = "/fhir/dstu2/Patient/f8fedcd9e6e5/$everything"


@pytest.fixture(scope="module")
def query(app: App) -> str:
    return f"app_user_id=hard-coded&client_id={app.client_id}&client_secret={app.client_secret}"


@pytest.fixture(scope="module")
def looked_for(app: App, query: str) -> dict[str, Any]:
    return dict(app.call("GET", f"/user-management/v1/user?{query}").json())


@pytest.fixture(scope="module")
def made_twice(app: App, query: str, looked_for: dict[str, Any]) -> list[requests.Response]:
    return [app.call("POST", f"/user-management/v1/user?{query}") for _ in range(2)]


@pytest.fixture(scope="module")
def new_code(app: App, query: str, made_twice: list[requests.Response]) -> dict[str, Any]:
    return dict(app.call("POST", f"/user-management/v1/user/auth-code?{query}").json())


@pytest.fixture(scope="module")
def token(app: App, query: str, new_code: dict[str, Any]) -> dict[str, Any]:
    query = f"{query}&code={new_code['code']}&grant_type=authorization_code"
    return dict(app.call("POST", f"/fhir/oauth2/token?{query}").json())


@pytest.fixture(scope="module")
def person(app: App, new_code: dict[str, Any], token: dict[str, Any]) -> User:
    return User(app, new_code["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def came_back_to(stack: Stack, person: User) -> str:
    return sign_in(person.connect_url("clinical", 4706), EPIC_LOGIN, stop_at=stack.redirect_uri)


@pytest.fixture(scope="module")
def connected(person: User, came_back_to: str) -> User:
    data_has_arrived(person)
    return person


def test_1_nobody_is_an_empty_list(looked_for: dict[str, Any]) -> None:
    assert len(looked_for["entry"]) == 0


def test_2_the_second_time_is_no_http_error(made_twice: list[requests.Response]) -> None:
    assert 200 <= made_twice[1].status_code < 300
    assert made_twice[1].json()["success"] is False


def test_3_a_code_and_a_token(new_code: dict[str, Any], token: dict[str, Any]) -> None:
    assert new_code["code"]
    assert token["access_token"]


def test_4_the_return_names_the_source(came_back_to: str) -> None:
    assert "?success=true&iss=https://open-ic.epic.com/FHIR/api/FHIR/DSTU2" in came_back_to


def test_5_the_known_patient_is_there(connected: User) -> None:
    first = connected.get(f"{EVERYTHING}?_skip=0").json()
    assert first["entry"]
    assert first["total"] > 10


def test_6_all_pages_at_once_are_everything_once(connected: User) -> None:
    def read() -> list[Bundle]:
        first = connected.get(f"{EVERYTHING}?_skip=0").json()
        rest = [f"{EVERYTHING}?_skip={skip}" for skip in range(10, first["total"], 10)]
        return [first, *at_once(lambda path: dict(connected.get(path).json()), rest)]

    found = unchanged(read)
    assert all(entry["resource"]["resourceType"] for page in found for entry in page["entry"])
    assert len(set(full_urls(found))) == len(full_urls(found)) == found[0]["total"]
