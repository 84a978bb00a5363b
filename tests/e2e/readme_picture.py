"""Takes docs/images/explorer.png, the README's picture, from a running stack: steps and a condition
of the same person in the explorer.

    python -m tests.e2e.readme_picture
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import django

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "explorer.png"
STEPS = "/fhir/r4/Observation?code=66334-4&_sort=-date&_count=6"
CONDITION = "/fhir/dstu2/Condition?code=44054006"
WIDTH, SIDEBAR = 1280, 236
_BOTH = """<body style="margin:0"><img src="steps.png" style="display:block">
<div style="padding-left:{sidebar}px; background:linear-gradient(90deg, #f7f6f3 {edge}px,
#e5e3de {edge}px {sidebar}px, #fff {sidebar}px)"><img src="condition.png" style="display:block">"""


def take(picture: Path) -> None:
    """Start a stack, connect a person to the hospital and then the wearable, ask the explorer for
    both, and write the picture."""
    from config import demo_app
    from tests.contract.api import App, User, wait_for
    from tests.contract.browser import Browser
    from tests.e2e.chromium import browser, log_in
    from tests.e2e.stack import Stack

    def connect(stack: Stack, person: User, kind: str, system: int, *account: str) -> None:
        surfer = Browser(stop_at=stack.redirect_uri)
        surfer.open(person.connect_url(kind, system)).sign_in(*account)
        wait_for(
            lambda: all(
                row["status"] == "connected"
                for row in person.get("/connect/api/connections").json()["entry"]
            ),
            seconds=180,
            what=f"the data of {system}",
        )

    with Stack() as stack, browser() as chromium, tempfile.TemporaryDirectory() as folder:
        person = App(stack.base_url, stack.client_id, stack.client_secret).user("sample-014")
        connect(stack, person, "clinical", 4706, "fhirjason", "epicepic1")
        connect(stack, person, "device", 4709, "demo", "demo")
        tab = chromium.new_page(viewport={"width": WIDTH, "height": 712}, reduced_motion="reduce")
        log_in(tab, base=stack.base_url, email=demo_app.EMAIL, password=stack.password)
        for line, name, top in ((STEPS, "steps", ""), (CONDITION, "condition", ".ask .line")):
            tab.goto(
                f"{stack.base_url}/console/apps/{stack.client_id[:12]}/explorer"
                f"?user={person.number}&q={quote(line)}"
            )
            end = tab.locator(".calls").bounding_box()
            begin = tab.locator(top).bounding_box() if top else None
            assert end
            left, above = (SIDEBAR, begin["y"] - 16) if begin else (0, 0)
            tab.screenshot(
                path=Path(folder) / f"{name}.png",
                clip={
                    "x": left,
                    "y": above,
                    "width": WIDTH - left,
                    "height": end["y"] - 8 - above,
                },
                full_page=True,
            )
        both = Path(folder) / "both.html"
        both.write_text(_BOTH.format(sidebar=SIDEBAR, edge=SIDEBAR - 1))
        tab.goto(both.as_uri())
        picture.parent.mkdir(exist_ok=True)
        tab.screenshot(path=picture, full_page=True)
    print(f"{picture}: {picture.stat().st_size} bytes", file=sys.stderr)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    take(PICTURE)


if __name__ == "__main__":
    main()
