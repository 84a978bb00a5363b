"""Replay B of wire contract 20: a single-page app. Its POSTs carry JSON bodies, the user id is a
number, and it finds its way through pages by position."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from tests.contract.api import SECOND_APP_ROOT, App, User
from tests.contract.bundles import Bundle, full_urls, unchanged
from tests.contract.journey import WILMA_SMART_LOGIN, data_has_arrived, sign_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

WHO = 123456


@pytest.fixture(scope="module")
def made(second_app: App) -> dict[str, Any]:
    return _json(second_app, "/user-management/v1/user", app_user_id=WHO)


@pytest.fixture(scope="module")
def new_code(second_app: App, made: dict[str, Any]) -> dict[str, Any]:
    return _json(second_app, "/user-management/v1/user/auth-code", app_user_id=WHO)


@pytest.fixture(scope="module")
def token(second_app: App, new_code: dict[str, Any]) -> dict[str, Any]:
    return _json(
        second_app, "/fhir/oauth2/token", code=new_code["code"], grant_type="authorization_code"
    )


@pytest.fixture(scope="module")
def person(second_app: App, made: dict[str, Any], token: dict[str, Any]) -> User:
    return User(second_app, made["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def came_back_to(person: User) -> str:
    url = person.connect_url("clinical", 4707)
    return sign_in(url, WILMA_SMART_LOGIN, stop_at=SECOND_APP_ROOT)


@pytest.fixture(scope="module")
def patient(person: User, came_back_to: str) -> str:
    """The `fullUrl` of the first Patient."""
    data_has_arrived(person)
    return str(person.get("/fhir/dstu2/Patient").json()["entry"][0]["fullUrl"])


def test_1_a_number_names_the_user(made: dict[str, Any], new_code: dict[str, Any]) -> None:
    assert made["code"]
    assert new_code["code"]


def test_2_a_token_for_json(token: dict[str, Any]) -> None:
    assert token["access_token"]


def test_3_the_browser_is_sent_to_the_source(stack: Stack, person: User) -> None:
    answer = person.app.call("GET", person.connect_url("clinical", 4707), allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{stack.sandbox_url}/hospital/4707/")


def test_4_the_browser_returns_to_the_apps_root(came_back_to: str) -> None:
    assert came_back_to.startswith(f"{SECOND_APP_ROOT}?")
    assert parse_qs(urlsplit(came_back_to).query)["success"] == ["true"]


def test_5_the_full_url_is_absolute(patient: str) -> None:
    assert re.match(r"https?://[^/]+/", patient)


def test_6_the_first_page_has_two_links(person: User, patient: str) -> None:
    first = person.get(f"{patient}/$everything").json()
    assert first["entry"]
    assert first["total"] > len(first["entry"])
    assert len(first["link"]) == 2


def test_7_the_second_link_leads_on_to_the_end(person: User, patient: str) -> None:
    def by_position() -> list[Bundle]:
        found = [person.get(f"{patient}/$everything").json()]
        while "link" in found[-1]:
            url = found[-1]["link"][1]["url"]
            assert {name for name, _ in parse_qsl(urlsplit(url).query)} <= {"_skip"}
            found.append(person.get(url).json())
        return found

    found = unchanged(by_position)
    assert len(full_urls(found)) == found[0]["total"]


@pytest.mark.parametrize("position", ["", "?_skip=10", "?_skip=20", "?_skip=100"])
def test_8_a_page_back_is_ten_less(person: User, patient: str, position: str) -> None:
    def there_and_back() -> list[Bundle]:
        before = person.get(f"{patient}/$everything{position}").json()
        page = person.get(before["link"][1]["url"]).json()
        own = page["link"][0]["url"]
        back = re.sub(r"[0-9]+$", lambda digits: str(int(digits[0]) - 10), own)
        if not position:
            back = re.sub(r"\?_skip=[0-9]+", "", own)
        assert back != own
        answer = person.get(back)
        assert answer.status_code == 200
        return [before, page, answer.json()]

    before, page, again = unchanged(there_and_back)
    assert full_urls([again]) == full_urls([before]) != full_urls([page])


def _json(app: App, path: str, **fields: Any) -> dict[str, Any]:
    answer = app.call("POST", path, json={**app.credentials, **fields})
    assert 200 <= answer.status_code < 300, answer.text
    return dict(answer.json())
