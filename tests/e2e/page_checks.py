"""What holds on every page, seen with a browser's eyes."""

from __future__ import annotations

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request

_AXE = Axe()
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
_STILL = """Promise.allSettled(document.getAnimations()
  .filter(one => one.effect.getTiming().iterations !== Infinity).map(one => one.finished))"""
_INLINE = "document.querySelectorAll('[style], style, script:not([src])').length"


class Watch:
    """Listens to a page from before it opens: what it complains of, what it loads from where."""

    def __init__(self, page: Page, *, origins: Iterable[str]) -> None:
        self._page, self._origins = page, tuple(origins)
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self._loaded: list[Request] = []
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        page.on("requestfinished", self._finished)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)

    def _finished(self, request: Request) -> None:
        self._loaded.append(request)

    def _heard(self, message: ConsoleMessage) -> None:
        # The browser reports a page that answers 404 or 403 itself, too; a part of one is told by
        # its own address.
        itself = message.location.get("url") == self._page.url
        if message.type in ("error", "warning") and not itself:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if request.is_navigation_request():
            self._loaded.clear()  # another page begins
        if not request.url.startswith(self._origins):
            self.foreign.append(request.url.split("?")[0])

    def transferred(self) -> int:
        """Bytes that came over the wire for the page shown now, as for a first visit."""
        return sum(
            request.sizes()["responseBodySize"] + request.sizes()["responseHeadersSize"]
            for request in self._loaded
        )


def axe_findings(page: Page, *, contrast_only: bool = False) -> list[str]:
    """What axe-core objects to: rule, place, and how to put it right."""
    page.evaluate(_STILL)
    found = _AXE.run(page, options=_CONTRAST if contrast_only else {"resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def sideways_scroll(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def inline_code(page: Page) -> int:
    """How many elements carry styles or scripts of their own, which the policy would block."""
    return int(page.evaluate(_INLINE))


def structure(page: Page) -> list[str]:
    """What every page needs: one h1 with words, one main, a language, a title, a skip link."""
    wrong: list[str] = []
    if page.locator("h1").count() != 1 or not page.locator("h1").inner_text().strip():
        wrong.append("not exactly one h1 with words")
    if page.locator("main").count() != 1:
        wrong.append("not exactly one main")
    if not page.get_attribute("html", "lang"):
        wrong.append("no language")
    if not page.title().strip():
        wrong.append("no title")
    return wrong
