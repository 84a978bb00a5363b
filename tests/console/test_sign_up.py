"""A developer signs up, confirms, forgets the password, and is held up when guessing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings

from accounts.applications import NewClient
from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
ADDRESS = "Eve@Example.org"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


@pytest.fixture
def browser() -> Client:
    return Client(headers={"Accept": "text/html"})


def sign_up(browser: Client, address: str = ADDRESS, password: str = PASSWORD) -> str:
    """The page that follows."""
    answer = browser.post(
        "/accounts/signup", {"email": address, "password1": password}, follow=True
    )
    return answer.content.decode()


def link_in(text: str, path: str) -> str:
    found = re.search(rf"https?://[^/]+(/accounts/{path}[^\s\"<]+)", unescape(text))
    assert found, text
    return found[1]


def test_signing_up_ends_in_the_console(browser: Client) -> None:
    page = sign_up(browser)
    link = link_in(page, "confirm-email/")
    assert link == link_in(str(mail.outbox[0].body), "confirm-email/")
    assert "Confirm and go on" in browser.get(link).content.decode()
    assert browser.post(link)["Location"] == "/console"
    developer = User.objects.get(email="eve@example.org")
    assert developer.username == "eve@example.org"
    assert developer.email_confirmed_at is not None
    assert browser.get("/console/styleguide").status_code == 200


def test_a_link_works_once(browser: Client) -> None:
    link = link_in(sign_up(browser), "confirm-email/")
    browser.post(link)
    assert "does not work any more" in Client().get(link).content.decode()


def test_the_link_is_shown_to_no_other_browser_and_not_in_production(browser: Client) -> None:
    sign_up(browser)
    assert (
        "/accounts/confirm-email/" not in Client().get("/accounts/confirm-email").content.decode()
    )
    with override_settings(PRODUCTION=True):
        page = sign_up(Client(), "other@example.org")
    assert "This demo sends no mail" not in page
    assert len(mail.outbox) == 2


def test_who_has_not_confirmed_cannot_log_in(browser: Client) -> None:
    sign_up(browser)
    other = Client()
    answer = other.post("/accounts/login", {"login": ADDRESS, "password": PASSWORD})
    assert answer["Location"] == "/accounts/confirm-email"
    assert other.get("/console/styleguide").status_code == 302


def test_a_taken_address_is_not_told(browser: Client, dana_app: NewClient) -> None:
    page = sign_up(browser, "dana@example.org")
    assert "We sent a link to dana@example.org" in page
    assert User.objects.filter(email="dana@example.org").count() == 1
    assert "/accounts/confirm-email/" not in page
    assert "has an account" in str(mail.outbox[0].body)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("abcdefghi", "Use 12 characters or more, 3 are missing."),
        ("abcdefghijk", "Use 12 characters or more, 1 is missing."),
        ("123456789012345", "entirely numeric"),
        ("eve@example.org", "too similar"),
    ],
)
def test_a_weak_password_is_told_why_and_what_was_typed_stays(
    browser: Client, password: str, says: str
) -> None:
    page = sign_up(browser, password=password)
    assert says in page
    assert "<title>Error: " in page
    assert 'value="Eve@Example.org"' in page or 'value="eve@example.org"' in page
    assert not User.objects.exists()


def test_the_host_somebody_asks_with_stands_in_no_mail(browser: Client) -> None:
    """Else a stranger would have us mail a link that carries the key to another port."""
    browser.post(link_in(sign_up(browser), "confirm-email/"))
    mail.outbox.clear()
    stranger = Client(headers={"host": "localhost:6666"})
    stranger.post("/accounts/password/reset", {"email": ADDRESS})
    stranger.post("/accounts/password/reset", {"email": "nobody@example.org"})
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "6666" not in str(message.body)
        assert f"{settings.PUBLIC_BASE_URL}/accounts/" in str(message.body)


def test_a_forgotten_password_is_set_anew_by_a_mailed_link(browser: Client) -> None:
    browser.post(link_in(sign_up(browser), "confirm-email/"))
    mail.outbox.clear()
    other = Client()
    other.post("/accounts/password/reset", {"email": ADDRESS})
    link = link_in(str(mail.outbox[0].body), "password/reset/key/")
    form = other.get(link)["Location"]
    new = "battery horse correct"
    other.post(form, {"password1": new, "password2": new})
    fresh = Client()
    assert (
        fresh.post("/accounts/login", {"login": ADDRESS, "password": PASSWORD}).status_code == 200
    )
    answer = fresh.post("/accounts/login", {"login": ADDRESS, "password": new})
    assert answer["Location"] == "/console"
    assert "does not work any more" in Client().get(link, follow=True).content.decode()


def test_an_unknown_address_is_answered_like_a_known_one(browser: Client) -> None:
    answer = browser.post("/accounts/password/reset", {"email": "nobody@example.org"}, follow=True)
    assert "If there is an account" in answer.content.decode()


def test_guessing_a_password_is_held_up(browser: Client) -> None:
    browser.post(link_in(sign_up(browser), "confirm-email/"))
    guesser = Client()
    for _ in range(5):
        guesser.post("/accounts/login", {"login": ADDRESS, "password": "wrong wrong wrong"})
    page = guesser.post("/accounts/login", {"login": ADDRESS, "password": PASSWORD})
    assert "Wait five minutes" in page.content.decode()
    assert guesser.get("/console/styleguide").status_code == 302


def test_signing_up_without_end_is_answered_429() -> None:
    client = Client(headers={"Accept": "text/html"})
    for number in range(20):
        client.post("/accounts/signup", {"email": f"e{number}@example.org", "password1": "short"})
    answer = client.post("/accounts/signup", {"email": ADDRESS, "password1": PASSWORD})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


def test_logging_out_ends_the_session(browser: Client) -> None:
    browser.post(link_in(sign_up(browser), "confirm-email/"))
    assert browser.post("/accounts/logout")["Location"] == "/"
    assert browser.get("/console/styleguide").status_code == 302


def test_a_form_from_elsewhere_is_refused_with_a_page() -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Accept": "text/html"})
    answer = strict.post("/accounts/login", {"login": ADDRESS, "password": PASSWORD})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
