"""The pages about users: find, create, deactivate, and what is made there once."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from accounts.access import access_for_token
from accounts.applications import NewClient
from accounts.models import AppUser, AuditRecord, Grant, RefreshToken
from connectors.models import Connection, ConnectSession, System
from console.applications import slug_of
from sync.models import SyncRun, Window
from tests.console.crowd import Crowd, statements

pytestmark = pytest.mark.django_db
_SECRET = re.compile(r'<output id="([a-z-]+)"[^>]*>([^<]+)</output>')


@pytest.fixture
def home(dana_app: NewClient) -> str:
    return f"/console/apps/{slug_of(dana_app.application)}/users"


def secrets_on(page: str) -> dict[str, str]:
    return dict(_SECRET.findall(page))


def test_an_empty_list_leads_to_the_first_user(browser: Client, home: str) -> None:
    page = browser.get(home).content.decode()
    assert "No users yet" in page
    assert f'href="{home}/new"' in page


def test_a_user_is_created_and_shown(browser: Client, home: str, dana_app: NewClient) -> None:
    answer = browser.post(f"{home}/new", {"app_user_id": "sample-014"}, follow=True)
    user = AppUser.objects.get(application=dana_app.application)
    assert answer.redirect_chain == [(f"{home}/{user.pk}", 302)]
    page = answer.content.decode()
    assert "sample-014 is created." in page
    assert "Nothing is connected yet" in page


@pytest.mark.parametrize("typed", ["", "x" * 256, "alice"])
def test_an_id_that_cannot_be_used_is_said_so_and_kept(
    browser: Client, home: str, alice: AppUser, typed: str
) -> None:
    answer = browser.post(f"{home}/new", {"app_user_id": typed})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<title>Error: " in page
    assert f'value="{typed}"' in page or not typed
    assert (f'href="{home}/{alice.pk}"' in page) is (typed == "alice")
    assert AppUser.objects.count() == 1


def test_users_are_found_by_the_beginning_of_either_id(
    browser: Client, home: str, alice: AppUser, bob: AppUser, mallory_user: AppUser
) -> None:
    for typed in ("ali", "alice", str(alice.pk)):
        page = browser.get(home, {"q": typed}).content.decode()
        assert f"{home}/{alice.pk}" in page
        assert f'"{home}/{bob.pk}"' not in page
    assert "1 of 2" in browser.get(home, {"q": "ali"}).content.decode()
    for typed in ("lice", "nobody", "%", "_lice", "a\x00", "<b>"):
        page = browser.get(home, {"q": typed}).content.decode()
        assert "<td" not in page or typed == "a\x00"
        assert "<b>" not in page.replace("<b>Dana", "") or typed != "<b>"
    assert f"{home}/new?app_user_id=nobody" in browser.get(home, {"q": "nobody"}).content.decode()


def test_users_are_filtered_by_state_and_connection(
    browser: Client, home: str, alice: AppUser, bob: AppUser
) -> None:
    AppUser.objects.filter(pk=bob.pk).update(active=False)
    assert f'"{home}/{bob.pk}"' in browser.get(home, {"state": "deactivated"}).content.decode()
    assert f'"{home}/{bob.pk}"' not in browser.get(home, {"state": "active"}).content.decode()
    assert "No user is like that" in browser.get(home, {"state": "trouble"}).content.decode()
    assert f'"{home}/{alice.pk}"' in browser.get(home, {"connection": "none"}).content.decode()
    assert "No user is like that" in browser.get(home, {"connection": "device"}).content.decode()


def test_a_fresh_token_is_shown_once_and_works(
    browser: Client, home: str, alice: AppUser, now: datetime
) -> None:
    answer = browser.post(f"{home}/{alice.pk}", {"make": "token"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    shown = secrets_on(answer.content.decode())
    access = access_for_token(shown["access-token"], client_id=None, now=now)
    assert access.app_user_id == alice.pk
    assert RefreshToken.objects.filter(user=alice).count() == 1
    again = browser.get(f"{home}/{alice.pk}").content.decode()
    assert shown["access-token"] not in again
    assert secrets_on(again) == {}


def test_a_fresh_code_can_be_exchanged_by_the_app(
    browser: Client, home: str, alice: AppUser, dana_app: NewClient
) -> None:
    page = browser.post(f"{home}/{alice.pk}", {"make": "code"}).content.decode()
    assert Grant.objects.filter(user=alice).count() == 1
    pair = Client().post(
        "/oauth2/token",
        {
            "client_id": dana_app.client_id,
            "client_secret": dana_app.client_secret,
            "grant_type": "authorization_code",
            "code": secrets_on(page)["code"],
        },
    )
    assert pair.status_code == 200, pair.content
    assert dana_app.client_secret not in page


def test_a_connect_link_opens_the_connect_pages_once(
    browser: Client, home: str, alice: AppUser
) -> None:
    page = browser.post(f"{home}/{alice.pk}", {"make": "link"}).content.decode()
    link = secrets_on(page)["connect-link"]
    assert link.startswith(f"{settings.HOSTS['api']}/connect/session/")
    path = link.removeprefix(settings.HOSTS["api"])
    assert Client().get(path).status_code == 302
    assert Client().get(path).status_code == 410


def test_a_deactivated_user_gets_nothing_until_activated(
    browser: Client, home: str, alice: AppUser
) -> None:
    page = browser.get(f"{home}/{alice.pk}/deactivate").content.decode()
    assert "Deactivate alice" in page
    browser.post(f"{home}/{alice.pk}/deactivate", {"active": "false"})
    alice.refresh_from_db()
    assert not alice.active
    for kind in ("token", "code", "link"):
        answer = browser.post(f"{home}/{alice.pk}", {"make": kind}, follow=True)
        assert "gets no codes, tokens or links" in answer.content.decode()
    assert not Grant.objects.exists()
    assert not ConnectSession.objects.exists()
    browser.post(f"{home}/{alice.pk}/deactivate", {"active": "true"})
    alice.refresh_from_db()
    assert alice.active


@pytest.mark.parametrize("tail", ["", "/{user}", "/{user}/deactivate", "/new"])
def test_another_developers_users_are_not_there(
    browser: Client,
    home: str,
    mallory_app: NewClient,
    mallory_user: AppUser,
    tail: str,
) -> None:
    foreign = f"/console/apps/{slug_of(mallory_app.application)}/users"
    path = tail.format(user=mallory_user.pk)
    assert browser.get(f"{foreign}{path}").status_code == 404
    assert browser.post(f"{foreign}{path}", {"active": "false"}).status_code in (404, 405)
    if "{user}" in tail:
        assert browser.get(f"{home}{path}").status_code == 404
        assert browser.post(f"{home}{path}", {"make": "token"}).status_code == 404
    assert Client().get(f"{home}{path}").status_code == 302
    mallory_user.refresh_from_db()
    assert mallory_user.active


def test_a_crowd_is_paged_by_key(crowd: Crowd) -> None:
    browser, home = crowd.browser(), f"/console/apps/{crowd.slug}/users"
    page = browser.get(home).content.decode()
    assert "1 to 50 of 1,000" in page
    assert "sample-0999" in page
    assert "Newer" not in page
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    second = browser.get(home + older[1]).content.decode()
    assert "51 to 100 of 1,000" in second
    assert "sample-0949" in second
    newer = re.search(r'rel="prev" href="([^"]+)"', second)
    assert newer
    assert "1 to 50 of 1,000" in browser.get(home + newer[1]).content.decode()
    assert "10 of 1,000" in browser.get(home, {"q": "sample-001"}).content.decode()


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ({}, 17),
        ({"q": "sample-00"}, 18),
        ({"state": "trouble", "connection": "device", "q": "s"}, 18),
        ({"older": "999999999999"}, 18),
    ],
)
def test_the_list_takes_a_fixed_number_of_statements(
    crowd: Crowd, query: dict[str, str], most: int
) -> None:
    browser = crowd.browser()
    browser.get("/console/styleguide")
    count = statements(lambda: browser.get(f"/console/apps/{crowd.slug}/users", query))
    assert count <= most


def test_a_users_page_takes_a_fixed_number_of_statements(crowd: Crowd) -> None:
    browser = crowd.browser()
    browser.get("/console/styleguide")
    path = f"/console/apps/{crowd.slug}/users/{crowd.users[1].pk}"
    page = browser.get(path).content.decode()
    assert "Crowded Hospital" in page
    assert "Crowded Band" in page
    assert statements(lambda: browser.get(path)) <= 20


def test_the_story_tells_what_arrived_what_failed_and_who_read(
    browser: Client, home: str, alice: AppUser, now: datetime
) -> None:
    system = System.objects.create(id=980_002, kind="clinical", name="Lakeside", slug="generic")
    linked = Connection.objects.create(
        public_id="c_5f0e9b",
        app_user=alice,
        system=system,
        status=Connection.CONNECTED,
        connected_at=now,
        next_sync_at=now,
    )
    SyncRun.objects.create(
        connection=linked, lease_id=uuid4(), trigger="tick", started=now, finished=now, created=2
    )
    Window.objects.create(
        connection=linked,
        key="Goal",
        state=Window.REFUSED,
        asked_to=now,
        first_at=now,
        last_at=now,
        error_code="scope_missing",
    )
    for interaction in ("search", "search", "read"):
        AuditRecord.objects.create(
            at=now,
            application=alice.application_id,
            app_user=alice.pk,
            via="bearer",
            interaction=interaction,
            resource_type="Condition",
            outcome="granted",
        )
    path = f"{home}/{alice.pk}"
    arrived, refused, asked = "2 new resources", "Goal: refused", "Your app asked 3 times"
    page = browser.get(path).content.decode()
    assert "search Condition, 2 times and read Condition; with a token." in page
    for shown, there in (
        ("", {arrived, refused, asked}),
        ("records", {arrived, refused}),
        ("access", {asked}),
    ):
        page = browser.get(path, {"show": shown}).content.decode()
        assert {words for words in (arrived, refused, asked) if words in page} == there
