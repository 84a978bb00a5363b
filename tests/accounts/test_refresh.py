from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from accounts.access import AccessRefused, access_for_token
from accounts.applications import NewClient
from accounts.clock import now
from accounts.models import AppUser, RefreshToken
from accounts.tokens import clear_expired, revoke_application
from tests.accounts.conftest import TOKEN, call, code_for, redeem, refresh, secrets_of

Pass = Callable[[timedelta], None]


@pytest.fixture
def pair(dana_app: NewClient, alice: AppUser) -> dict[str, Any]:
    body: dict[str, Any] = redeem(dana_app, code_for(dana_app, "alice")).json()
    return body


def works(access_token: str) -> bool:
    try:
        access_for_token(access_token, client_id=None, now=now())
    except AccessRefused:
        return False
    return True


def tokens(body: dict[str, Any]) -> tuple[str, str]:
    return body["access_token"], body["refresh_token"]


def refused(response: Any) -> bool:
    told: str = response.json().get("error_description", "")
    return (response.status_code, told) == (400, "Invalid refresh token")


def test_each_refresh_gives_a_new_pair_and_leaves_old_access(
    dana_app: NewClient, pair: dict[str, Any]
) -> None:
    second = refresh(dana_app, pair["refresh_token"]).json()
    third = refresh(dana_app, second["refresh_token"]).json()
    every = [*tokens(pair), *tokens(second), *tokens(third)]
    assert len(set(every)) == 6
    assert all(works(body["access_token"]) for body in (pair, second, third))


def test_the_preceding_token_is_answered_with_the_same_pair_for_a_minute(
    dana_app: NewClient, pair: dict[str, Any], pass_time: Pass
) -> None:
    second = refresh(dana_app, pair["refresh_token"]).json()
    repeated = refresh(dana_app, pair["refresh_token"]).json()
    assert tokens(repeated) == tokens(second)
    pass_time(timedelta(seconds=50))
    late = refresh(dana_app, pair["refresh_token"]).json()
    assert tokens(late) == tokens(second)
    assert 7100 < late["expires_in"] <= 7150
    assert RefreshToken.objects.count() == 2
    assert refresh(dana_app, second["refresh_token"]).status_code == 200


def test_after_the_minute_it_is_refused_and_the_family_withdrawn(
    dana_app: NewClient, pair: dict[str, Any], pass_time: Pass
) -> None:
    second = refresh(dana_app, pair["refresh_token"]).json()
    pass_time(timedelta(seconds=62))
    assert refused(refresh(dana_app, pair["refresh_token"]))
    assert refused(refresh(dana_app, second["refresh_token"]))
    assert not works(pair["access_token"])
    assert not works(second["access_token"])


def test_an_older_token_is_refused_at_once_and_the_family_withdrawn(
    dana_app: NewClient, pair: dict[str, Any]
) -> None:
    second = refresh(dana_app, pair["refresh_token"]).json()
    third = refresh(dana_app, second["refresh_token"]).json()
    assert refused(refresh(dana_app, pair["refresh_token"]))
    assert refused(refresh(dana_app, second["refresh_token"]))
    assert refused(refresh(dana_app, third["refresh_token"]))
    assert not any(works(body["access_token"]) for body in (pair, second, third))


def test_a_withdrawn_family_leaves_the_users_other_families(
    dana_app: NewClient, pair: dict[str, Any]
) -> None:
    other = redeem(dana_app, code_for(dana_app, "alice")).json()
    second = refresh(dana_app, pair["refresh_token"]).json()
    refresh(dana_app, second["refresh_token"])
    assert refused(refresh(dana_app, pair["refresh_token"]))
    assert works(other["access_token"])
    assert refresh(dana_app, other["refresh_token"]).status_code == 200


def test_without_grace_a_repetition_withdraws_the_family(
    dana_app: NewClient, pair: dict[str, Any], settings: Any
) -> None:
    settings.REFRESH_GRACE = 0
    second = refresh(dana_app, pair["refresh_token"]).json()
    assert not RefreshToken.objects.exclude(replay="").exists()
    assert refused(refresh(dana_app, pair["refresh_token"]))
    assert refused(refresh(dana_app, second["refresh_token"]))


def test_another_apps_refresh_token_is_unknown_and_stays_good(
    dana_app: NewClient, mallory_app: NewClient, pair: dict[str, Any]
) -> None:
    assert refused(refresh(mallory_app, pair["refresh_token"]))
    assert refresh(dana_app, pair["refresh_token"]).status_code == 200


def test_an_inactive_user_gets_no_replay(
    dana_app: NewClient, pair: dict[str, Any], alice: AppUser
) -> None:
    refresh(dana_app, pair["refresh_token"])
    AppUser.objects.filter(pk=alice.pk).update(active=False)
    assert refused(refresh(dana_app, pair["refresh_token"]))
    AppUser.objects.filter(pk=alice.pk).update(active=True)
    assert refresh(dana_app, pair["refresh_token"]).status_code == 200


def test_the_replay_record_is_encrypted_and_short_lived(
    dana_app: NewClient, pair: dict[str, Any], pass_time: Pass
) -> None:
    second = refresh(dana_app, pair["refresh_token"]).json()
    kept = RefreshToken.objects.exclude(replay="").get()
    assert not any(token in kept.replay for token in tokens(second))
    third = refresh(dana_app, second["refresh_token"]).json()
    assert RefreshToken.objects.exclude(replay="").count() == 1
    pass_time(timedelta(seconds=62))
    clear_expired(now=now())
    assert not RefreshToken.objects.exclude(replay="").exists()
    assert refresh(dana_app, third["refresh_token"]).status_code == 200


def test_a_retired_encryption_key_ends_the_grace(
    dana_app: NewClient, pair: dict[str, Any], settings: Any
) -> None:
    refresh(dana_app, pair["refresh_token"])
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert refused(refresh(dana_app, pair["refresh_token"]))


def test_a_narrower_scope_is_for_one_access_token_only(
    dana_app: NewClient, pair: dict[str, Any]
) -> None:
    RefreshToken.objects.update(scope="user/*.read openid")
    grant = {**secrets_of(dana_app), "grant_type": "refresh_token"}
    narrow = call(
        TOKEN, {**grant, "refresh_token": pair["refresh_token"], "scope": "user/*.read"}
    ).json()
    assert narrow["scope"] == "user/*.read"
    wide = call(TOKEN, {**grant, "refresh_token": narrow["refresh_token"], "scope": "user/*.*"})
    assert wide.status_code == 400
    assert wide.json()["error"] == "invalid_scope"
    usual = call(TOKEN, {**grant, "refresh_token": narrow["refresh_token"]}).json()
    assert usual["scope"] == "user/*.read openid"


def test_refreshing_goes_on_past_the_life_of_access_tokens(
    dana_app: NewClient, pair: dict[str, Any], pass_time: Pass
) -> None:
    latest = pair
    for _ in range(3):
        pass_time(timedelta(days=13))
        clear_expired(now=now())
        latest = refresh(dana_app, latest["refresh_token"]).json()
    assert works(latest["access_token"])
    assert not works(pair["access_token"])


def test_what_ran_out_is_cleared(
    dana_app: NewClient, pair: dict[str, Any], pass_time: Pass
) -> None:
    code_for(dana_app, "alice")
    assert clear_expired(now=now()) == 0
    pass_time(timedelta(days=16))
    assert clear_expired(now=now()) == 3


def test_an_operator_can_withdraw_everything_of_an_app(
    dana_app: NewClient, pair: dict[str, Any], mallory_token: str
) -> None:
    code = code_for(dana_app, "alice")
    refresh(dana_app, pair["refresh_token"])
    revoke_application(application=dana_app.application, now=now())
    assert redeem(dana_app, code).json()["error_description"] == "Invalid code"
    assert refused(refresh(dana_app, pair["refresh_token"]))
    assert not works(pair["access_token"])
    assert works(mallory_token)
