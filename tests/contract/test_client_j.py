"""Replay J of wire contract 20: a library that compares values, on a server with the legacy
settings. Its POSTs carry JSON bodies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import App, User
from tests.contract.journey import EPIC_LOGIN, WILMA_SMART_LOGIN, data_has_arrived, sign_in
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("legacy")

WHO = "compared"


@pytest.fixture(scope="module")
def made(legacy_app: App) -> dict[str, Any]:
    return _json(legacy_app, "/user-management/v1/user", app_user_id=WHO)


@pytest.fixture(scope="module")
def token(legacy_app: App, made: dict[str, Any]) -> dict[str, Any]:
    return _json(
        legacy_app, "/fhir/oauth2/token", code=made["code"], grant_type="authorization_code"
    )


@pytest.fixture(scope="module")
def refreshed(legacy_app: App, token: dict[str, Any]) -> dict[str, Any]:
    refresh = token["refresh_token"]
    return _json(
        legacy_app, "/fhir/oauth2/token", refresh_token=refresh, grant_type="refresh_token"
    )


@pytest.fixture(scope="module")
def person(legacy_app: App, made: dict[str, Any], refreshed: dict[str, Any]) -> User:
    return User(legacy_app, made["oneup_user_id"], refreshed["access_token"])


@pytest.fixture(scope="module")
def written(person: User) -> dict[str, Any]:
    body = {"resourceType": "Patient", "id": "123", "gender": "female"}
    answer = person.app.call("POST", "/fhir/dstu2/Patient", json=body, headers=person.bearer)
    return dict(answer.json())


@pytest.fixture(scope="module")
def connected(legacy_stack: Stack, person: User) -> User:
    for system, login in ((4706, EPIC_LOGIN), (4707, WILMA_SMART_LOGIN)):
        url = person.connect_url("clinical", system)
        assert "success=true" in sign_in(url, login, stop_at=legacy_stack.redirect_uri)
    data_has_arrived(person)
    return person


def test_1_a_user(made: dict[str, Any]) -> None:
    assert made["success"] is True
    assert made["code"]


def test_2_tokens_are_of_the_old_style(token: dict[str, Any], refreshed: dict[str, Any]) -> None:
    for answer in (token, refreshed):
        assert answer["token_type"] == "bearer"
        assert answer["expires_in"] == 7200


def test_3_an_id_is_hashed_and_a_read_equals_the_write(
    person: User, written: dict[str, Any]
) -> None:
    assert written["resourceType"] == "Patient"
    assert written["id"] == "a665a4592042"
    assert written["gender"] == "female"
    assert written["meta"]["versionId"] == "9000000000000"
    assert written["meta"]["lastUpdated"]
    assert person.get(f"/fhir/dstu2/Patient/{written['id']}").json() == written


def test_4_two_hospitals_are_several_patients(connected: User) -> None:
    assert connected.get("/fhir/dstu2/Patient").json()["total"] > 1


def test_5_systems_have_seven_keys(legacy_app: App) -> None:
    keys = f"client_id={legacy_app.client_id}&client_secret={legacy_app.client_secret}"
    systems = legacy_app.call("GET", f"/connect/system/clinical?{keys}").json()
    assert systems
    for system in systems:
        assert sorted(system) == [
            "api_version",
            "id",
            "locations",
            "logo",
            "name",
            "resource_url",
            "status",
        ]


def test_6_systems_are_found_by_their_id(person: User) -> None:
    found = person.app.call(
        "POST", "/api/search", json={"query": "saltzer"}, headers=person.bearer
    ).json()
    assert found["systemList"]["5153"]


def test_7_patients_are_exported(connected: User) -> None:
    answer = connected.get("/bulk-data/dstu2/$export?_type=Patient").json()
    assert answer["output"]
    for file in answer["output"]:
        assert file["type"] == "Patient"
        assert connected.get(file["url"]).status_code == 200


def _json(app: App, path: str, **fields: str) -> dict[str, Any]:
    return dict(app.call("POST", path, json={**app.credentials, **fields}).json())
