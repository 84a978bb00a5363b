from __future__ import annotations

from typing import Any

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.accounts.conftest import call, code_for, redeem, refresh, secrets_of

REVOKE, INTROSPECT = "/oauth2/revoke", "/oauth2/introspect"


@pytest.fixture
def pair(dana_app: NewClient, alice: AppUser) -> dict[str, Any]:
    body: dict[str, Any] = redeem(dana_app, code_for(dana_app, "alice")).json()
    return body


def known(app: NewClient, token: str) -> dict[str, Any]:
    answered: dict[str, Any] = call(INTROSPECT, {**secrets_of(app), "token": token}).json()
    return answered


def test_a_client_learns_about_its_own_tokens(
    dana_app: NewClient, mallory_app: NewClient, alice: AppUser, pair: dict[str, Any]
) -> None:
    access = known(dana_app, pair["access_token"])
    assert access == {
        "active": True,
        "scope": "user/*.*",
        "client_id": dana_app.client_id,
        "sub": str(alice.pk),
        "exp": access["exp"],
        "token_type": "Bearer",
    }
    assert known(dana_app, pair["refresh_token"])["active"] is True
    for token in (pair["access_token"], pair["refresh_token"], "0" * 40):
        assert known(mallory_app, token) == {"active": False}


def test_a_rotated_refresh_token_is_no_longer_active(
    dana_app: NewClient, pair: dict[str, Any]
) -> None:
    refresh(dana_app, pair["refresh_token"])
    assert known(dana_app, pair["refresh_token"]) == {"active": False}


def test_an_access_token_is_given_back_alone(dana_app: NewClient, pair: dict[str, Any]) -> None:
    response = call(REVOKE, {**secrets_of(dana_app), "token": pair["access_token"]})
    assert response.status_code == 200
    assert known(dana_app, pair["access_token"]) == {"active": False}
    assert refresh(dana_app, pair["refresh_token"]).status_code == 200


def test_a_refresh_token_is_given_back_with_its_family(
    dana_app: NewClient, pair: dict[str, Any]
) -> None:
    second = refresh(dana_app, pair["refresh_token"]).json()
    given = {**secrets_of(dana_app), "token": second["refresh_token"]}
    assert call(REVOKE, given).status_code == 200
    for body in (pair, second):
        assert known(dana_app, body["access_token"]) == {"active": False}
        assert refresh(dana_app, body["refresh_token"]).status_code == 400
    assert call(REVOKE, given).status_code == 200


def test_another_app_cannot_give_it_back(
    dana_app: NewClient, mallory_app: NewClient, pair: dict[str, Any]
) -> None:
    for name in ("access_token", "refresh_token"):
        response = call(REVOKE, {**secrets_of(mallory_app), "token": pair[name]})
        assert (response.status_code, response.json()) == (200, {})
        assert known(dana_app, pair[name])["active"] is True


@pytest.mark.parametrize("path", [REVOKE, INTROSPECT])
def test_both_want_a_client_and_a_token(path: str, dana_app: NewClient) -> None:
    assert call(path, {"token": "0" * 40}).json()["error"] == "invalid_client"
    response = call(path, secrets_of(dana_app))
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert response["Cache-Control"] == "no-store"
