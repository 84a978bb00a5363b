"""Queries as links can repeat them."""

from __future__ import annotations


def printable(query: str) -> str:
    """A query with what may not stand in a URL percent-encoded."""
    if query.isascii() and query.isprintable() and not set(query) & set(' "<>\\^`{}'):
        return query
    return "".join(c if "!" <= c <= "~" and c not in '"<>\\^`{}' else _encoded(c) for c in query)


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
