"""Finding a hospital in a real browser, in a frame of another site: searching as one types, the
token that a parent frame hands over, the source's sign-in in the top window (wire contract 11.1).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.contract.api import App, User
from tests.e2e import page_checks as checks
from tests.e2e.chromium import NARROW, PHONE, browser_or_skip
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("pages")

_numbers = count(1)
PARENT = """<!doctype html><title>An app</title><h1>An app</h1>
<script>
addEventListener("message", (event) => {
  if (event.data !== "" || !event.ports.length) return;
  window.asked = (window.asked || 0) + 1;
  event.ports[0].postMessage({jwt: "%(token)s"});
});
</script>
<iframe src="%(url)s" width="100%%" height="500"></iframe>
"""


class AppSite:
    """An app's own site, under another host name than ours, so that its frames are another
    site's: browsers keep our cookies out of them.
    """

    def __init__(self) -> None:
        self.body = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = site.body.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self._server.server_address[1]}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser_or_skip() as running:
        yield running


@pytest.fixture(scope="module")
def stack(chromium: Browser) -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture(scope="module")
def app_site() -> Iterator[AppSite]:
    site = AppSite()
    yield site
    site.close()


@pytest.fixture
def person(stack: Stack) -> User:
    app = App(stack.base_url, stack.client_id, stack.client_secret)
    return app.user(f"frame-{next(_numbers)}")


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    # Where the dance ends, nobody listens: the app's page is answered here.
    context.route("http://localhost:3000/**", lambda route: route.fulfill(body="back"))
    yield context.new_page()
    context.close()


@pytest.fixture
def in_frame(app_site: AppSite, tab: Page) -> Callable[..., FrameLocator]:
    """The app's page opened, with ours at this address in its frame."""

    def opened(url: str, *, token: str = "") -> FrameLocator:
        app_site.body = PARENT % {"url": url, "token": token}
        tab.goto(app_site.url)
        return tab.frame_locator("iframe")

    return opened


def rows(frame: FrameLocator | Page) -> Any:
    return frame.locator("#rows li")


def sign_in(tab: Page, stack: Stack) -> None:
    """At the simulated hospital, in the top window, and back to the app."""
    tab.wait_for_url(f"{stack.sandbox_url}/**")
    tab.fill("input[name=username]", "fhirjason")
    tab.fill("input[name=password]", "epicepic1")
    tab.keyboard.press("Enter")
    tab.click("button[name=decision][value=allow]")
    tab.wait_for_url(f"{stack.redirect_uri}**")
    assert "success=true" in tab.url


def test_in_a_frame_of_another_site_one_searches_and_connects_in_the_top_window(
    stack: Stack, person: User, tab: Page, in_frame: Callable[..., FrameLocator]
) -> None:
    frame = in_frame(f"{stack.base_url}/search/?access_token={person.access_token}")
    expect(rows(frame).filter(has_text="EPIC")).to_have_count(1)
    expect(frame.locator("body > header")).to_be_hidden()

    frame.locator("#q").press_sequentially("epoc medical")
    expect(frame.locator("#count")).to_contain_text("found for “epic medical”")
    expect(rows(frame)).to_have_count(1)
    frame.get_by_role("button", name="instead").click()
    expect(frame.locator("#count")).to_contain_text("Nothing found for “epoc medical”")
    expect(frame.locator("#q")).to_have_value("epoc medical")

    frame.locator("#q").fill("")
    frame.get_by_role("button", name="Devices").click()
    expect(rows(frame).filter(has_text="Fitbit")).to_have_count(1)
    expect(rows(frame).filter(has_text="EPIC")).to_have_count(0)
    expect(frame.get_by_role("button", name="Devices")).to_have_attribute("aria-pressed", "true")
    frame.get_by_role("button", name="All").click()

    rows(frame).filter(has_text="EPIC").locator("a").click()
    sign_in(tab, stack)
    kinds = [row["system_id"] for row in person.get("/connect/api/connections").json()["entry"]]
    assert kinds == [4706]
    sites = {cookie["domain"] for cookie in tab.context.cookies() if "page" in cookie["name"]}
    assert sites == set(), "the frame kept a cookie, so this shows nothing"


def test_the_parent_frame_hands_the_token_over_by_its_port(
    stack: Stack, person: User, tab: Page, in_frame: Callable[..., FrameLocator]
) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    frame = in_frame(f"{stack.base_url}/search", token=person.access_token)
    expect(rows(frame).filter(has_text="EPIC")).to_have_count(1)
    assert tab.evaluate("window.asked") >= 1
    assert [url for url in asked if person.access_token in url] == []
    assert tab.frames[1].url.rstrip("/").startswith(f"{stack.base_url}/search")
    rows(frame).filter(has_text="EPIC").locator("a").click()
    sign_in(tab, stack)


def test_a_parent_with_a_bad_token_is_told_in_the_frame(
    stack: Stack, tab: Page, in_frame: Callable[..., FrameLocator]
) -> None:
    frame = in_frame(f"{stack.base_url}/search", token="0" * 40)
    expect(frame.locator("h1")).to_have_text("This link does not work any more")


def test_the_token_leaves_the_address_and_the_page_survives_a_reload(
    stack: Stack, person: User, tab: Page
) -> None:
    tab.goto(f"{stack.base_url}/search?access_token={person.access_token}")
    tab.wait_for_url("**/search?page=*")
    tab.fill("#q", "epic")
    expect(rows(tab)).to_have_count(1)
    tab.reload()
    expect(rows(tab).filter(has_text="EPIC")).to_have_count(1)
    tab.go_back()
    assert person.access_token not in tab.url


def test_by_keyboard_alone(stack: Stack, person: User, tab: Page) -> None:
    tab.goto(f"{stack.base_url}/search?access_token={person.access_token}")
    tab.keyboard.press("Tab")
    expect(tab.locator(".skip")).to_be_focused()
    while not tab.evaluate("document.activeElement.id === 'q'"):
        tab.keyboard.press("Tab")
    tab.keyboard.type("epic")
    expect(rows(tab)).to_have_count(1)
    tab.keyboard.press("Enter")
    tab.wait_for_load_state("networkidle")  # rows that come now would take the focus with them
    expect(rows(tab)).to_have_count(1)
    tab.keyboard.press("ArrowDown")
    expect(rows(tab).locator("a")).to_be_focused()
    tab.keyboard.press("ArrowUp")
    expect(tab.locator("#q")).to_be_focused()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    sign_in(tab, stack)


def test_without_scripts_it_is_a_form(stack: Stack, person: User, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stack.base_url}/search?access_token={person.access_token}")
    page.fill("#q", "epic")
    page.click("noscript button, .line button")
    expect(rows(page)).to_have_count(1)
    page.click("button[name=kind][value=device]")
    expect(page.locator("#count")).to_contain_text("Nothing found for “epic”")
    context.close()


def test_quick_connect_in_the_apps_colour(stack: Stack, person: User, tab: Page) -> None:
    watch = checks.Watch(tab, origins=(f"{stack.base_url}/",))
    for colour in ("ff00ff", "101010", "fff", "3a46c7"):
        tab.goto(f"{stack.base_url}/connect/4706?access_token={person.access_token}&bg={colour}")
        assert checks.axe_findings(tab) == []
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(58, 70, 199)"
    assert watch.complaints == []
    assert watch.foreign == []
    tab.get_by_role("link", name="Continue to").click()
    sign_in(tab, stack)


@pytest.mark.parametrize("query", ["", "&q=lakesde", "&q=zzzzzz", "&kind=device"])
def test_the_states_of_the_page_are_sound(
    stack: Stack, person: User, tab: Page, query: str
) -> None:
    watch = checks.Watch(tab, origins=(f"{stack.base_url}/",))
    for path in ("/search", "/connect/marketplace"):
        tab.goto(f"{stack.base_url}{path}?access_token={person.access_token}{query}")
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            assert checks.axe_findings(tab) == []
        tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert checks.sideways_scroll(tab) <= 0
    assert checks.structure(tab) == []
    assert watch.complaints == []
    assert watch.foreign == []
