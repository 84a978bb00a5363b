"""Every page, in a browser, wide and narrow, light and dark: axe-core finds nothing, the console is
quiet, nothing comes from elsewhere, contrasts hold, nothing scrolls sideways, little is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e import page_checks as checks
from tests.e2e.chromium import NARROW, WIDE, browser_or_skip
from tests.e2e.pages import PAGES, Page
from tests.e2e.stack import Stack
from tests.e2e.visits import Visits
from tests.e2e.world import build

pytestmark = pytest.mark.xdist_group("pages")
FIRST_VISIT = 100_000
"""Bytes a page may cost who has never been here."""


@pytest.fixture(scope="module")
def visits() -> Iterator[Visits]:
    with browser_or_skip() as chromium, Stack() as stack:
        yield Visits(chromium, build(stack))


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_is_sound(page: Page, visits: Visits) -> None:
    tab = visits.tab(page)
    try:
        watch = checks.Watch(tab, origins=[f"{visits.origin(page)}/"])
        tab.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        tab.emulate_media(color_scheme="light")
        assert visits.open(tab, page) == page.status

        assert checks.axe_findings(tab) == []
        tab.emulate_media(color_scheme="dark")
        assert checks.axe_findings(tab, contrast_only=True) == []
        tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert checks.axe_findings(tab) == []
        assert checks.sideways_scroll(tab) <= 0
        if not page.name.startswith("admin"):  # Django's own markup
            assert checks.structure(tab) == []
            assert checks.inline_code(tab) == 0
            assert watch.transferred() <= FIRST_VISIT
        assert watch.complaints == []
        assert watch.foreign == []
    finally:
        tab.close()
