"""The colours of static/careweave/tokens.css keep their contrast on every ground and theme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[2] / "static/careweave/tokens.css").read_text()
GROUNDS = ("canvas", "sunken", "raised", "hover")
TEXT = ("ink", "muted", "faint", "accent", "accent-strong", "ok", "warn", "bad", "info")
READ_ON = [(text, ground) for text in TEXT for ground in GROUNDS] + [
    ("ink", "selected"),
    ("muted", "selected"),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
    *[(state, f"{state}-soft") for state in ("ok", "warn", "bad", "info")],
    *[("accent", f"{state}-soft") for state in ("warn", "bad", "info")],
]


def colours(theme: int) -> dict[str, str]:
    """Token → #rrggbb; theme 0 is light, 1 is dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)
    return {name: (light, dark)[theme] for name, light, dark in found}


def plain_colours() -> dict[str, str]:
    """What browsers without light-dark() use: the first block."""
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS))


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_readable_on_every_ground(theme: int) -> None:
    known = colours(theme)
    poor = {
        f"{text} on {ground}": round(contrast(known[text], known[ground]), 2)
        for text, ground in READ_ON
        if contrast(known[text], known[ground]) < 4.5
    }
    assert poor == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_white_is_readable_on_buttons(theme: int) -> None:
    known = colours(theme)
    fills = [known["accent-fill"], known["accent-fill-hover"], plain_colours()["bad-fill"]]
    assert all(contrast("#ffffff", fill) >= 4.5 for fill in fills)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_edges_of_inputs_and_marks_are_seen(theme: int) -> None:
    known = colours(theme)
    for mark in ("line2", "accent", "accent-fill"):
        assert contrast(known[mark], known["canvas"]) >= 3, mark


def test_older_browsers_have_the_same_light_colours() -> None:
    plain = plain_colours()
    assert {name: plain[name] for name in colours(0)} == colours(0)
