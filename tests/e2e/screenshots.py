"""`make screenshots`: a picture of every page, wide and on a phone, light and dark, in
VAR_DIR/screenshots (var/screenshots)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django


def take(folder: Path, *, only: str = "") -> int:
    """Write `<page>-<width>-<theme>.png` for every page whose name contains `only`; how many."""
    from playwright.sync_api import BrowserContext

    from tests.e2e.chromium import PHONE, WIDE, browser, log_in
    from tests.e2e.pages import PAGES
    from tests.e2e.stack import Stack
    from tests.e2e.world import NEWCOMER, PASSWORD, build

    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with Stack() as stack, browser() as chromium:
        world = build(stack)
        accounts = {
            "developer": (world.email, world.password),
            "staff": (world.email, world.password),
            "newcomer": (NEWCOMER, PASSWORD),
        }
        for size, scale in ((WIDE, 1), (PHONE, 2)):
            known: dict[str, BrowserContext] = {}
            for page in PAGES:
                if only not in page.name:
                    continue
                if page.who not in known:
                    known[page.who] = chromium.new_context(
                        viewport={"width": size[0], "height": size[1]},
                        device_scale_factor=scale,
                        reduced_motion="reduce",
                    )
                    if page.who in accounts:
                        tab = known[page.who].new_page()
                        email, password = accounts[page.who]
                        log_in(tab, base=world.base, email=email, password=password)
                        tab.close()
                tab = known[page.who].new_page()
                base = world.sandbox if page.sandbox else world.base
                tab.goto(base + page.path.format(**world.values))
                for theme in ("light", "dark"):
                    tab.emulate_media(color_scheme="light" if theme == "light" else "dark")
                    tab.screenshot(
                        path=folder / f"{page.name}-{size[0]}-{theme}.png", full_page=True
                    )
                    count += 1
                tab.close()
                print(f"{page.name} at {size[0]}", file=sys.stderr)
    return count


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    folder = Path(os.environ.get("VAR_DIR", "var")) / "screenshots"
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    print(f"{take(folder, only=only)} pictures in {folder}")


if __name__ == "__main__":
    main()
