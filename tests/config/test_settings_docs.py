"""docs/settings.md names every variable that the project reads, and no other."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
READS = re.compile(r"""\b(?:env\.\w+|_own_or_kept)\(\s*f?["']([A-Z][A-Z0-9_{}.a-z()]*)["']""")
HOSTS = ("API", "AUTH", "SEARCH", "QUICK", "BULK")


def variables_read() -> set[str]:
    found: set[str] = set()
    for file in (CHECKOUT / "config").rglob("*.py"):
        found.update(READS.findall(file.read_text()))
    found.remove("ONEUP_HOST_{name.upper()}")
    return found | {f"ONEUP_HOST_{host}" for host in HOSTS}


def variables_documented() -> set[str]:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (CHECKOUT / "docs/settings.md").read_text(), re.M)
    return {name for row in rows for name in re.findall(r"`([A-Z_0-9]+)`", row)}


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    assert variables_documented() == variables_read()
