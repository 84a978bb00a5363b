from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from accounts.applications import NewClient
from accounts.models import CallCount
from tests.accounts.conftest import AUTH_CODE, USER, call, secrets_of


def test_it_is_off_by_default(dana_app: NewClient) -> None:
    for _ in range(3):
        assert call(USER, secrets_of(dana_app), method="GET").status_code == 200
    assert not CallCount.objects.exists()


def test_over_the_limit_until_the_hour_is_over(
    dana_app: NewClient,
    mallory_app: NewClient,
    settings: Any,
    pass_time: Callable[[timedelta], None],
) -> None:
    settings.USER_RATE_PER_HOUR = 3
    for method, path in (("GET", USER), ("POST", USER), ("POST", AUTH_CODE)):
        assert call(path, secrets_of(dana_app), method=method).status_code in (200, 400)
    pass_time(timedelta(minutes=20))
    response = call(USER, secrets_of(dana_app), method="GET")
    assert response.status_code == 429
    assert response.json() == {"success": False, "error": "rate limit exceeded"}
    assert 2390 <= int(response["Retry-After"]) <= 2400
    assert call(USER, secrets_of(mallory_app), method="GET").status_code == 200
    pass_time(timedelta(minutes=41))
    assert call(USER, secrets_of(dana_app), method="GET").status_code == 200
    assert CallCount.objects.get(application=dana_app.application).calls == 1


def test_a_stranger_cannot_use_up_a_clients_hour(dana_app: NewClient, settings: Any) -> None:
    settings.USER_RATE_PER_HOUR = 1
    bad = {**secrets_of(dana_app), "client_secret": "0" * 40}
    for _ in range(5):
        assert call(USER, bad, method="GET").status_code == 401
    assert call(USER, secrets_of(dana_app), method="GET").status_code == 200
