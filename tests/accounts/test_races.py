"""Many callers at once, each on a connection of its own, as many processes are to the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.applications import NewClient
from accounts.models import AccessToken, AppUser, Grant, RefreshToken
from tests.accounts.conftest import USER, call, code_for, redeem, refresh, secrets_of

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 6


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each of the callers was answered; all start together."""
    ready = threading.Barrier(CALLERS)

    def caller(number: int) -> Any:
        try:
            connection.ensure_connection()
            ready.wait(10)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(caller, range(CALLERS)))


@pytest.mark.parametrize("attempt", range(5))
def test_one_code_gives_one_pair(attempt: int, dana_app: NewClient, alice: AppUser) -> None:
    code = code_for(dana_app, "alice")
    answers = at_once(lambda _: redeem(dana_app, code))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (CALLERS - 1)
    refused = [a.json()["error_description"] for a in answers if a.status_code == 400]
    assert set(refused) == {"Invalid code"}
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (1, 1)
    assert Grant.objects.count() == 0


@pytest.mark.parametrize("attempt", range(5))
def test_one_refresh_token_gives_one_new_pair(
    attempt: int, dana_app: NewClient, alice: AppUser
) -> None:
    pair = redeem(dana_app, code_for(dana_app, "alice")).json()
    answers = [a.json() for a in at_once(lambda _: refresh(dana_app, pair["refresh_token"]))]
    assert len({(a["access_token"], a["refresh_token"]) for a in answers}) == 1
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (2, 2)


def test_without_grace_one_caller_wins_and_the_reuse_is_punished(
    dana_app: NewClient, alice: AppUser, settings: Any
) -> None:
    settings.REFRESH_GRACE = 0
    pair = redeem(dana_app, code_for(dana_app, "alice")).json()
    answers = at_once(lambda _: refresh(dana_app, pair["refresh_token"]))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (CALLERS - 1)
    assert RefreshToken.objects.count() == 2
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert AccessToken.objects.count() == 0


@pytest.mark.parametrize("attempt", range(5))
def test_a_reused_token_takes_along_the_pair_another_caller_is_just_getting(
    attempt: int, dana_app: NewClient, alice: AppUser, settings: Any
) -> None:
    """Whatever the order, after the reuse of an old token no token of its family is left alive."""
    settings.REFRESH_GRACE = 0
    first = redeem(dana_app, code_for(dana_app, "alice")).json()
    second = refresh(dana_app, first["refresh_token"]).json()
    at_once(lambda number: refresh(dana_app, (first if number % 2 else second)["refresh_token"]))
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert AccessToken.objects.count() == 0


@pytest.mark.parametrize("attempt", range(5))
def test_one_name_gives_one_user(attempt: int, dana_app: NewClient) -> None:
    answers = [
        a.json()
        for a in at_once(lambda _: call(USER, {**secrets_of(dana_app), "app_user_id": "u"}))
    ]
    assert sorted(a["success"] for a in answers) == [False] * (CALLERS - 1) + [True]
    assert len({a["oneup_user_id"] for a in answers}) == 1
    assert {a["error"] for a in answers if not a["success"]} == {"this user already exists"}
    assert AppUser.objects.count() == 1
    assert Grant.objects.count() == 1


def test_a_renaming_race_leaves_one_bearer_of_the_name(dana_app: NewClient) -> None:
    secrets = secrets_of(dana_app)
    numbers = [
        call(USER, {**secrets, "app_user_id": f"u{i}"}).json()["oneup_user_id"]
        for i in range(CALLERS)
    ]

    def rename(number: int) -> Any:
        given = {**secrets, "oneup_user_id": str(numbers[number]), "app_user_id": "wanted"}
        return call(USER, given, method="PUT").json()

    answers = at_once(rename)
    assert sorted(a["success"] for a in answers) == [False] * (CALLERS - 1) + [True]
    assert AppUser.objects.filter(app_user_id="wanted").count() == 1


def test_the_hourly_count_misses_no_call(dana_app: NewClient, settings: Any) -> None:
    settings.USER_RATE_PER_HOUR = CALLERS - 2
    answers = at_once(lambda _: call(USER, secrets_of(dana_app), method="GET"))
    assert sorted(answer.status_code for answer in answers) == [200] * (CALLERS - 2) + [429] * 2
