"""The tables of the last runs in docs/performance.md, each under a heading of its own."""

from __future__ import annotations

import re

HEADINGS = {
    "1m": "## The last run at 1,000,000 resources",
    "10m": "## The last run at 10,000,000 resources",
}


def renewed(text: str, name: str, tables: str) -> str:
    """The document with another run's tables under the heading of that size."""
    heading = HEADINGS[name]
    if f"{heading}\n" not in text:
        raise ValueError(f"docs/performance.md has no heading {heading!r}")
    section = re.compile(rf"{re.escape(heading)}\n.*?(?=\n## |\Z)", re.DOTALL)
    return section.sub(lambda _: f"{heading}\n\n{tables}", text)
