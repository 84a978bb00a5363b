"""A real Chromium, driven by Playwright. Where there is none, tests are skipped and say so; with
CI=true they fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, PHONE, NARROW = (1280, 900), (390, 844), (360, 740)


def executable() -> str | None:
    """The browser's path: CHROMIUM names one, else the first that is installed."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium; for programs such as the screenshots, which need one."""
    path = executable()
    if path is None:
        raise FileNotFoundError(f"no Chromium: install one of {', '.join(NAMES)}, or set CHROMIUM")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if root else []
        )
        try:
            yield running
        finally:
            running.close()


@contextmanager
def browser_or_skip() -> Iterator[Browser]:
    """The same for fixtures: skips where no browser is installed, except with CI=true."""
    if executable() is None:
        missing = f"no Chromium on this machine: install one of {', '.join(NAMES)}"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with browser() as running:
        yield running


def log_in(page: Page, *, base: str, email: str, password: str) -> None:
    """Log in at the console's own page."""
    page.goto(f"{base}/accounts/login")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("main button.primary")
    page.wait_for_url(f"{base}/console**")
