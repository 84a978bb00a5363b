"""The checks of pages find what they look for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e import page_checks as checks
from tests.e2e.chromium import NARROW, browser_or_skip

BAD = """<!doctype html><html><title>x</title><body><img src="https://elsewhere.invalid/a.png">
<p style="color:#aaa;background:#fff">pale</p><p style="width:900px">wide</p>
<script>throw new Error("broken")</script></body></html>"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser_or_skip() as running:
        yield running.new_page()


def test_the_checks_find_a_bad_page_bad(tab: Page) -> None:
    watch = checks.Watch(tab, origins=("http://127.0.0.1/",))
    tab.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    tab.set_content(BAD)
    found = " ".join(checks.axe_findings(tab))
    assert "color-contrast" in found
    assert "image-alt" in found
    assert checks.axe_findings(tab, contrast_only=True)
    assert checks.sideways_scroll(tab) > 0
    assert checks.inline_code(tab) == 3
    assert checks.structure(tab) == [
        "not exactly one h1 with words",
        "not exactly one main",
        "no language",
    ]
    assert watch.foreign == ["https://elsewhere.invalid/a.png"]
    assert any("broken" in complaint for complaint in watch.complaints)
