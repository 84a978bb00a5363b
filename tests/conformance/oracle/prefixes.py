"""The prefixes of ordered values (search.html#prefix)."""

from __future__ import annotations

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def split_prefix(text: str) -> tuple[str, str]:
    """(prefix, rest); eq where none is written."""
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)
