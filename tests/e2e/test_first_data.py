"""A new developer's first minutes, on a phone: sign up, confirm, create an app, connect a test user
at the hospital and at the wearable, see the data in the explorer. Once by touch, once by keyboard
alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e import page_checks as checks
from tests.e2e.chromium import PHONE, browser_or_skip
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("first-data")
PASSWORD = "correct horse battery"
ARRIVES = 90_000
"""Milliseconds in which a first record has come, on a slow machine."""


class Touch:
    """Taps and types."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab

    def press(self, what: Locator) -> None:
        what.click()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)


class Keyboard:
    """Tab, Enter and letters, nothing else; starts anew on every page, as its reader does."""

    FAR = 200

    def __init__(self, tab: Page) -> None:
        self.tab = tab

    def press(self, what: Locator) -> None:
        self._reach(what)
        self.tab.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self._reach(field)
        self.tab.keyboard.press("Control+A")
        self.tab.keyboard.type(text)

    def _reach(self, what: Locator) -> None:
        what.wait_for()
        for _ in range(self.FAR):
            if what.evaluate("one => one === document.activeElement"):
                return
            self.tab.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {what}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser_or_skip() as running:
        yield running


@pytest.fixture(scope="module")
def stack(chromium: Browser) -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.mark.parametrize("way", [Touch, Keyboard])
def test_from_signing_up_to_first_data(
    stack: Stack, chromium: Browser, way: type[Touch | Keyboard]
) -> None:
    context = chromium.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        has_touch=way is Touch,
        is_mobile=way is Touch,
    )
    context.set_default_timeout(20_000)
    tab = context.new_page()
    hand = way(tab)
    watch = checks.Watch(tab, origins=[f"{stack.base_url}/", f"{stack.sandbox_url}/"])

    tab.goto(stack.base_url)
    hand.press(tab.get_by_role("link", name="Create a developer account"))
    hand.write(tab.get_by_label("E-mail"), f"{way.__name__.lower()}@example.org")
    hand.write(tab.get_by_label("Password", exact=True), PASSWORD)
    hand.press(tab.get_by_role("button", name="Create account"))
    hand.press(tab.get_by_role("link", name="Open the confirmation link"))
    hand.press(tab.get_by_role("button", name="Confirm and go on"))

    expect(tab.get_by_role("heading", level=1)).to_have_text("First data in three steps")
    hand.press(tab.get_by_role("link", name="ADD YOUR FIRST APPLICATION"))
    hand.write(tab.get_by_label("Application name"), "Steps & Labs")
    hand.write(tab.get_by_label("OAuth2 redirect URL"), "http://localhost:3000/callback")
    hand.press(tab.locator("main form button.primary"))
    expect(tab.get_by_label("Client secret")).to_have_text(re.compile(r"^[0-9a-f]{40}$"))

    tab.goto(f"{stack.base_url}/console")
    hand.press(tab.get_by_role("button", name="Create test user"))
    hand.press(tab.get_by_role("button", name="Sign in at the sandbox hospital"))
    _sign_in(hand, "fhirjason", "epicepic1")
    hand.press(tab.get_by_role("button", name="Connect the wearable too"))
    _sign_in(hand, "demo", "demo")

    expect(tab.locator("#arriving")).to_contain_text("stay up to date", timeout=ARRIVES)
    hand.press(tab.get_by_role("link", name="Open the explorer"))
    hand.write(tab.get_by_role("textbox", name="Request"), "/fhir/dstu2/Condition")
    hand.press(tab.get_by_role("button", name="Run"))
    expect(tab.locator("main")).to_contain_text("diabetes", ignore_case=True)
    hand.write(
        tab.get_by_role("textbox", name="Request"), "/fhir/r4/Observation?code=66334-4&_count=3"
    )
    hand.press(tab.get_by_role("button", name="Run"))
    expect(tab.locator("main")).to_contain_text("steps")

    assert checks.sideways_scroll(tab) <= 0
    assert watch.complaints == []
    assert watch.foreign == []
    context.close()


def _sign_in(hand: Touch | Keyboard, account: str, password: str) -> None:
    """At the simulator: be somebody, and allow all that is ticked."""
    hand.write(hand.tab.locator("input[name=username]"), account)
    hand.write(hand.tab.locator("input[name=password]"), password)
    hand.press(hand.tab.get_by_role("button", name="Sign in", exact=True))
    hand.press(hand.tab.get_by_role("button", name="Allow", exact=True))
