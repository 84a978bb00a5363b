"""Applications: registered with several redirect URLs, a secret shown once, rotated with an
overlap, test and live mode, and the end."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.applications import NewClient, create_application
from accounts.client_auth import BadClient, authenticate_client
from accounts.developer_changes import changes_of
from accounts.models import AccessToken, Application, AppUser, AuditRecord, User
from console.applications import slug_of

pytestmark = pytest.mark.django_db
SECRET = re.compile(r'<output id="new-secret"[^>]*>([0-9a-f]{40})</output>')


@pytest.fixture
def keys(dana_app: NewClient) -> str:
    """The address of the app's credentials."""
    return reverse("console:app", args=(slug_of(dana_app.application),))


def fresh(dana_app: NewClient) -> Application:
    return Application.objects.get(pk=dana_app.application.pk)


def accepts(client_id: str, secret: str, *, later: timedelta = timedelta(0)) -> bool:
    try:
        authenticate_client(
            {"client_id": client_id, "client_secret": secret}, now=clock.now() + later
        )
    except BadClient:
        return False
    return True


def test_a_new_application_shows_its_secret_once(browser: Client, dana: User) -> None:
    uris = "https://app.example.org/done, http://localhost:3000/back"
    answer = browser.post(
        "/console/apps/new",
        {"name": "Steps & Labs", "redirect_uris": uris, "mode": "test"},
        follow=True,
    )
    made = Application.objects.get(name="Steps & Labs")
    assert made.user == dana
    assert made.redirect_uris == "https://app.example.org/done http://localhost:3000/back"
    assert made.mode == Application.TEST
    found = SECRET.search(answer.content.decode())
    assert found is not None
    assert accepts(made.client_id, found[1])
    assert "no-store" in answer["Cache-Control"]
    again = browser.get(reverse("console:app", args=(slug_of(made),))).content.decode()
    assert found[1] not in again
    assert f"…{found[1][-4:]}" in again
    assert [change.what for change in changes_of(made, most=5)] == ["app-created"]


def test_the_secret_is_in_no_table(browser: Client) -> None:
    browser.post(
        "/console/apps/new",
        {"name": "Kept", "redirect_uris": "https://app.example.org/done", "mode": "live"},
    )
    kept = browser.session["console_new_secret"]["secret"]
    assert not re.search(r"\b[0-9a-f]{40}\b", kept)


def test_a_developer_whose_address_changed_stays_the_same_developer(
    browser: Client, dana: User
) -> None:
    User.objects.filter(pk=dana.pk).update(email="dana.new@example.org")
    browser.post(
        "/console/apps/new",
        {"name": "Later", "redirect_uris": "https://app.example.org/done", "mode": "test"},
    )
    assert Application.objects.get(name="Later").user == dana


@pytest.mark.parametrize(
    ("uris", "mode", "words"),
    [
        ("", "test", "Write at least one"),
        ("app.example.org/x", "test", "Start with https://. Try <code>https://app.example.org/x"),
        ("https://app.example.org/x#y", "test", "Leave off “#y”"),
        ("http://app.example.org/x", "live", "Use https. Try <code>https://app.example.org/x"),
        ("https://localhost/x", "live", "“localhost” is allowed in test mode only."),
        ("https://ok.example.org nonsense", "test", "“nonsense” names no host."),
    ],
)
def test_what_is_wrong_with_a_redirect_url_is_said_with_the_right_one(
    browser: Client, uris: str, mode: str, words: str
) -> None:
    answer = browser.post("/console/apps/new", {"name": "App", "redirect_uris": uris, "mode": mode})
    page = answer.content.decode()
    assert words in page
    assert page.count("<title>Error") == 1
    assert not Application.objects.filter(name="App").exists()


def test_rotating_keeps_the_old_secret_for_the_chosen_time(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    page = browser.post(f"{keys}/secret", {"grace": "7d"}, follow=True).content.decode()
    found = SECRET.search(page)
    assert found is not None
    client_id = dana_app.client_id
    assert accepts(client_id, found[1])
    assert accepts(client_id, dana_app.client_secret, later=timedelta(days=6))
    assert not accepts(client_id, dana_app.client_secret, later=timedelta(days=8))
    browser.post(f"{keys}/secret/end")
    assert not accepts(client_id, dana_app.client_secret)
    assert accepts(client_id, found[1])


def test_a_leaked_secret_ends_at_once(browser: Client, dana_app: NewClient, keys: str) -> None:
    browser.post(f"{keys}/secret", {"grace": "0"})
    assert not accepts(dana_app.client_id, dana_app.client_secret)


def test_an_unknown_overlap_rotates_nothing(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    assert browser.post(f"{keys}/secret", {"grace": "forever"}).status_code == 200
    assert accepts(dana_app.client_id, dana_app.client_secret)


def test_redirect_urls_are_added_preferred_and_removed(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    first, second = dana_app.application.redirect_uris.split()
    browser.post(f"{keys}/redirects", {"add": "https://third.example.org/"})
    assert fresh(dana_app).redirect_uris.split() == [first, second, "https://third.example.org/"]
    browser.post(f"{keys}/redirects", {"first": "https://third.example.org/"})
    assert fresh(dana_app).redirect_uris.split() == ["https://third.example.org/", first, second]
    browser.post(f"{keys}/redirects", {"remove": first})
    browser.post(f"{keys}/redirects", {"remove": second})
    kept = browser.post(f"{keys}/redirects", {"remove": "https://third.example.org/"}, follow=True)
    assert "keeps at least one" in kept.content.decode()
    assert fresh(dana_app).redirect_uris == "https://third.example.org/"


def test_a_wrong_redirect_url_is_kept_in_its_field_with_a_link_to_the_right_one(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    wrong = "ftp://app.example.org/cb#x"
    page = browser.post(f"{keys}/redirects", {"add": wrong}).content.decode()
    assert f'value="{wrong}"' in page
    assert f'href="{keys}?uri=https%3A%2F%2Fapp.example.org%2Fcb#add"' in page
    assert "Use https instead of “ftp” and leave off “#x”." in page
    assert len(fresh(dana_app).redirect_uris.split()) == 2


def test_going_live_names_the_urls_that_stand_in_the_way(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    page = browser.post(f"{keys}/mode", {"mode": "live"}).content.decode()
    assert "One redirect URL stands in the way" in page
    assert fresh(dana_app).mode == Application.TEST
    browser.post(f"{keys}/redirects", {"remove": "http://localhost:3000/callback"})
    browser.post(f"{keys}/mode", {"mode": "live"})
    assert fresh(dana_app).mode == Application.LIVE
    assert "Test mode." not in browser.get(keys).content.decode()
    browser.post(f"{keys}/mode", {"mode": "test"})
    assert fresh(dana_app).mode == Application.TEST


def test_the_name_is_changed(browser: Client, dana_app: NewClient, keys: str) -> None:
    browser.post(f"{keys}/name", {"name": "Renamed"})
    assert fresh(dana_app).name == "Renamed"


def test_changes_are_listed_with_who_made_them(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    browser.post(f"{keys}/secret", {"grace": "1d"})
    browser.post(f"{keys}/mode", {"mode": "live"})  # refused: not a change
    page = browser.get(keys).content.decode()
    assert "Secret rotated" in page
    assert "Switched to live mode" not in page
    assert page.count("dana@example.org") > 1


def test_deleting_says_what_goes(
    browser: Client, keys: str, alice: AppUser, alice_token: str
) -> None:
    page = browser.get(f"{keys}/delete").content.decode()
    for words in ("1 user", "0 connections", "1 access token", "for ever"):
        assert words.lower() in page.lower()


def test_a_wrong_name_deletes_nothing(browser: Client, dana_app: NewClient, keys: str) -> None:
    page = browser.post(f"{keys}/delete", {"name": "danas app"}).content.decode()
    assert "That is not the name." in page
    assert fresh(dana_app).closing is None


@pytest.mark.usefixtures("alice", "alice_token")
def test_the_typed_name_ends_the_application_at_once(
    browser: Client, dana_app: NewClient, keys: str
) -> None:
    answer = browser.post(f"{keys}/delete", {"name": "Dana's app"})
    assert answer["Location"] == "/console"
    assert not accepts(dana_app.client_id, dana_app.client_secret)
    assert not AccessToken.objects.filter(application=dana_app.application).exists()
    assert browser.get(keys).status_code == 404
    assert fresh(dana_app).closing is not None
    record = AuditRecord.objects.get(interaction="app-deleted")
    assert record.application == dana_app.application.pk


def test_two_applications_of_one_developer_do_not_mix(
    browser: Client, dana_app: NewClient, dana: User
) -> None:
    other = create_application(
        developer=dana, name="Other", redirect_uris=["https://o.example.org/"], now=clock.now()
    )
    browser.post(f"/console/apps/{slug_of(other.application)}/delete", {"name": "Other"})
    assert accepts(dana_app.client_id, dana_app.client_secret)


def test_changes_of_users_name_the_user(
    browser: Client, dana_app: NewClient, alice: AppUser, keys: str
) -> None:
    browser.post(f"{keys}/users/{alice.pk}/deactivate", {"active": "false"})
    browser.post(f"{keys}/users/new", {"app_user_id": "sample-9"})
    browser.post(f"{keys}/users/new", {"app_user_id": "sample-9"})  # refused: not a change
    found = changes_of(dana_app.application, most=9)
    made = AppUser.objects.get(app_user_id="sample-9")
    assert [(change.what, change.app_user) for change in found] == [
        ("user-created", made.pk),
        ("user-deactivated", alice.pk),
    ]
    page = browser.get(keys).content.decode()
    assert f'User deactivated, <a href="{keys}/users/{alice.pk}">' in page


def test_codes_tokens_and_links_made_for_a_user_are_recorded(
    browser: Client, dana_app: NewClient, alice: AppUser, keys: str
) -> None:
    for kind in ("code", "token", "link"):
        browser.post(f"{keys}/users/{alice.pk}", {"make": kind})
    whats = {change.what for change in changes_of(dana_app.application, most=9)}
    assert whats == {"code-issued", "token-issued", "link-issued"}
