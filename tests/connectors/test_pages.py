"""The pages a person finds a hospital or device on: in a frame, without cookies, without scripts
(wire contract 8.3, 11).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.models import CLINICAL, DEVICE, Connection, ConnectSession, System
from connectors.pages import opening
from connectors.pages.browser import COOKIE
from connectors.pages.theme import colour
from tests.connectors.conftest import PAGE, come_back, state_of
from tests.connectors.source import Source

pytestmark = pytest.mark.django_db

HEAVIEST = 100_000
MARKET = "/connect/marketplace"
INVALID = {"success": False, "error": "invalid access token"}


@pytest.fixture
def tracker(db: None) -> System:
    return System.objects.create(
        id=2_000_001,
        kind=DEVICE,
        name="Tracker",
        slug="fitbit",
        resource_url="https://tracker.example",
        client_id="x",
    )


@pytest.fixture
def frame() -> Client:
    """A browser that shows our pages in a frame and keeps no cookie there."""

    class Cookieless(Client):
        def request(self, **request: Any) -> Any:
            self.cookies.clear()
            response = super().request(**request)
            self.cookies.clear()
            return response

    return Cookieless(headers={"accept": PAGE, "sec-fetch-dest": "iframe"})


def pages(token: str, system: System) -> dict[str, str]:
    return {
        "search": f"/search?access_token={token}",
        "marketplace": f"{MARKET}?access_token={token}",
        "quick": f"/connect/{system.pk}?access_token={token}",
    }


def text_of(response: Any) -> str:
    assert response.status_code == 200, (response.status_code, response.content)
    return str(response.content.decode())


def names_on(response: Any) -> list[str]:
    return [row.name for row in response.context["rows"]]


def leaving(response: Any, system: System) -> str:
    """The link on the page that leads to the system, and which window it is for."""
    text = text_of(response)
    (tag,) = set(re.findall(rf'<a [^>]*href="/connect/session/[^"]+/{system.pk}"[^>]*>', text))
    assert 'target="_top"' in tag
    return unescape(str(re.findall(r'href="([^"]+)"', tag)[0]))


def key_on(response: Any) -> str:
    (key,) = re.findall(r'name="key" value="([^"]+)"', text_of(response))
    return str(key)


# --- Opening -------------------------------------------------------------------------------------


def test_a_token_alone_opens_the_search_page(
    alice_token: str, clinic: System, tracker: System
) -> None:
    response = Client().get("/search", {"access_token": alice_token})
    assert response["Content-Type"].startswith("text/html")
    assert names_on(response) == ["Lakeside Clinic", "Tracker"]
    assert "Dana&#x27;s app" in text_of(response)


def test_the_client_may_be_named_in_the_query_or_the_path(
    alice_token: str, clinic: System, dana_app: NewClient, mallory_app: NewClient
) -> None:
    token = {"access_token": alice_token}
    for path in ("/search", MARKET):
        assert Client().get(path, {**token, "client_id": dana_app.client_id}).status_code == 200
        response = Client().get(path, {**token, "client_id": mallory_app.client_id})
        assert (response.status_code, response.json()) == (401, INVALID)
    assert Client().get(f"/search/{dana_app.client_id}", token).status_code == 200
    assert Client().get(f"/search/{mallory_app.client_id}", token).status_code == 401


@pytest.mark.parametrize("name", ["search", "marketplace", "quick"])
def test_every_page_may_be_framed_and_keeps_its_address_to_itself(
    name: str, alice_token: str, clinic: System, settings: Any
) -> None:
    response = Client().get(pages(alice_token, clinic)[name])
    text_of(response)
    assert "X-Frame-Options" not in response
    assert "frame-ancestors *" in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    settings.FRAME_ANCESTORS = "https://app.example.org"
    policy = Client().get(pages(alice_token, clinic)[name])["Content-Security-Policy"]
    assert "frame-ancestors https://app.example.org" in policy


@pytest.mark.parametrize("name", ["search", "marketplace", "quick"])
def test_the_token_is_nowhere_in_the_answer(name: str, alice_token: str, clinic: System) -> None:
    response = Client().get(pages(alice_token, clinic)[name])
    assert alice_token not in f"{text_of(response)}{response.headers}{response.cookies}"
    cookie = response.cookies[opening.COOKIE]
    assert cookie["httponly"]
    assert cookie["path"] == urlsplit(pages(alice_token, clinic)[name]).path


@pytest.mark.parametrize("name", ["search", "marketplace", "quick"])
def test_only_digests_are_stored(name: str, alice_token: str, clinic: System) -> None:
    link = leaving(Client().get(pages(alice_token, clinic)[name]), clinic)
    with database.cursor() as cursor:
        cursor.execute("select * from connectors_connectsession")
        stored = str(cursor.fetchall())
    assert link.split("/")[3] not in stored


@pytest.mark.parametrize("name", ["search", "marketplace", "quick"])
def test_it_is_found_again_by_the_address_that_stays_visible(
    name: str, alice_token: str, clinic: System, browser: Client
) -> None:
    first = text_of(browser.get(pages(alice_token, clinic)[name]))
    (address,) = re.findall(r'data-address="([^"]+)"', first)
    assert "access_token" not in address
    again = browser.get(unescape(address))
    assert leaving(again, clinic) in first
    assert ConnectSession.objects.count() == 1
    for stranger in (Client(headers={"accept": PAGE}), Client()):
        assert stranger.get(unescape(address)).status_code == 410
    assert browser.get(f"{address.partition('?')[0]}?page={'0' * 12}").status_code == 410


@pytest.mark.parametrize("path", ["/search", "/search/abc", MARKET])
@pytest.mark.parametrize("token", ["", "nonsense", "0" * 40])
def test_a_bad_token_is_refused_in_json_or_for_people_on_a_page(
    db: None, path: str, token: str, browser: Client
) -> None:
    response = Client().get(path, {"access_token": token})
    assert (response.status_code, response.json()) == (401, INVALID)
    page = browser.get(path, {"access_token": token})
    assert page.status_code == 401
    assert "This link does not work any more" in page.content.decode()
    assert "X-Frame-Options" not in page


def test_an_operator_may_refuse_tokens_in_addresses(
    alice_token: str, clinic: System, settings: Any
) -> None:
    settings.CONNECT_URL_TOKEN = "refuse"
    for url in pages(alice_token, clinic).values():
        assert Client().get(url).status_code == 401
    assert Client().post("/search", {"access_token": alice_token}).status_code == 200
    assert Client().post(f"/search?access_token={alice_token}").status_code == 401


# --- Waiting for the parent frame ----------------------------------------------------------------


def test_without_a_token_it_waits_for_its_parent(dana_app: NewClient) -> None:
    response = Client().get("/search", {"client_id": dana_app.client_id, "state": "s<1"})
    text = text_of(response)
    assert "connectors/wait.js" in text
    assert f'name="client_id" value="{dana_app.client_id}"' in text
    assert 'name="state" value="s&lt;1"' in text
    assert not response.cookies
    assert "frame-ancestors *" in response["Content-Security-Policy"]


def test_the_token_may_be_posted(alice_token: str, clinic: System, frame: Client) -> None:
    response = frame.post("/search", {"access_token": alice_token, "state": "s-1"})
    assert names_on(response) == ["Lakeside Clinic"]
    assert alice_token not in text_of(response)
    assert "state=s-1" in text_of(response)


# --- Searching on, where no cookie is kept -------------------------------------------------------


def test_searching_on_takes_no_cookie_and_no_script(
    alice_token: str, clinic: System, tracker: System, frame: Client
) -> None:
    for name, path in (("search", "/search"), ("marketplace", MARKET)):
        key = key_on(frame.get(pages(alice_token, clinic)[name]))
        assert names_on(frame.post(path, {"key": key, "q": "lake"})) == ["Lakeside Clinic"]
        assert names_on(frame.post(path, {"key": key, "kind": "device"})) == ["Tracker"]
        slip = frame.post(path, {"key": key, "q": "lakesde"})
        assert "found for “lakeside”" in text_of(slip)
        assert "Search for “lakesde” instead" in text_of(slip)
        exact = frame.post(path, {"key": key, "q": "lakesde", "exact": "1"})
        assert "Nothing found for “lakesde”" in text_of(exact)


def test_what_is_typed_is_shown_as_text(alice_token: str, clinic: System, frame: Client) -> None:
    key = key_on(frame.get(pages(alice_token, clinic)["search"]))
    text = text_of(frame.post("/search", {"key": key, "q": "<zq>\x00\"'"}))
    assert "<zq>" not in text
    assert "&lt;zq&gt;" in text


def test_a_long_list_has_pages(alice_token: str, clinic: System, frame: Client) -> None:
    System.objects.bulk_create(
        System(
            id=3_000_000 + n,
            kind=CLINICAL,
            name=f"Zebra {n:03}",
            resource_url="https://z.test",
            client_id="x",
        )
        for n in range(30)
    )
    first = frame.get(pages(alice_token, clinic)["search"])
    key = key_on(first)
    assert 'name="offset" value="20"' in text_of(first)
    second = frame.post("/search", {"key": key, "offset": "20"})
    assert [*names_on(first), *names_on(second)] == [
        "Lakeside Clinic",
        *(f"Zebra {n:03}" for n in range(30)),
    ]
    assert 'name="offset" value="40"' not in text_of(second)


def test_a_page_ends_after_half_an_hour(
    alice_token: str,
    clinic: System,
    frame: Client,
    pass_time: Callable[[timedelta], None],
) -> None:
    response = frame.get(pages(alice_token, clinic)["search"])
    link, key = leaving(response, clinic), key_on(response)
    pass_time(timedelta(minutes=31))
    assert frame.post("/search", {"key": key}).status_code == 410
    assert frame.get(link).status_code == 410


@pytest.mark.parametrize("key", ["", "x", "a:b:c", "\x00", "é" * 50])
def test_a_made_up_key_opens_nothing(db: None, key: str) -> None:
    response = Client().post("/search", {"key": key})
    assert response.status_code == 410


# --- Leaving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["search", "marketplace", "quick"])
def test_a_link_leads_to_the_source_in_the_top_window(
    name: str,
    alice: AppUser,
    alice_token: str,
    clinic: System,
    source: Source,
    frame: Client,
    browser: Client,
) -> None:
    """The frame keeps no cookie; the top window does."""
    link = leaving(frame.get(f"{pages(alice_token, clinic)[name]}&state=s-1"), clinic)
    followed = browser.get(link)
    assert followed.cookies[COOKIE]["httponly"]
    assert link.split("/")[3] not in followed["Location"]
    onwards = browser.get(followed["Location"])
    assert onwards["Location"].startswith(f"{source.authorize_url}?")
    back = come_back(browser, state_of(onwards))["Location"]
    assert back == f"http://localhost:3000/callback?success=true&iss={source.base}&state=s-1"
    assert Connection.objects.get().app_user == alice


def test_who_comes_back_may_choose_again_but_nobody_else(
    alice_token: str, clinic: System, tracker: System, frame: Client, browser: Client
) -> None:
    page = frame.get(pages(alice_token, clinic)["search"])
    assert browser.get(leaving(page, tracker)).status_code == 302
    again = browser.get(leaving(page, clinic))
    assert again["Location"].startswith(f"/connect/choose/{clinic.pk}?visit=")
    stranger = Client(headers={"accept": PAGE})
    assert stranger.get(leaving(page, clinic)).status_code == 410
    stranger.cookies[COOKIE] = "y" * 43
    assert stranger.get(leaving(page, clinic)).status_code == 410


def test_a_registered_redirect_uri_is_honoured(
    alice_token: str, clinic: System, frame: Client, browser: Client
) -> None:
    home = "https://dana.example.org/back?x=1"
    for asked, expected in ((home, home), ("https://mallory.example.org/", "http://localhost")):
        page = frame.get(
            "/search", {"access_token": alice_token, "redirect_uri": asked, "state": "s"}
        )
        onwards = browser.get(browser.get(leaving(page, clinic))["Location"])
        assert come_back(browser, state_of(onwards))["Location"].startswith(expected)


@pytest.mark.parametrize("headers", [{"sec-purpose": "prefetch"}, {"x-moz": "prefetch"}])
def test_a_look_binds_the_page_to_nobody(
    alice_token: str, clinic: System, frame: Client, browser: Client, headers: dict[str, str]
) -> None:
    link = leaving(frame.get(pages(alice_token, clinic)["search"]), clinic)
    assert Client().get(link, headers=headers).status_code == 503
    assert Client().head(link).status_code == 200
    assert browser.get(link).status_code == 302


def test_a_session_links_secret_opens_no_page_nor_the_other_way_round(
    dana_app: NewClient, alice: AppUser, alice_token: str, clinic: System, browser: Client
) -> None:
    own = {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}
    made = Client().post("/connect/session", {**own, "app_user_id": "alice"}).json()["url"]
    assert browser.get(f"{urlsplit(made).path}/{clinic.pk}").status_code == 410
    page = browser.get(pages(alice_token, clinic)["search"])
    assert browser.get(leaving(page, clinic).rpartition("/")[0]).status_code == 410


def test_unknown_systems_use_nothing_up(
    alice_token: str, clinic: System, frame: Client, browser: Client
) -> None:
    link = leaving(frame.get(pages(alice_token, clinic)["search"]), clinic)
    for wrong in ("1", "x", "..", "%2e%2e"):
        assert browser.get(f"{link.rpartition('/')[0]}/{wrong}").status_code == 404
    assert browser.get(link).status_code == 302


def test_erasing_a_user_ends_the_pages_too(
    alice: AppUser, alice_token: str, clinic: System, frame: Client
) -> None:
    key = key_on(frame.get(pages(alice_token, clinic)["search"]))
    headers = {"authorization": f"Bearer {alice_token}"}
    erased = Client().delete(f"/connect/api/data?confirm={alice.pk}", headers=headers)
    assert erased.status_code == 202
    assert frame.post("/search", {"key": key}).status_code == 410


# --- What is connected ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status, said",
    [
        ("connected", "Connected"),
        ("failing", "Not answering"),
        ("needs_reauthorization", "It asks you to sign in again"),
    ],
)
def test_what_is_connected_is_shown(
    connection: Connection, alice_token: str, clinic: System, frame: Client, status: str, said: str
) -> None:
    Connection.objects.update(status=status)
    text = text_of(frame.get(pages(alice_token, clinic)["search"]))
    assert "Already connected" in text
    assert said in text
    Connection.objects.update(status="disconnected")
    assert "Already connected" not in text_of(frame.get(pages(alice_token, clinic)["search"]))


def test_nobody_elses_connection_is_shown(
    connection: Connection, bob_token: str, clinic: System, frame: Client
) -> None:
    assert "Already connected" not in text_of(frame.get(pages(bob_token, clinic)["search"]))


def test_a_system_that_is_down_can_be_chosen_with_a_warning(
    alice_token: str, clinic: System, frame: Client
) -> None:
    System.objects.filter(pk=clinic.pk).update(status="connection_unavailable")
    page = frame.get(pages(alice_token, clinic)["search"])
    assert "Not reachable right now" in text_of(page)
    leaving(page, clinic)


# --- Quick connect -------------------------------------------------------------------------------


def test_quick_connect_says_what_will_be_shared(
    alice_token: str, clinic: System, tracker: System
) -> None:
    text = text_of(Client().get(pages(alice_token, clinic)["quick"]))
    assert "Continue to Lakeside Clinic" in text
    assert "Lab results and vital signs" in text
    assert "error=access_denied" in text
    assert "Heart rate and sleep" in text_of(Client().get(pages(alice_token, tracker)["quick"]))


@pytest.mark.parametrize("accept", ["*/*", "application/json", PAGE])
@pytest.mark.parametrize("style", ["page", "redirect"])
@pytest.mark.parametrize("query", ["", "?access_token=", "?access_token=nonsense"])
def test_a_bad_token_is_always_answered_in_json(
    clinic: System, settings: Any, accept: str, style: str, query: str
) -> None:
    settings.QUICK_CONNECT = style
    response = Client(headers={"accept": accept}).get(f"/connect/{clinic.pk}{query}")
    assert (response.status_code, response.json()) == (401, INVALID)


def test_quick_connect_to_what_is_unknown_or_not_set_up(alice_token: str, clinic: System) -> None:
    System.objects.filter(pk=clinic.pk).update(client_id="")
    for path, status in ((f"/connect/{clinic.pk}", 409), ("/connect/1", 404)):
        assert Client().get(path, {"access_token": alice_token}).status_code == status
    assert Client().get(f"/connect/{'9' * 40}", {"access_token": alice_token}).status_code == 404


def test_quick_connect_may_lead_on_at_once(
    alice_token: str, clinic: System, source: Source, browser: Client, settings: Any
) -> None:
    settings.QUICK_CONNECT = "redirect"
    response = browser.get(f"{pages(alice_token, clinic)['quick']}&state=s-1")
    assert response["Location"].startswith(f"{source.authorize_url}?")
    assert come_back(browser, state_of(response))["Location"].endswith("&state=s-1")


def test_an_empty_json_body_changes_nothing(alice_token: str, clinic: System) -> None:
    response = Client().generic(
        "GET",
        pages(alice_token, clinic)["quick"],
        data="{}",
        content_type="application/json",
        headers={"accept": "application/json"},
    )
    assert "Continue to Lakeside Clinic" in text_of(response)


@pytest.mark.parametrize(
    "given, digits",
    [
        ("ff00ff", "ff00ff"),
        ("FF00FF", "ff00ff"),
        ("#abc", "aabbcc"),
        ("abc", "aabbcc"),
        ("red", ""),
        ("ff00f", ""),
        ("ff00ff;x", ""),
        ("ff00ff\n", "ff00ff"),
        ("", ""),
    ],
)
def test_a_background_is_a_hex_colour_or_none(
    alice_token: str, clinic: System, given: str, digits: str
) -> None:
    assert colour(given) == digits
    query = {"access_token": alice_token, "bg": given}
    text = text_of(Client().get(f"/connect/{clinic.pk}", query))
    assert ("/connect/theme/" in text) == bool(digits)
    if digits:
        css = Client().get(f"/connect/theme/{digits}.css")
        assert css["Content-Type"].startswith("text/css")
        assert f"--canvas:#{digits};" in css.content.decode()
        assert "immutable" in css["Cache-Control"]


@pytest.mark.parametrize(
    "name, ink", [("000000", "#fff"), ("ffffff", "#000"), ("777777", "#000"), ("3a46c7", "#fff")]
)
def test_text_on_a_background_can_be_read(db: None, name: str, ink: str) -> None:
    assert f"--ink:{ink};" in Client().get(f"/connect/theme/{name}.css").content.decode()


@pytest.mark.parametrize("name", ["abc.css", "ABCDEF.css", "ff00ff", "}x{.css", ".css"])
def test_no_other_stylesheet_is_made(db: None, name: str) -> None:
    assert Client().get(f"/connect/theme/{name}").status_code == 404


# --- Weight and form -----------------------------------------------------------------------------


def every_page(
    token: str, system: System, app: NewClient, browser: Client
) -> dict[str, tuple[int, str]]:
    """Each page of the connect flow, with its status."""
    own = {"client_id": app.client_id, "client_secret": app.client_secret}
    link = Client().post("/connect/session", {**own, "app_user_id": "alice"}).json()["url"]
    browser.get(urlsplit(link).path)
    addresses = {
        **pages(token, system),
        "quick-coloured": f"{pages(token, system)['quick']}&bg=ff00ff",
        "waiting": "/search",
        "choose": "/connect/choose",
        "choose-empty": "/connect/choose?q=nothing-like-it",
        "expired": "/connect/session/gone",
        "refused": "/search?access_token=x",
        "unknown": "/connect/callback?state=x",
    }
    found = {}
    for name, address in addresses.items():
        response = browser.get(address)
        found[name] = (response.status_code, response.content.decode())
    return found


def test_every_page_is_light_and_holds_nothing_inline(
    alice_token: str, clinic: System, tracker: System, dana_app: NewClient, browser: Client
) -> None:
    System.objects.bulk_create(
        System(
            id=3_000_000 + n,
            kind=CLINICAL,
            name=f"{n:03} {'Very long name of a hospital ' * 8}",
            resource_url="https://z.test",
            client_id="x",
        )
        for n in range(30)
    )
    found = every_page(alice_token, clinic, dana_app, browser)
    weights = {}
    for name, (status, text) in found.items():
        assert status in (200, 400, 401, 410), name
        assert text.startswith("<!doctype html>"), name
        for forbidden in ("<style", " style=", "onclick", "javascript:", "login-form", "http://a"):
            assert forbidden not in text, name
        assert re.search(r"<script(?![^>]*src)", text) is None, name
        weights[name] = len(text.encode()) + sum(map(weight, loaded(text)))
    assert max(weights.values()) < HEAVIEST, weights


def loaded(text: str) -> set[str]:
    """The files a page loads from us."""
    named = re.findall(r'(?:src|href)="(/[^"#]+\.(?:css|js|svg|png|woff2)|/static/[^"#]+)', text)
    return set(named)


def weight(path: str) -> int:
    if path.startswith("/static/"):
        file = finders.find(path.removeprefix("/static/"))
        assert isinstance(file, str), path
        return Path(file).stat().st_size
    return len(Client().get(path).content)


def test_no_file_of_ours_says_the_words_that_one_client_takes_for_unauthorized() -> None:
    root = Path(__file__).parents[2]
    for folder in ("templates/connectors", "templates/layout", "templates/parts", "static"):
        for file in (root / folder).rglob("*"):
            if file.suffix in (".html", ".css", ".js", ".svg"):
                assert "login-form" not in file.read_text(), file


@pytest.mark.parametrize("name, most", [("search", 9), ("marketplace", 9), ("quick", 6)])
def test_few_queries_however_long_the_list(
    name: str, most: int, alice_token: str, clinic: System, frame: Client
) -> None:
    System.objects.bulk_create(
        System(
            id=3_000_000 + n,
            kind=CLINICAL,
            name=f"Zebra {n:05}",
            resource_url="https://z.test",
            client_id="x",
        )
        for n in range(2_000)
    )
    with CaptureQueriesContext(database) as asked:
        text_of(frame.get(pages(alice_token, clinic)[name]))
    assert len(asked) <= most, [query["sql"][:120] for query in asked]
