"""What `meta` loses before R4."""

from __future__ import annotations

from typing import Any


def older_meta(shown: dict[str, Any]) -> None:
    """Replace `meta` by one without `source`, which DSTU2 and STU3 do not know."""
    if "meta" in shown:
        shown["meta"] = {key: value for key, value in shown["meta"].items() if key != "source"}
