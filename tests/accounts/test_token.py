from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.applications import NewClient
from accounts.models import AccessToken, AppUser, Grant
from tests.accounts.conftest import (
    TOKEN,
    TOKEN_PATHS,
    call,
    code_for,
    redeem,
    refresh,
    secrets_of,
)

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def send(place: str, path: str, given: dict[str, str]) -> Any:
    """The same grant with its parameters in another place (wire contract 3.1)."""
    client = Client()
    rest = {k: v for k, v in given.items() if not k.startswith("client_")}
    if place == "query":
        return client.generic("POST", path, query_params=given)
    if place == "query, JSON type, empty object":
        return client.generic("POST", path, b"{}", JSON, query_params=given)
    if place == "query, JSON type, no body":
        return client.generic("POST", path, b"", JSON, query_params=given)
    if place == "form":
        return client.generic("POST", path, urlencode({**given, "app_user_id": "stray"}), FORM)
    if place == "json":
        return client.generic("POST", path, json.dumps(given), JSON)
    if place == "split":
        return client.generic("POST", path, urlencode(rest), FORM, query_params=given)
    assert place == "basic"
    headers = basic(given["client_id"], given["client_secret"])
    return client.generic("POST", path, urlencode(rest), FORM, headers=headers)


PLACES = [
    "query",
    "query, JSON type, empty object",
    "query, JSON type, no body",
    "form",
    "json",
    "split",
    "basic",
]


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize("place", PLACES)
def test_both_grants_take_their_parameters_anywhere(
    place: str, path: str, dana_app: NewClient, alice: AppUser
) -> None:
    code = code_for(dana_app, "alice")
    grant = {"grant_type": "authorization_code", "code": code}
    first = send(place, path, {**secrets_of(dana_app), **grant})
    assert first.status_code == 200
    again = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    second = send(place, path, {**secrets_of(dana_app), **again})
    assert second.status_code == 200
    for response in (first, second):
        body = response.json()
        assert body["token_type"] == "Bearer"
        assert body["expires_in"] == 7200
        assert body["scope"] == "user/*.*"
        assert [len(body[name]) for name in ("access_token", "refresh_token")] == [40, 40]
        assert int(body["access_token"], 16) >= 0
        assert response["Content-Type"] == "application/json; charset=utf-8"
        assert response["Cache-Control"] == "no-store"
        assert response["Pragma"] == "no-cache"
    tokens = {
        body.json()[name] for body in (first, second) for name in ("access_token", "refresh_token")
    }
    assert len(tokens) == 4


def test_the_legacy_style(dana_app: NewClient, alice: AppUser, settings: Any) -> None:
    settings.TOKEN_STYLE = "legacy"
    first = redeem(dana_app, code_for(dana_app, "alice")).json()
    second = refresh(dana_app, first["refresh_token"]).json()
    repeated = refresh(dana_app, first["refresh_token"]).json()
    for body in (first, second, repeated):
        assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token"}
        assert (body["token_type"], body["expires_in"]) == ("bearer", 7200)
        assert [len(body["access_token"]), len(body["refresh_token"])] == [32, 32]


# grant parameters (None: leave out), legacy text, legacy error, modern text, modern error
ROWS: list[tuple[dict[str, str | None], str, str, str, str]] = [
    (
        {"code": "0" * 32},
        "Invalid code",
        "invalid_grant",
        "Invalid grant: authorization code is invalid",
        "invalid_grant",
    ),
    (
        {"code": None},
        'No "code" parameter',
        "invalid_request",
        "Missing parameter: `code`",
        "invalid_request",
    ),
    (
        {"client_secret": "0" * 40},
        "Client credentials are invalid",
        "invalid_client",
        "Invalid client: client is invalid",
        "invalid_client",
    ),
    (
        {"client_id": "0" * 32},
        "Client credentials are invalid",
        "invalid_client",
        "Invalid client: client is invalid",
        "invalid_client",
    ),
    (
        {"client_id": None},
        "Invalid or missing client_id parameter",
        "invalid_client",
        "Invalid client: cannot retrieve client credentials",
        "invalid_client",
    ),
    (
        {"client_secret": None},
        "Missing client_secret parameter",
        "invalid_client",
        "Invalid client: cannot retrieve client credentials",
        "invalid_client",
    ),
    (
        {"grant_type": "password"},
        "Invalid or missing grant_type parameter",
        "invalid_request",
        "Unsupported grant type: `grant_type` is invalid",
        "unsupported_grant_type",
    ),
    (
        {"grant_type": None},
        "Invalid or missing grant_type parameter",
        "invalid_request",
        "Missing parameter: `grant_type`",
        "invalid_request",
    ),
    (
        {"grant_type": "refresh_token", "refresh_token": "0" * 40},
        "Invalid refresh token",
        "invalid_grant",
        "Invalid grant: refresh token is invalid",
        "invalid_grant",
    ),
    (
        {"grant_type": "refresh_token"},
        'No "refresh_token" parameter',
        "invalid_request",
        "Missing parameter: `refresh_token`",
        "invalid_request",
    ),
]


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize("style", ["legacy", "modern"])
@pytest.mark.parametrize(("changes", "text", "error", "modern_text", "modern_error"), ROWS)
def test_errors(
    changes: dict[str, str | None],
    text: str,
    error: str,
    modern_text: str,
    modern_error: str,
    style: str,
    path: str,
    dana_app: NewClient,
    settings: Any,
) -> None:
    settings.OAUTH_ERROR_STYLE = style
    usual: dict[str, str | None] = {"grant_type": "authorization_code", "code": "1" * 32}
    given = {**secrets_of(dana_app), **usual, **changes}
    response = call(path, {name: value for name, value in given.items() if value is not None})
    assert response.status_code == 400
    assert response["Cache-Control"] == "no-store"
    if style == "legacy":
        expected = {"code": 400, "error": error, "error_description": text}
    else:
        expected = {"error": modern_error, "error_description": modern_text}
    assert response.json() == expected


@pytest.mark.parametrize(
    ("style", "code_text", "token_text"),
    [
        ("legacy", "Code has expired", "Refresh token has expired"),
        (
            "modern",
            "Invalid grant: authorization code has expired",
            "Invalid grant: refresh token has expired",
        ),
    ],
)
def test_what_ran_out(
    style: str,
    code_text: str,
    token_text: str,
    dana_app: NewClient,
    alice: AppUser,
    settings: Any,
    pass_time: Callable[[timedelta], None],
) -> None:
    settings.OAUTH_ERROR_STYLE = style
    code = code_for(dana_app, "alice")
    pair = redeem(dana_app, code_for(dana_app, "alice")).json()
    pass_time(timedelta(hours=2))
    response = redeem(dana_app, code)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"
    assert response.json()["error_description"] == code_text
    pass_time(timedelta(days=14))
    response = refresh(dana_app, pair["refresh_token"])
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"
    assert response.json()["error_description"] == token_text


def test_a_code_lives_almost_two_hours(
    dana_app: NewClient, alice: AppUser, pass_time: Callable[[timedelta], None]
) -> None:
    code = code_for(dana_app, "alice")
    pass_time(timedelta(hours=2, seconds=-30))
    assert redeem(dana_app, code).status_code == 200


@pytest.mark.parametrize("style", ["legacy", "modern"])
@pytest.mark.parametrize(
    "header", [basic("x" * 32, "y"), basic("", ""), {"Authorization": "Basic ???"}]
)
def test_a_bad_client_by_basic_is_challenged(
    header: dict[str, str], style: str, settings: Any, db: None
) -> None:
    settings.OAUTH_ERROR_STYLE = style
    response = Client().post(
        TOKEN, {"grant_type": "authorization_code", "code": "x"}, headers=header
    )
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Basic"
    assert response.json()["error"] == "invalid_client"


def test_a_code_works_once_and_asking_again_cancels_none(
    dana_app: NewClient, alice: AppUser
) -> None:
    first, second = code_for(dana_app, "alice"), code_for(dana_app, "alice")
    assert redeem(dana_app, first).status_code == 200
    again = redeem(dana_app, first)
    assert again.status_code == 400
    assert again.json() == {
        "code": 400,
        "error": "invalid_grant",
        "error_description": "Invalid code",
    }
    assert redeem(dana_app, second).status_code == 200


def test_another_apps_code_is_unknown_and_stays_good(
    dana_app: NewClient, mallory_app: NewClient, alice: AppUser
) -> None:
    code = code_for(dana_app, "alice")
    assert redeem(mallory_app, code).json()["error_description"] == "Invalid code"
    assert redeem(dana_app, code).status_code == 200


def test_an_inactive_user_gets_no_tokens_and_loses_none(
    dana_app: NewClient, alice: AppUser
) -> None:
    code = code_for(dana_app, "alice")
    pair = redeem(dana_app, code_for(dana_app, "alice")).json()
    AppUser.objects.filter(pk=alice.pk).update(active=False)
    assert redeem(dana_app, code).json()["error_description"] == "Invalid code"
    refused = refresh(dana_app, pair["refresh_token"]).json()
    assert refused["error_description"] == "Invalid refresh token"
    AppUser.objects.filter(pk=alice.pk).update(active=True)
    assert redeem(dana_app, code).status_code == 200
    assert refresh(dana_app, pair["refresh_token"]).status_code == 200


def test_a_code_issued_with_a_challenge_and_a_redirect_needs_both(
    dana_app: NewClient, alice: AppUser
) -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    code = code_for(dana_app, "alice")
    Grant.objects.update(
        code_challenge=challenge, code_challenge_method="S256", redirect_uri="https://a.example/"
    )
    grant = {**secrets_of(dana_app), "grant_type": "authorization_code", "code": code}
    proof, redirect = {"code_verifier": verifier}, {"redirect_uri": "https://a.example/"}
    for lacking in ({}, proof, redirect, {**redirect, "code_verifier": "x" * 43}):
        response = call(TOKEN, {**grant, **lacking})
        assert response.status_code == 400
        assert {"code", "error", "error_description"} == set(response.json())
    assert call(TOKEN, {**grant, **proof, **redirect}).status_code == 200


def test_only_post(db: None) -> None:
    response = Client().get(TOKEN)
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert response.json()["error"] == "invalid_request"


def test_contradicting_headers(dana_app: NewClient) -> None:
    response = Client().post(TOKEN, headers={"client-id": "a,b"})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_a_fault_inside_tells_nothing(
    dana_app: NewClient, alice: AppUser, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    code = code_for(dana_app, "alice")
    settings.REFRESH_DAYS = "an operator's typing error"
    response = redeem(dana_app, code)
    assert response.status_code == 503
    assert response.json() == {
        "code": 503,
        "error": "server_error",
        "error_description": "The server could not answer, please try again",
    }
    assert code not in caplog.text
    assert not AccessToken.objects.exists()
    settings.REFRESH_DAYS = 14
    assert redeem(dana_app, code).status_code == 200
