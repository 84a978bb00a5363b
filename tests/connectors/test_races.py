"""What happens once, although many try at the same moment: real connections to the database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.models import Connection, LinkAttempt
from connectors.pages.browser import COOKIE
from tests.connectors.conftest import come_back, state_of
from tests.connectors.source import Source

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 4


def all_at_once(call: Callable[[int], Any]) -> list[Any]:
    """The answers of `MANY` calls that start together."""
    barrier = Barrier(MANY)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def same_browser(browser: Client) -> Client:
    """Another tab."""
    tab = Client()
    tab.cookies[COOKIE] = browser.cookies[COOKIE].value
    return tab


def test_a_state_is_exchanged_once(browser: Client, start_url: str, source: Source) -> None:
    state = state_of(browser.get(start_url))
    answers = all_at_once(lambda _: come_back(same_browser(browser), state).status_code)
    assert sorted(answers) == [302, *[410] * (MANY - 1)]
    assert len(source.token_calls) == 1


def test_a_session_link_is_used_once(dana_app: NewClient, alice: AppUser) -> None:
    own = {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}
    made = Client().post("/connect/session", {**own, "app_user_id": "alice"}).json()
    path = made["url"][made["url"].index("/connect/") :]
    answers = all_at_once(lambda _: Client().get(path).status_code)
    assert sorted(answers) == [302, *[410] * (MANY - 1)]


def test_several_dances_to_one_account_make_one_connection(browser: Client, start_url: str) -> None:
    states = [state_of(browser.get(start_url)) for _ in range(MANY)]
    answers = all_at_once(lambda n: come_back(same_browser(browser), states[n])["Location"])
    assert all("success=true" in address for address in answers)
    assert Connection.objects.get().token_generation == MANY - 1


def test_a_dance_that_ends_during_an_erasure_leaves_no_connection(
    browser: Client, start_url: str, source: Source, alice: AppUser, alice_token: str
) -> None:
    state = state_of(browser.get(start_url))
    answered = source.answered

    def erased_meanwhile(path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/token":
            url = f"/connect/api/data?confirm={alice.pk}"
            gone = Client(headers={"authorization": f"Bearer {alice_token}"}).delete(url)
            assert gone.status_code == 202
            connections.close_all()
        return answered(path, form)

    source.answered = erased_meanwhile  # type: ignore[method-assign]
    assert "success=false&error=access_denied" in come_back(browser, state)["Location"]
    assert not Connection.objects.exists()
    assert not LinkAttempt.objects.exists()
