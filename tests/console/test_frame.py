"""The frame of all pages: who gets in, what the sidebar lists, the theme, and what is not there."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.applications import NewClient
from accounts.models import User
from console.applications import slug_of

pytestmark = pytest.mark.django_db
PAGE = {"Accept": "text/html,*/*"}


@pytest.fixture
def browser(dana: User) -> Client:
    """Dana's browser, logged in."""
    client = Client(headers=PAGE)
    client.force_login(dana, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("path", ["/", "/accounts/login", "/accounts/signup"])
def test_public_pages_have_one_heading_and_nothing_inline(path: str) -> None:
    page = Client(headers=PAGE).get(path).content.decode()
    assert page.count("<h1>") == 1
    assert "<h1></h1>" not in page
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page


def test_a_console_page_asks_a_stranger_to_log_in_and_come_back() -> None:
    answer = Client(headers=PAGE).get("/console/styleguide")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login?next=/console/styleguide"


def test_a_console_page_is_stored_in_no_cache(browser: Client) -> None:
    answer = browser.get("/console/styleguide")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_the_sidebar_lists_the_developers_own_apps(
    browser: Client, dana_app: NewClient, mallory_app: NewClient
) -> None:
    page = browser.get("/console/styleguide").content.decode()
    assert "Dana&#x27;s app" in page
    assert "Mallory" not in page
    assert "dana@example.org" in page


def test_who_is_logged_in_goes_from_the_front_page_to_the_console(browser: Client) -> None:
    assert browser.get("/")["Location"] == "/console"


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/patient/user/register", "/accounts/signup"),
        ("/devconsole", "/console"),
        ("/dev/quick-start", "/docs/quickstart"),
    ],
)
def test_the_courtesy_addresses_lead_on(path: str, leads_to: str) -> None:
    assert Client().get(path)["Location"].startswith(leads_to)


def test_the_theme_is_a_cookie_that_the_server_writes_into_the_page() -> None:
    client = Client(headers=PAGE)
    assert "data-theme" not in client.get("/").content.decode()
    client.post("/console/theme", {"theme": "dark", "next": "/accounts/login"})
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/console/theme", {"theme": "system"})
    assert "data-theme" not in client.get("/").content.decode()


def test_the_theme_form_leads_to_no_other_site() -> None:
    answer = Client().post("/console/theme", {"theme": "dark", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_an_unknown_address_is_a_page_for_people_and_json_for_programs(browser: Client) -> None:
    page = browser.get("/console/nowhere")
    assert page.status_code == 404
    assert "There is nothing at this address" in page.content.decode()
    assert 'aria-label="Console"' in page.content.decode()
    program = Client(headers={"Accept": "application/json"}).get("/nowhere")
    assert program.status_code == 404
    assert program.json()["status"] == 404


def test_an_apps_address_begins_with_its_client_id(dana_app: NewClient) -> None:
    assert dana_app.client_id.startswith(slug_of(dana_app.application))
