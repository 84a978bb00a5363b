"""Replay F of wire contract 20: an app that refreshes its tokens and tells a good token by what
quick connect answers."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract.api import App

pytestmark = pytest.mark.xdist_group("contract")


@pytest.fixture(scope="module")
def keys(app: App) -> str:
    return f"client_id={app.client_id}&client_secret={app.client_secret}"


@pytest.fixture(scope="module")
def looked_for(app: App, keys: str) -> dict[str, Any]:
    path = f"/user-management/v1/user?app_user_id=refreshing&{keys}"
    return dict(app.call("GET", path).json())


@pytest.fixture(scope="module")
def made(app: App, keys: str, looked_for: dict[str, Any]) -> dict[str, Any]:
    path = f"/user-management/v1/user?app_user_id=refreshing&{keys}"
    return dict(app.call("POST", path).json())


@pytest.fixture(scope="module")
def token(app: App, keys: str, made: dict[str, Any]) -> dict[str, Any]:
    return dict(_token(app, keys, f"code={made['code']}&grant_type=authorization_code").json())


@pytest.fixture(scope="module")
def refreshed(app: App, keys: str, token: dict[str, Any]) -> dict[str, Any]:
    grant = f"refresh_token={token['refresh_token']}&grant_type=refresh_token"
    return dict(_token(app, keys, grant).json())


def test_1_the_user_is_looked_for_and_made(
    looked_for: dict[str, Any], made: dict[str, Any]
) -> None:
    assert len(looked_for["entry"]) == 0
    assert made["code"]
    assert made["oneup_user_id"]


def test_2_a_used_code_is_invalid_to_the_letter(
    app: App, keys: str, made: dict[str, Any], token: dict[str, Any]
) -> None:
    again = _token(app, keys, f"code={made['code']}&grant_type=authorization_code")
    assert again.json()["error_description"] == "Invalid code"


def test_3_a_token_lives_for_a_number(token: dict[str, Any]) -> None:
    assert token["access_token"]
    assert token["refresh_token"]
    assert isinstance(token["expires_in"], int)


def test_4_a_refresh_brings_new_values(token: dict[str, Any], refreshed: dict[str, Any]) -> None:
    assert isinstance(refreshed["expires_in"], int)
    for name in ("access_token", "refresh_token"):
        assert refreshed[name]
        assert refreshed[name] != token[name]


def test_5_quick_connect_is_json_for_a_bad_token_only(app: App, refreshed: dict[str, Any]) -> None:
    good = app.call("GET", f"/connect/4706?access_token={refreshed['access_token']}")
    assert "text/html" not in good.request.headers["Accept"]
    with pytest.raises(requests.JSONDecodeError):
        good.json()
    bad = app.call("GET", f"/connect/4706?access_token={'0' * 40}")
    assert bad.json()["success"] is False


def test_6_the_new_token_reads(app: App, refreshed: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {refreshed['access_token']}"}
    assert app.call("GET", "/fhir/dstu2/Patient", headers=headers).status_code == 200


def _token(app: App, keys: str, grant: str) -> requests.Response:
    return app.call("POST", f"/fhir/oauth2/token?{keys}&{grant}")
