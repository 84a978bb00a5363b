"""Every page, in a browser, wide and narrow, light and dark: axe-core finds nothing, the console is
quiet, nothing comes from elsewhere, contrasts hold, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.e2e import page_checks as checks
from tests.e2e.chromium import NARROW, WIDE, browser_or_skip, log_in
from tests.e2e.pages import PAGES, Page
from tests.e2e.stack import Stack
from tests.e2e.world import NEWCOMER, PASSWORD, World, build

pytestmark = pytest.mark.xdist_group("pages")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser_or_skip() as running:
        yield running


@pytest.fixture(scope="module")
def world(chromium: Browser) -> Iterator[World]:
    with Stack() as stack:
        yield build(stack)


@pytest.fixture(scope="module")
def context_of(chromium: Browser, world: World) -> Callable[[str], BrowserContext]:
    """One browser profile for each who looks at pages."""
    known: dict[str, BrowserContext] = {}

    def context(who: str) -> BrowserContext:
        who = "developer" if who == "staff" else who
        if who not in known:
            known[who] = chromium.new_context(reduced_motion="reduce")
            account = {
                "developer": (world.email, world.password),
                "newcomer": (NEWCOMER, PASSWORD),
            }.get(who)
            if account:
                page = known[who].new_page()
                log_in(page, base=world.base, email=account[0], password=account[1])
                page.close()
        return known[who]

    return context


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_is_sound(
    page: Page, world: World, context_of: Callable[[str], BrowserContext]
) -> None:
    base = world.sandbox if page.sandbox else world.base
    tab = context_of(page.who).new_page()
    try:
        watch = checks.Watch(tab, origins=(f"{base}/",))
        watch.address = base + page.path.format(**world.values)
        tab.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        tab.emulate_media(color_scheme="light")
        answer = tab.goto(watch.address)
        assert answer is not None
        assert answer.status == page.status

        assert checks.axe_findings(tab) == []
        tab.emulate_media(color_scheme="dark")
        assert checks.axe_findings(tab, contrast_only=True) == []
        tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert checks.axe_findings(tab) == []
        assert checks.sideways_scroll(tab) <= 0
        if page.who != "staff" and not page.name.startswith("admin"):
            assert checks.structure(tab) == []
            assert checks.inline_code(tab) == 0
        assert watch.complaints == []
        assert watch.foreign == []
    finally:
        tab.close()
