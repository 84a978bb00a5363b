"""Replay D of wire contract 20: a mobile app with cloud functions. Parameters ride in form bodies,
also on GET; data is read in DSTU2 and STU3."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import App, User
from tests.contract.bundles import next_url
from tests.contract.journey import MEDICARE_LOGIN, WILMA_SMART_LOGIN, data_has_arrived, sign_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

WHO = "cloud-function-user"
VERSIONS = ("dstu2", "stu3")


@pytest.fixture(scope="module")
def made(app: App) -> dict[str, Any]:
    return _form(app, "POST", "/user-management/v1/user")


@pytest.fixture(scope="module")
def new_code(app: App, made: dict[str, Any]) -> dict[str, Any]:
    return _form(app, "POST", "/user-management/v1/user/auth-code")


@pytest.fixture(scope="module")
def token(app: App, new_code: dict[str, Any]) -> dict[str, Any]:
    return _form(
        app,
        "POST",
        "/fhir/oauth2/token",
        code=new_code["code"],
        grant_type="authorization_code",
    )


@pytest.fixture(scope="module")
def person(app: App, made: dict[str, Any], token: dict[str, Any]) -> User:
    return User(app, made["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def found(person: User) -> list[dict[str, Any]]:
    answer = person.app.call(
        "POST", "/api/search?query=cerner&only_health_systems=true", headers=person.bearer
    )
    return list(answer.json())


@pytest.fixture(scope="module")
def patients(stack: Stack, person: User, found: list[dict[str, Any]]) -> dict[str, str]:
    """The id of the person's Patient in each version, after connecting a hospital that was found
    and Medicare."""
    for system, login in ((found[0]["id"], WILMA_SMART_LOGIN), (4748, MEDICARE_LOGIN)):
        url = person.connect_url("clinical", system)
        assert "success=true" in sign_in(url, login, stop_at=stack.redirect_uri)
    data_has_arrived(person)
    return {
        version: person.get(f"/fhir/{version}/Patient/").json()["entry"][0]["resource"]["id"]
        for version in VERSIONS
    }


def test_1_a_get_may_carry_a_form(app: App, made: dict[str, Any]) -> None:
    answer = app.call(
        "GET", "/user-management/v1/user", data={**app.credentials, "app_user_id": WHO}
    )
    assert answer.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert answer.status_code == 200
    assert [row["app_user_id"] for row in answer.json()["entry"]] == [WHO]


def test_2_the_user_and_a_code(made: dict[str, Any], new_code: dict[str, Any]) -> None:
    assert made["code"]
    assert made["oneup_user_id"]
    assert made["app_user_id"] == WHO
    assert new_code["code"]


def test_3_a_stray_field_does_not_matter(token: dict[str, Any]) -> None:
    assert token["access_token"]


def test_4_every_system_found_has_its_id(found: list[dict[str, Any]]) -> None:
    assert found
    assert all(system["id"] for system in found)


def test_5_the_browser_is_sent_to_the_source(person: User, found: list[dict[str, Any]]) -> None:
    url = person.connect_url("clinical", found[0]["id"])
    assert person.app.call("GET", url, allow_redirects=False).status_code == 302


@pytest.mark.parametrize("version", VERSIONS)
def test_6_a_trailing_slash_is_answered_in_place(
    person: User, patients: dict[str, str], version: str
) -> None:
    answer = person.get(f"/fhir/{version}/Patient/", allow_redirects=False)
    assert answer.status_code == 200
    assert answer.json()["entry"]


@pytest.mark.parametrize("version", VERSIONS)
def test_7_links_are_there_only_to_lead_on(
    person: User, patients: dict[str, str], version: str
) -> None:
    url: str | None = f"/fhir/{version}/Patient/{patients[version]}/$everything?_count=100"
    entries: list[Any] = []
    while url:
        bundle = person.get(url).json()
        entries += bundle["entry"]
        url = next_url(bundle)
        assert url or "link" not in bundle
    assert len(entries) > 25


def _form(app: App, method: str, path: str, **fields: str) -> dict[str, Any]:
    data = {**app.credentials, "app_user_id": WHO, **fields}
    return dict(app.call(method, path, data=data).json())
