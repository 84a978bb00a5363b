"""`make screenshots`: a picture of every page, wide and on a phone, light and dark, in
VAR_DIR/screenshots (var/screenshots)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import django

_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def take(folder: Path, *, only: str = "") -> int:
    """Write `<page>-<width>-<theme>.png` for every page whose name contains `only`; how many."""
    from tests.e2e.chromium import PHONE, WIDE, browser
    from tests.e2e.pages import PAGES
    from tests.e2e.stack import Stack
    from tests.e2e.visits import Visits
    from tests.e2e.world import build

    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with Stack() as stack, browser() as chromium:
        world = build(stack)
        for (width, height), scale in ((WIDE, 1), (PHONE, 2)):
            viewport = {"width": width, "height": height}
            visits = Visits(chromium, world, viewport=viewport, device_scale_factor=scale)
            for page in PAGES:
                if only not in page.name:
                    continue
                tab = visits.tab(page)
                visits.open(tab, page)
                for theme in _THEMES:
                    tab.emulate_media(color_scheme=theme)
                    picture = folder / f"{page.name}-{width}-{theme}.png"
                    tab.screenshot(path=picture, full_page=True)
                    count += 1
                tab.close()
                print(f"{page.name} at {width}", file=sys.stderr)
    return count


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    folder = Path(os.environ.get("VAR_DIR", "var")) / "screenshots"
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    print(f"{take(folder, only=only)} pictures in {folder}")


if __name__ == "__main__":
    main()
