"""Replay L of wire contract 20: an SDK-style client that sends everything in the query with a
Content-Type for a body it does not have (L1), and what two test suites look at (L2, L3)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract.api import App, User
from tests.contract.bundles import Bundle, full_urls, next_url, pages, unchanged
from tests.contract.journey import WILMA_LOGIN, data_has_arrived, sign_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

WHO = "sdk-user"
EVERYTHING = "Patient/e467f71f186f/$everything"
TYPES = ("Patient", "Observation", "Condition", "MedicationOrder", "ExplanationOfBenefit")


def sdk(app: App, method: str, path: str, token: str = "", **query: Any) -> requests.Response:
    """All parameters in the query, a Content-Type and no body; never refused."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = app.call(method, path, params=query, headers=headers, allow_redirects=False)
    assert answer.request.body is None
    assert answer.status_code not in (300, 301, 302, 401, 403), path
    if answer.headers["Content-Type"].startswith("application/json"):
        found = answer.json()
        assert not (isinstance(found, dict) and "error" in found), (path, found)
    return answer


# --- L1: the SDK ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(app: App) -> dict[str, Any]:
    query = {**app.credentials, "app_user_id": WHO, "active": "true"}
    return dict(sdk(app, "POST", "/user-management/v1/user", **query).json())


@pytest.fixture(scope="module")
def token(app: App, made: dict[str, Any]) -> dict[str, Any]:
    query = {**app.credentials, "app_user_id": WHO}
    code = sdk(app, "POST", "/user-management/v1/user/auth-code", **query).json()["code"]
    query = {**app.credentials, "code": code, "grant_type": "authorization_code"}
    return dict(sdk(app, "POST", "/fhir/oauth2/token", **query).json())


@pytest.fixture(scope="module")
def person(app: App, made: dict[str, Any], token: dict[str, Any]) -> User:
    return User(app, made["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def patients(app: App, person: User) -> dict[str, str]:
    """The id of a Patient of the person in each version, with an Observation beside it."""
    for version in ("dstu2", "stu3", "r4"):
        for body in (
            {"resourceType": "Patient", "id": f"sdk-{version}", "gender": "female"},
            {
                "resourceType": "Observation",
                "id": f"sdk-{version}-1",
                "status": "final",
                "code": {"text": "Pulse"},
                "subject": {"reference": f"Patient/sdk-{version}"},
            },
        ):
            path = f"/fhir/{version}/{body['resourceType']}"
            answer = app.call("POST", path, json=body, headers=person.bearer)
            assert answer.status_code in (200, 201), answer.text
    return {version: f"sdk-{version}" for version in ("dstu2", "stu3", "r4")}


def test_l1_1_users(app: App, made: dict[str, Any]) -> None:
    found = sdk(app, "GET", "/user-management/v1/user", **app.credentials, app_user_id=WHO).json()
    assert found["entry"][0]["oneup_user_id"] == made["oneup_user_id"]
    number = made["oneup_user_id"]
    query = {**app.credentials, "oneup_user_id": number, "app_user_id": WHO, "active": "true"}
    sdk(app, "PUT", "/user-management/v1/user", **query)


def test_l1_1_tokens_of_both_grants(app: App, token: dict[str, Any]) -> None:
    refresh = token["refresh_token"]
    query = {**app.credentials, "refresh_token": refresh, "grant_type": "refresh_token"}
    refreshed = sdk(app, "POST", "/fhir/oauth2/token", **query).json()
    assert token["access_token"]
    assert refreshed["access_token"]


def test_l1_2_lists_and_pages(app: App, person: User) -> None:
    at = person.access_token
    page = sdk(app, "GET", "/connect/marketplace", client_id=app.client_id, access_token=at)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "login-form" not in page.text
    sdk(app, "GET", "/connect/system/provider/search", token=at, q="general")
    sdk(app, "GET", "/connect/system/device", **app.credentials)
    sdk(app, "GET", "/connect/system/clinical", **app.credentials)


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_l1_3_searches_are_bundles(
    app: App, person: User, patients: dict[str, str], version: str
) -> None:
    for path in (*TYPES, f"Patient/{patients[version]}/$everything"):
        answer = sdk(app, "GET", f"/fhir/{version}/{path}", token=person.access_token)
        assert answer.json()["resourceType"] == "Bundle", path


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_l1_4_sight_is_given_and_taken(
    app: App, person: User, seer: User, patients: dict[str, str], version: str
) -> None:
    fid = patients[version]
    permission = f"/fhir/{version}/Patient/{fid}/_permission/{seer.number}"

    def seen() -> tuple[int, list[str]]:
        found = seer.get(f"/fhir/{version}/Observation").json()["entry"]
        read = seer.get(f"/fhir/{version}/Patient/{fid}")
        return read.status_code, [entry["resource"]["id"] for entry in found]

    assert seen() == (404, [])
    given = sdk(app, "PUT", permission, token=person.access_token)
    assert given.json()["success"] is True
    assert seen() == (200, [f"sdk-{version}-1"])
    taken = sdk(app, "DELETE", permission, token=person.access_token)
    assert taken.json()["success"] is True
    assert seen() == (404, [])


@pytest.fixture(scope="module")
def seer(app: App) -> User:
    return app.user("sdk-seer")


# --- L2: paging by position, doubled slashes ------------------------------------------------------


@pytest.fixture(scope="module")
def wilma(stack: Stack, app: App) -> tuple[User, str]:
    """The user with data of `wilmasmart`, and a refresh token."""
    app.create_user("wilma-of-l2")
    code = app.call(
        "POST",
        "//user-management/v1//user/auth-code",
        json={**app.credentials, "app_user_id": "wilma-of-l2"},
    ).json()
    form = {**app.credentials, "code": code["code"], "grant_type": "authorization_code"}
    token = app.call("POST", "//oauth2/token", data=form).json()
    person = User(app, code["oneup_user_id"], token["access_token"])
    url = person.connect_url("clinical", 4707)
    assert "success=true" in sign_in(url, WILMA_LOGIN, stop_at=stack.redirect_uri)
    data_has_arrived(person)
    return person, token["refresh_token"]


def _by_position(person: User) -> list[Bundle]:
    """All of the patient's pages by `_skip`, under the base without /fhir."""

    def read() -> list[Bundle]:
        found: list[Bundle] = []
        while not found or 10 * len(found) < found[0]["total"]:
            path = f"{person.app.base}//dstu2/{EVERYTHING}?_skip={10 * len(found)}"
            answer = person.get(path, allow_redirects=False)
            assert answer.status_code == 200
            found.append(answer.json())
        return found

    return unchanged(read)


def test_l2_pages_by_position_again_after_a_refresh(app: App, wilma: tuple[User, str]) -> None:
    person, refresh_token = wilma
    form = {**app.credentials, "refresh_token": refresh_token, "grant_type": "refresh_token"}
    refreshed = app.call("POST", "//oauth2/token", data=form).json()
    for token in (person.access_token, refreshed["access_token"]):
        found = _by_position(User(app, person.number, token))
        assert len(found) > 1
        assert all(len(page["entry"]) <= 10 for page in found)
        assert len(set(full_urls(found))) == len(full_urls(found))
        assert all(page["link"][1]["url"] for page in found[:-1])


# --- L3: paging by links --------------------------------------------------------------------------


def test_l3_pages_are_full_before_the_last(at_epic: User) -> None:
    found = pages(lambda url: dict(at_epic.get(url).json()), "/fhir/dstu2/Observation")
    assert len(found) > 1
    assert [len(page["entry"]) for page in found[:-1]] == [10] * (len(found) - 1)
    assert len(set(full_urls(found))) == len(full_urls(found)) == found[0]["total"]
    assert next_url(found[-1]) is None
