"""The dance, from an app's link to the source and back to the app (wire contract 8.3, 8.4)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django_q.models import OrmQ

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.linking import Outcome
from connectors.models import Connection, LinkAttempt, System
from connectors.pages.browser import COOKIE
from connectors.return_address import return_address
from tests.connectors.conftest import PAGE, come_back, state_of
from tests.connectors.source import GRANT, Source

pytestmark = pytest.mark.django_db

HOME = "http://localhost:3000/callback"
SECOND_HOME = "https://dana.example.org/back?x=1"
SHOWN_BACK = "http://localhost:3000/callback?success=true&iss="


def returned(response: Any) -> dict[str, str]:
    """The query with which the browser comes back to the app's first redirect URI."""
    assert response.status_code == 302
    assert response["Location"].startswith(f"{HOME}?")
    return {name: v[0] for name, v in parse_qs(urlsplit(response["Location"]).query).items()}


# --- Start ---------------------------------------------------------------------------------------


def test_the_link_leads_to_the_source_with_pkce_and_our_own_state(
    browser: Client, start_url: str, source: Source, settings: Any
) -> None:
    response = browser.get(f"{start_url}&state=the-apps-own")
    address, _, query = response["Location"].partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    assert address == source.authorize_url
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{settings.PUBLIC_BASE_URL}/connect/callback"
    assert "the-apps-own" not in query


def test_the_token_in_the_address_goes_no_further(
    browser: Client, start_url: str, alice_token: str
) -> None:
    response = browser.get(start_url)
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert alice_token not in f"{response.headers}{response.cookies}"
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["path"] == "/connect"
    assert cookie["samesite"] == "Lax"
    assert not cookie["secure"]


def test_over_https_the_cookie_is_secure_and_works_in_a_frame(
    browser: Client, start_url: str, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "https://careweave.example"
    cookie = browser.get(start_url).cookies[COOKIE]
    assert cookie["secure"]
    assert cookie["samesite"] == "None"


def test_the_client_is_known_from_the_token_alone(
    clinic: System, alice_token: str, browser: Client
) -> None:
    response = browser.get(f"/connect/system/clinical/{clinic.pk}?access_token={alice_token}")
    assert response.status_code == 302


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/xhtml+xml"])
def test_faults_are_json_unless_html_is_named(clinic: System, accept: str) -> None:
    response = Client(headers={"accept": accept}).get(f"/connect/system/clinical/{clinic.pk}")
    assert response.status_code == 401
    assert response.json() == {"success": False, "error": "invalid access token"}


def test_faults_are_a_page_for_a_browser(clinic: System, browser: Client) -> None:
    response = browser.get(f"/connect/system/clinical/{clinic.pk}?access_token=nonsense")
    assert response.status_code == 401
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/html")
    assert "This link does not work any more" in text
    assert "login-form" not in text
    assert "nonsense" not in text


def test_a_token_of_another_client_is_refused(
    clinic: System,
    mallory_app: NewClient,
    alice_token: str,
    mallory_token: str,
    dana_app: NewClient,
) -> None:
    for client_id, token in (
        (mallory_app.client_id, alice_token),
        (dana_app.client_id, mallory_token),
        ("no-client", alice_token),
    ):
        response = Client().get(
            f"/connect/system/clinical/{clinic.pk}",
            {"client_id": client_id, "access_token": token},
        )
        assert (response.status_code, response.json()["error"]) == (401, "invalid access token")
    assert not LinkAttempt.objects.exists()


def test_an_expired_token_is_refused(
    start_url: str, pass_time: Callable[[timedelta], None]
) -> None:
    pass_time(timedelta(hours=2, minutes=1))
    assert Client().get(start_url).status_code == 401


def test_a_token_in_the_address_can_be_switched_off(start_url: str, settings: Any) -> None:
    settings.CONNECT_URL_TOKEN = "refuse"
    assert Client().get(start_url).json() == {"success": False, "error": "invalid access token"}


@pytest.mark.parametrize("number", ["1", "no-number", "99999999999999999999999", "1e3"])
def test_an_unknown_system_is_404(clinic: System, alice_token: str, number: str) -> None:
    response = Client().get(f"/connect/system/clinical/{number}?access_token={alice_token}")
    assert response.status_code == 404
    assert response.json() == {"success": False, "error": "unknown system"}


def test_a_hospital_is_no_device(clinic: System, alice_token: str) -> None:
    response = Client().get(f"/connect/system/device/{clinic.pk}?access_token={alice_token}")
    assert response.status_code == 404


def test_a_system_that_is_switched_off_is_unknown(clinic: System, start_url: str) -> None:
    System.objects.filter(pk=clinic.pk).update(enabled=False)
    assert Client().get(start_url).status_code == 404


def test_a_system_without_credentials_is_not_set_up_yet(
    clinic: System, start_url: str, browser: Client
) -> None:
    System.objects.filter(pk=clinic.pk).update(client_id="")
    response = Client().get(start_url)
    assert response.status_code == 409
    assert response.json() == {"success": False, "error": "this system is not set up yet"}
    page = browser.get(start_url)
    assert page.status_code == 409
    assert "not set up yet" in page.content.decode()


def test_a_source_that_is_away_sends_the_browser_back(
    browser: Client, start_url: str, source: Source
) -> None:
    source.up = False
    back = returned(browser.get(f"{start_url}&state=s"))
    assert (back["success"], back["error"]) == ("false", "temporarily_unavailable")
    assert back["state"] == "s"
    assert not LinkAttempt.objects.exists()


def test_a_state_that_cannot_be_kept_is_refused(start_url: str) -> None:
    assert Client().get(f"{start_url}&state=%00").status_code == 400
    assert Client().get(f"{start_url}&state={'s' * 2049}").status_code == 400


def test_nothing_of_a_dance_is_stored_in_clear(browser: Client, start_url: str) -> None:
    state = state_of(browser.get(start_url))
    verifier = LinkAttempt.objects.get().code_verifier.reveal()
    with database.cursor() as cursor:
        cursor.execute("select * from connectors_linkattempt")
        stored = str(cursor.fetchall())
    for secret in (state, verifier, browser.cookies[COOKIE].value):
        assert secret
        assert secret not in stored


# --- Return --------------------------------------------------------------------------------------


def test_a_connection_is_made_and_the_browser_returns_to_the_app(
    browser: Client, start_url: str, clinic: System, source: Source, alice: AppUser
) -> None:
    response = come_back(browser, state_of(browser.get(start_url)))
    assert response["Location"] == f"{SHOWN_BACK}{source.base}"
    made = Connection.objects.get()
    assert (made.app_user_id, made.system_id) == (alice.pk, clinic.pk)
    assert (made.status, made.account, made.base) == ("pending", "p-1", source.base)
    assert made.access_token.reveal() == "source-access"
    assert made.refresh_token.reveal() == "source-refresh"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"


def test_the_code_is_exchanged_with_the_verifier_of_the_challenge(
    browser: Client, start_url: str, source: Source
) -> None:
    started = browser.get(start_url)
    come_back(browser, state_of(started))
    (asked,) = source.token_calls
    digest = sha256(asked["code_verifier"].encode()).digest()
    challenge = parse_qs(urlsplit(started["Location"]).query)["code_challenge"][0]
    assert urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def test_the_first_sync_is_queued_after_commit(
    browser: Client,
    start_url: str,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        come_back(browser, state_of(browser.get(start_url)))
    (queued,) = OrmQ.objects.all()
    assert queued.task["func"] == settings.FIRST_SYNC_TASK
    assert queued.task["args"] == (Connection.objects.get().pk,)


def test_the_apps_state_is_returned(browser: Client, start_url: str) -> None:
    state = "a b&c=d/é"
    started = browser.get(f"{start_url}&state=a%20b%26c%3Dd%2F%C3%A9")
    response = come_back(browser, state_of(started))
    assert response["Location"].endswith("&state=a%20b%26c%3Dd%2F%C3%A9")
    assert returned(response)["state"] == state


def test_a_registered_redirect_uri_is_honoured_and_keeps_its_query(
    browser: Client, start_url: str
) -> None:
    started = browser.get(f"{start_url}&redirect_uri=https%3A%2F%2Fdana.example.org%2Fback%3Fx%3D1")
    response = come_back(browser, state_of(started))
    assert response["Location"].startswith(f"{SECOND_HOME}&success=true&iss=http://")


@pytest.mark.parametrize(
    "asked",
    [
        "https://mallory.example.org/",
        "http://localhost:3000/callback/evil",
        "https://dana.example.org",
    ],
)
def test_an_unregistered_redirect_uri_is_not_followed(
    browser: Client, start_url: str, asked: str, mallory_app: NewClient
) -> None:
    started = browser.get(start_url, query_params=_with(start_url, redirect_uri=asked))
    assert returned(come_back(browser, state_of(started)))["success"] == "true"


def _with(url: str, **more: str) -> dict[str, str]:
    return {**{name: v[0] for name, v in parse_qs(urlsplit(url).query).items()}, **more}


def test_a_state_works_once(browser: Client, start_url: str, source: Source) -> None:
    state = state_of(browser.get(start_url))
    come_back(browser, state)
    again = come_back(browser, state)
    assert again.status_code == 410
    assert len(source.token_calls) == 1
    assert Connection.objects.count() == 1


def test_a_state_works_in_its_own_browser_only(
    browser: Client, start_url: str, source: Source
) -> None:
    state = state_of(browser.get(start_url))
    other = Client()
    other.get(start_url)  # has a cookie too, of its own
    for stranger in (Client(), other):
        refused = come_back(stranger, state)
        assert refused.status_code == 400
        assert refused.json()["error"] == "this was started in another browser"
    assert not source.token_calls
    assert returned(come_back(browser, state))["success"] == "true"


def test_two_tabs_of_a_browser_do_not_end_each_others_dance(
    browser: Client, start_url: str
) -> None:
    first, second = (state_of(browser.get(start_url)) for _ in range(2))
    assert returned(come_back(browser, first))["success"] == "true"
    assert returned(come_back(browser, second))["success"] == "true"


def test_under_another_name_of_the_server_the_browser_is_sent_where_its_cookie_is(
    start_url: str, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    browser = Client(headers={"host": "localhost:8000", "accept": PAGE})
    state = state_of(browser.get(start_url))
    elsewhere = Client(headers={"host": "127.0.0.1:8000"})
    response = elsewhere.get("/connect/callback", {"code": "c", "state": state})
    assert response["Location"] == f"http://localhost:8000/connect/callback?code=c&state={state}"
    assert response["Referrer-Policy"] == "no-referrer"
    assert returned(come_back(browser, state))["success"] == "true"


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "guessed", "code": "c"}])
def test_an_unknown_state_ends_on_our_own_page(
    browser: Client, db: None, query: dict[str, str]
) -> None:
    page = browser.get("/connect/callback", query)
    assert page.status_code == 400
    assert "We do not know this sign-in" in page.content.decode()
    assert Client().get("/connect/callback", query).json()["error"] == "unknown state"


def test_after_ten_minutes_it_is_too_late(
    browser: Client, start_url: str, source: Source, pass_time: Callable[[timedelta], None]
) -> None:
    state = state_of(browser.get(start_url))
    pass_time(timedelta(minutes=10))
    back = returned(come_back(browser, state))
    assert (back["success"], back["error"]) == ("false", "invalid_request")
    assert not source.token_calls


def test_a_denial_is_told_to_the_app(browser: Client, start_url: str, source: Source) -> None:
    state = state_of(browser.get(f"{start_url}&state=s-1"))
    response = come_back(
        browser, state, error="access_denied", error_description="No, thank you & bye"
    )
    assert response["Location"] == (
        f"{HOME}?success=false&error=access_denied"
        "&error_description=No%2C%20thank%20you%20%26%20bye&state=s-1"
    )
    assert not source.token_calls
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    "query, error, description",
    [
        ({"error": "temporarily_unavailable"}, "temporarily_unavailable", "the source does not"),
        ({"error": "<b>\r\nSet-Cookie: a=b"}, "server_error", "the source answered with an error"),
        ({"error": "x" * 65}, "server_error", "the source answered with an error"),
        ({"error": "access_denied", "error_description": "a\r\nb" * 200}, "access_denied", "a  b"),
        ({"code": ""}, "invalid_request", "the source sent no code"),
        ({"code": "c", "error": "access_denied"}, "access_denied", "the person or the source"),
    ],
)
def test_what_a_source_says_is_made_harmless(
    browser: Client, start_url: str, query: dict[str, str], error: str, description: str
) -> None:
    back = returned(come_back(browser, state_of(browser.get(start_url)), **query))
    assert (back["success"], back["error"]) == ("false", error)
    assert back["error_description"].startswith(description)
    assert len(back["error_description"]) <= 200


@pytest.mark.parametrize(
    "status, grant, error",
    [
        (400, {"error": "invalid_grant"}, "invalid_grant"),
        (503, {}, "temporarily_unavailable"),
        (200, {"access_token": "t", "token_type": "Bearer"}, "server_error"),  # no patient
        (200, {**GRANT, "patient": "p\x00"}, "server_error"),
        (200, {**GRANT, "patient": "p" * 256}, "server_error"),
    ],
)
def test_a_failed_exchange_is_told_to_the_app(
    browser: Client, start_url: str, source: Source, status: int, grant: Any, error: str
) -> None:
    source.status, source.grant = status, grant
    state = state_of(browser.get(start_url))
    back = returned(come_back(browser, state))
    assert (back["success"], back["error"]) == ("false", error)
    assert not Connection.objects.exists()
    assert come_back(browser, state).status_code == 410


def test_connecting_again_renews_the_connection(
    browser: Client, start_url: str, source: Source, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        status=Connection.NEEDS_REAUTHORIZATION,
        failures=3,
        last_error_code="authorization_expired",
        lease_id="00000000-0000-0000-0000-000000000001",
    )
    source.grant = {**GRANT, "access_token": "newer", "refresh_token": "newer-refresh"}
    come_back(browser, state_of(browser.get(start_url)))
    renewed = Connection.objects.get()
    assert renewed.public_id == connection.public_id
    assert renewed.access_token.reveal() == "newer"
    assert (renewed.status, renewed.failures, renewed.last_error_code) == ("pending", 0, "")
    assert renewed.token_generation == connection.token_generation + 1
    assert renewed.lease_id is None


def test_what_the_source_asked_to_wait_for_outlives_a_renewal(
    browser: Client, start_url: str, connection: Connection
) -> None:
    until = connection.connected_at + timedelta(hours=1)
    Connection.objects.filter(pk=connection.pk).update(
        held_until=until, last_error_code="rate_limited"
    )
    come_back(browser, state_of(browser.get(start_url)))
    connection.refresh_from_db()
    assert connection.held_until == until


def test_another_account_at_the_same_source_is_another_connection(
    browser: Client, start_url: str, source: Source, connection: Connection
) -> None:
    source.grant = {**GRANT, "patient": "p-2"}
    come_back(browser, state_of(browser.get(start_url)))
    assert set(Connection.objects.values_list("account", flat=True)) == {"p-1", "p-2"}


def test_two_users_connect_the_same_account_apart(
    start_url: str, connection: Connection, bob: AppUser, bob_token: str, clinic: System
) -> None:
    browser = Client()
    started = browser.get(f"/connect/system/clinical/{clinic.pk}?access_token={bob_token}")
    come_back(browser, state_of(started))
    assert set(Connection.objects.values_list("app_user_id", flat=True)) == {
        connection.app_user_id,
        bob.pk,
    }


@pytest.mark.parametrize(
    "error, title", [("", "is connected"), ("access_denied", "is not connected")]
)
def test_an_app_without_an_address_gets_our_own_page(
    browser: Client, start_url: str, dana_app: NewClient, error: str, title: str
) -> None:
    dana_app.application.redirect_uris = ""
    dana_app.application.save()
    query = {"error": error} if error else {"code": "c"}
    page = come_back(browser, state_of(browser.get(start_url)), **query)
    assert page.status_code == 200
    text = page.content.decode()
    assert f"Lakeside Clinic {title}" in text
    assert "login-form" not in text


def test_an_app_without_an_address_hears_of_a_source_that_is_away(
    start_url: str, dana_app: NewClient, source: Source
) -> None:
    dana_app.application.redirect_uris = ""
    dana_app.application.save()
    source.up = False
    assert Client().get(start_url).status_code == 503


def test_the_callback_is_for_get_only(browser: Client, start_url: str) -> None:
    state = state_of(browser.get(start_url))
    assert browser.head("/connect/callback", {"code": "c", "state": state}).status_code == 405
    assert browser.post("/connect/callback", {"code": "c", "state": state}).status_code == 405
    assert returned(come_back(browser, state))["success"] == "true"


def outcome(**fields: str) -> Outcome:
    given = {"redirect_uri": "https://a.example/b", "app_state": "", "application_name": "A"}
    return Outcome(**{**given, "system_name": "S", **fields})


@pytest.mark.parametrize(
    "ended, address",
    [
        (
            outcome(iss="https://x.example/fhir"),
            "https://a.example/b?success=true&iss=https://x.example/fhir",
        ),
        (
            outcome(iss="https://x.example/a b?c", redirect_uri="https://a.example/b?x=1&y="),
            "https://a.example/b?x=1&y=&success=true&iss=https://x.example/a%20b%3Fc",
        ),
        (
            outcome(iss="i", redirect_uri="https://a.example/b?"),
            "https://a.example/b?success=true&iss=i",
        ),
        (outcome(iss="i", app_state="s&/"), "https://a.example/b?success=true&iss=i&state=s%26%2F"),
        (
            outcome(error="e", error_description="d d"),
            "https://a.example/b?success=false&error=e&error_description=d%20d",
        ),
    ],
)
def test_the_return_address(ended: Outcome, address: str) -> None:
    assert return_address(ended) == address
