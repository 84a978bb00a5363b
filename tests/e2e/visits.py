"""Opening the pages of tests/e2e/pages.py: one browser profile for each who looks at them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as Tab

from tests.e2e.chromium import log_in
from tests.e2e.pages import Page
from tests.e2e.world import NEWCOMER, PASSWORD, World


class Visits:
    """Profiles are made when first needed; `options` go to each."""

    def __init__(self, chromium: Browser, world: World, **options: Any) -> None:
        self.chromium, self.world = chromium, world
        self._options = {"reduced_motion": "reduce", **options}
        self._profiles: dict[str, BrowserContext] = {}

    def tab(self, page: Page) -> Tab:
        """A new tab in the profile of who looks at this page."""
        who = "developer" if page.who == "staff" else page.who
        if who not in self._profiles:
            self._profiles[who] = self.chromium.new_context(**self._options)
            account = {
                "developer": (self.world.email, self.world.password),
                "newcomer": (NEWCOMER, PASSWORD),
            }.get(who)
            if account:
                tab = self._profiles[who].new_page()
                log_in(tab, base=self.world.base, email=account[0], password=account[1])
                tab.close()
        return self._profiles[who].new_page()

    def origin(self, page: Page) -> str:
        return self.world.sandbox if page.sandbox else self.world.base

    def open(self, tab: Tab, page: Page) -> int:
        """Open the page, fill in and send its form where it says so; the status answered."""
        answer = tab.goto(self.origin(page) + page.path.format(**self.world.values))
        for name, value in page.fill:
            tab.fill(f"main [name={name}]", value)
        if page.press:
            with tab.expect_navigation() as sent:
                tab.click(page.press)
            answer = sent.value
        assert answer is not None
        return answer.status
