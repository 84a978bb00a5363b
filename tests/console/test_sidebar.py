"""What the sidebar lists and counts, and which application it is about."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.applications import NewClient, create_client
from accounts.models import Application, AppUser, User
from connectors.models import CLINICAL, Connection, System
from console.applications import slug_of
from tests.console.test_frame import PAGE

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(dana: User) -> Client:
    client = Client(headers=PAGE)
    client.force_login(dana, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sidebar(browser: Client, path: str = "/console/styleguide") -> str:
    """The words of the sidebar's lists, beside the page."""
    page = browser.get(path).content.decode()
    side = page.split('<header class="side">')[1].split("</header>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", side).split())


def _connection(user: AppUser, status: str, account: str) -> None:
    system, _ = System.objects.get_or_create(
        pk=5_000_001, defaults={"kind": CLINICAL, "name": "Lakeside", "resource_url": "https://l"}
    )
    Connection.objects.create(
        app_user=user,
        system=system,
        status=status,
        public_id=f"c_{account}",
        account=account,
        connected_at=user.created,
        next_sync_at=user.created,
    )


def test_it_counts_users_and_connections(browser: Client, alice: AppUser, bob: AppUser) -> None:
    _connection(alice, Connection.CONNECTED, "1")
    _connection(bob, Connection.DISCONNECTED, "2")
    assert "Users 2 Connections 1 Explorer" in sidebar(browser)


def test_failing_connections_are_told_in_a_word(
    browser: Client, alice: AppUser, mallory_user: AppUser
) -> None:
    _connection(alice, Connection.NEEDS_REAUTHORIZATION, "1")
    _connection(mallory_user, Connection.FAILING, "2")
    assert "Connections 1 failing" in sidebar(browser)


def test_what_is_paused_is_not_failing(browser: Client, alice: AppUser, bob: AppUser) -> None:
    _connection(alice, Connection.FAILING, "1")
    _connection(bob, Connection.FAILING, "2")
    AppUser.objects.filter(pk=bob.pk).update(active=False)
    assert "Connections 1 failing" in sidebar(browser)


def test_the_app_visited_last_stays_chosen(
    browser: Client, dana_app: NewClient, dana: User
) -> None:
    second = create_client(
        email=dana.email, name="Another", redirect_uris=[], now=dana_app.application.created
    )
    assert "Another Test mode" in sidebar(browser)  # the first by name
    browser.get(f"/console/apps/{slug_of(dana_app.application)}/users")
    assert "Dana&#x27;s app Test mode" in sidebar(browser)
    browser.get(f"/console/apps/{slug_of(second.application)}/users")
    assert "Another Test mode" in sidebar(browser)


def test_the_bar_of_test_mode_is_over_an_apps_own_pages_only(
    browser: Client, dana_app: NewClient
) -> None:
    users = f"/console/apps/{slug_of(dana_app.application)}/users"
    assert 'class="testmode"' in browser.get(users).content.decode()
    assert 'class="testmode"' not in browser.get("/console/styleguide").content.decode()
    Application.objects.update(mode=Application.LIVE)
    assert 'class="testmode"' not in browser.get(users).content.decode()


def test_the_present_page_is_marked(browser: Client, dana_app: NewClient) -> None:
    page = browser.get(f"/console/apps/{slug_of(dana_app.application)}/users").content.decode()
    marked = re.findall(r'aria-current="page">([^<]+)', page.split("</header>")[0])
    assert [words.strip() for words in marked] == ["Users"]
