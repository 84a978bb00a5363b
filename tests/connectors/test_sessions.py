"""Session links and the page to choose from (wire contract 9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.test import Client

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.catalog.load import load_catalogue
from connectors.expired import clear_expired
from connectors.models import Connection, ConnectSession, System
from connectors.pages.browser import COOKIE
from tests.connectors.conftest import PAGE, come_back, state_of
from tests.connectors.source import Source

pytestmark = pytest.mark.django_db


def secrets_of(app: NewClient) -> dict[str, str]:
    return {"client_id": app.client_id, "client_secret": app.client_secret}


def make(app: NewClient, **given: Any) -> Any:
    return Client().post("/connect/session", {**secrets_of(app), **given})


def link(app: NewClient, **given: Any) -> str:
    answered = make(app, **given).json()
    assert answered["success"], answered
    return str(urlsplit(answered["url"]).path)


# --- Making a link -------------------------------------------------------------------------------


def test_a_link_is_made(dana_app: NewClient, alice: AppUser, settings: Any) -> None:
    response = make(dana_app, app_user_id="alice")
    answered = response.json()
    base, _, secret = answered["url"].rpartition("/")
    assert response.status_code == 200
    assert answered == {"success": True, "url": answered["url"], "expires_in": 600}
    assert base == f"{settings.PUBLIC_BASE_URL}/connect/session"
    assert len(secret) == 43
    assert response["Cache-Control"] == "no-store"


def test_parameters_may_be_anywhere(dana_app: NewClient, alice: AppUser) -> None:
    own = secrets_of(dana_app)
    by_query = Client().post("/connect/session", query_params={**own, "oneup_user_id": alice.pk})
    by_json = Client().post(
        "/connect/session", {**own, "oneup_user_id": alice.pk}, content_type="application/json"
    )
    by_header = Client().post(
        "/connect/session",
        {"app_user_id": "alice"},
        headers={"client-id": own["client_id"], "client-secret": own["client_secret"]},
    )
    for response in (by_query, by_json, by_header):
        assert response.json()["success"], response.content


def test_only_the_digest_of_a_link_is_stored(dana_app: NewClient, alice: AppUser) -> None:
    secret = link(dana_app, app_user_id="alice").rpartition("/")[2]
    with database.cursor() as cursor:
        cursor.execute("select * from connectors_connectsession")
        assert secret not in str(cursor.fetchall())


def test_bad_credentials_are_refused(dana_app: NewClient, alice: AppUser) -> None:
    response = Client().post(
        "/connect/session",
        {"client_id": dana_app.client_id, "client_secret": "wrong", "app_user_id": "alice"},
    )
    assert response.status_code == 401
    assert response.json() == {"success": False, "error": "invalid client credentials"}


@pytest.mark.parametrize(
    "given, status, error",
    [
        ({}, 400, "app_user_id or oneup_user_id is required"),
        ({"app_user_id": "nobody"}, 200, "this user does not exist"),
        ({"oneup_user_id": "x"}, 400, "oneup_user_id must be a number"),
        ({"app_user_id": "alice", "system_id": "1"}, 404, "unknown system"),
        ({"app_user_id": "alice", "system_id": "4894"}, 409, "this system is not set up yet"),
        (
            {"app_user_id": "alice", "redirect_uri": "https://mallory.example.org/"},
            400,
            "redirect_uri is not registered",
        ),
        (
            {"app_user_id": "alice", "state": "s" * 2049},
            400,
            "state is longer than 2048 characters or not valid text",
        ),
    ],
)
def test_what_makes_no_link(
    dana_app: NewClient, alice: AppUser, given: dict[str, str], status: int, error: str
) -> None:
    load_catalogue(sandbox_url=None)
    response = make(dana_app, **given)
    assert (response.status_code, response.json()) == (status, {"success": False, "error": error})
    assert not ConnectSession.objects.exists()


def test_a_user_of_another_app_does_not_exist(
    dana_app: NewClient, alice: AppUser, mallory_app: NewClient
) -> None:
    response = make(mallory_app, oneup_user_id=alice.pk)
    assert response.json()["error"] == "this user does not exist"


def test_an_inactive_user_gets_no_link_and_cannot_follow_one(
    dana_app: NewClient, alice: AppUser
) -> None:
    path = link(dana_app, app_user_id="alice")
    AppUser.objects.filter(pk=alice.pk).update(active=False)
    assert make(dana_app, app_user_id="alice").json()["error"] == "this user is not active"
    assert Client().get(path).status_code == 410


# --- Following it --------------------------------------------------------------------------------


def test_a_link_leads_to_its_system_without_a_secret_in_any_address(
    dana_app: NewClient, alice: AppUser, clinic: System, source: Source, browser: Client
) -> None:
    path = link(dana_app, app_user_id="alice", system_id=clinic.pk, state="s-1")
    followed = browser.get(path)
    cookie = followed.cookies[COOKIE]
    assert followed.status_code == 302
    assert cookie["httponly"]
    assert cookie["path"] == "/connect"
    assert path.rpartition("/")[2] not in followed["Location"]
    assert cookie.value not in followed["Location"]
    onwards = browser.get(followed["Location"])
    assert onwards["Location"].startswith(f"{source.authorize_url}?")
    back = come_back(browser, state_of(onwards))
    assert back["Location"] == (
        f"http://localhost:3000/callback?success=true&iss={source.base}&state=s-1"
    )
    assert Connection.objects.get().app_user == alice


def test_the_redirect_uri_of_the_session_is_returned_to(
    dana_app: NewClient, alice: AppUser, clinic: System, browser: Client
) -> None:
    home = "https://dana.example.org/back?x=1"
    path = link(dana_app, app_user_id="alice", system_id=clinic.pk, redirect_uri=home)
    onwards = browser.get(browser.get(path)["Location"])
    assert come_back(browser, state_of(onwards))["Location"].startswith(f"{home}&success=true&iss=")


def test_a_link_works_once(dana_app: NewClient, alice: AppUser, browser: Client) -> None:
    path = link(dana_app, app_user_id="alice")
    assert browser.get(path).status_code == 302
    page = browser.get(path)
    assert page.status_code == 410
    assert "This link has expired or was already used" in page.content.decode()
    assert Client().get(path).json() == {
        "success": False,
        "error": "this link has expired or was already used",
    }


@pytest.mark.parametrize(
    "method, headers, status",
    [
        ("head", {}, 200),
        ("get", {"sec-purpose": "prefetch;prerender"}, 503),
        ("get", {"purpose": "prefetch"}, 503),
        ("get", {"x-moz": "prefetch"}, 503),
        ("get", {"x-purpose": "preview"}, 503),
    ],
)
def test_a_look_does_not_use_it_up(
    dana_app: NewClient, alice: AppUser, method: str, headers: dict[str, str], status: int
) -> None:
    path = link(dana_app, app_user_id="alice")
    looked = getattr(Client(), method)(path, headers=headers)
    assert looked.status_code == status
    assert looked["Cache-Control"] == "no-store"
    assert not looked.cookies
    assert Client().get(path).status_code == 302
    assert getattr(Client(), method)(path, headers=headers).status_code == 410


def test_a_link_dies_after_ten_minutes(
    dana_app: NewClient, alice: AppUser, pass_time: Callable[[timedelta], None]
) -> None:
    path = link(dana_app, app_user_id="alice")
    pass_time(timedelta(minutes=10))
    assert Client().get(path).status_code == 410


@pytest.mark.parametrize("secret", ["unknown", "x" * 43, "%00", "%ED%A0%80"])
def test_an_unknown_link_is_gone(db: None, secret: str) -> None:
    assert Client().get(f"/connect/session/{secret}").status_code == 410


# --- The page to choose from ---------------------------------------------------------------------


@pytest.fixture
def choosing(
    dana_app: NewClient, alice: AppUser, clinic: System, browser: Client
) -> Callable[..., Any]:
    """The page as Alice's browser sees it, with these parameters more."""
    load_catalogue(sandbox_url="http://127.0.0.1:9000")
    target = browser.get(link(dana_app, app_user_id="alice", state="s-1"))["Location"]
    return lambda **more: browser.get(
        urlsplit(target).path, {"visit": urlsplit(target).query.removeprefix("visit="), **more}
    )


def test_it_lists_what_can_be_connected(choosing: Callable[..., Any]) -> None:
    page = choosing()
    text = page.content.decode()
    for name in ("Lakeside Clinic", "EPIC Medical Center (demo)", "Fitbit"):
        assert name in text
    for not_set_up in ("Garmin", "Withings"):
        assert not_set_up not in text
    assert "Dana&#x27;s app" in text
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("forbidden", ["<style", "style=", "onclick", "javascript:", "login-form"])
def test_it_has_nothing_inline(choosing: Callable[..., Any], forbidden: str) -> None:
    assert forbidden not in choosing().content.decode()


@pytest.mark.parametrize(
    "filters, shown, hidden",
    [
        ({"q": "lake"}, ["Lakeside Clinic"], ["Fitbit", "EPIC"]),
        ({"q": "clinic LAKE"}, ["Lakeside Clinic"], ["Fitbit"]),
        ({"kind": "device"}, ["Fitbit"], ["Lakeside Clinic"]),
        ({"kind": "clinical"}, ["Lakeside Clinic"], ["Fitbit"]),
        ({"kind": "nonsense"}, ["Lakeside Clinic", "Fitbit"], []),
        ({"q": "100%"}, ["Nothing found for “100%”"], ["Lakeside Clinic"]),
        ({"q": "<zq>\x00"}, ["Nothing found for “&lt;zq&gt;”"], ["<zq>"]),
    ],
)
def test_it_is_narrowed_by_a_form_without_scripts(
    choosing: Callable[..., Any], filters: dict[str, str], shown: list[str], hidden: list[str]
) -> None:
    text = re.sub("</?mark>", "", choosing(**filters).content.decode())
    assert [word for word in shown if word not in text] == []
    assert [word for word in hidden if word in text] == []


def test_a_link_on_it_starts_the_dance(
    choosing: Callable[..., Any], browser: Client, clinic: System, source: Source
) -> None:
    text = choosing(q="lakeside").content.decode()
    href = next(x for x in text.split('"') if x.startswith(f"/connect/choose/{clinic.pk}"))
    back = come_back(browser, state_of(browser.get(href.replace("&amp;", "&"))))
    assert "success=true" in back["Location"]
    assert back["Location"].endswith("&state=s-1")
    page = choosing(q="lakeside")
    assert [row.connected for row in page.context["rows"]] == [True]
    assert "Already connected" in page.content.decode()


def test_one_may_go_back_to_the_app(choosing: Callable[..., Any]) -> None:
    text = choosing().content.decode().replace("&amp;", "&")
    assert "http://localhost:3000/callback?success=false&error=access_denied" in text


def test_a_visit_is_worth_nothing_in_another_browser(
    choosing: Callable[..., Any], clinic: System
) -> None:
    path = str(choosing().wsgi_request.get_full_path())
    stranger = Client(headers={"accept": PAGE})
    stranger.cookies[COOKIE] = "y" * 43
    for browser in (stranger, Client(headers={"accept": PAGE})):
        assert browser.get(path).status_code == 410
        start = path.replace("/connect/choose", f"/connect/choose/{clinic.pk}")
        assert browser.get(start).status_code == 410
        assert browser.get("/connect/choose").status_code == 410


def test_two_apps_in_one_browser_are_not_mixed_up(
    choosing: Callable[..., Any],
    browser: Client,
    clinic: System,
    alice: AppUser,
    mallory_app: NewClient,
    mallory_user: AppUser,
) -> None:
    visit = choosing().context["hidden"]["visit"]
    later = browser.get(link(mallory_app, app_user_id="alice", system_id=clinic.pk))["Location"]
    own = browser.get(f"/connect/choose/{clinic.pk}", {"visit": visit})
    assert come_back(browser, state_of(own))["Location"].startswith("http://localhost:3000/")
    assert Connection.objects.get().app_user == alice
    assert come_back(browser, state_of(browser.get(later)))["Location"].startswith(
        "https://mallory.example.org/"
    )


def test_a_visit_ends(choosing: Callable[..., Any], pass_time: Callable[[timedelta], None]) -> None:
    pass_time(timedelta(minutes=31))
    assert choosing().status_code == 410


def test_a_prefetched_choice_starts_nothing(
    choosing: Callable[..., Any], clinic: System, browser: Client
) -> None:
    visit = choosing().context["hidden"]["visit"]
    looked = browser.get(
        f"/connect/choose/{clinic.pk}", {"visit": visit}, headers={"sec-purpose": "prefetch"}
    )
    assert looked.status_code == 503


def test_links_that_ran_out_are_forgotten_a_day_later(
    dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    link(dana_app, app_user_id="alice")
    expires = ConnectSession.objects.get().expires
    assert clear_expired(now=expires + timedelta(hours=23)) == 0
    assert clear_expired(now=expires + timedelta(hours=25)) == 1
