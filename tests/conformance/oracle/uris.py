"""Uris (search.html#uri): the same character for character, `:below` and `:above`."""

from __future__ import annotations


def match(held: str, modifier: str, asked: str) -> bool:
    """A stored uri against one asked for; a canonical is also found without its version."""
    if modifier == "below":
        return held.startswith(asked)
    if modifier == "above":
        rest = asked[len(held) :]
        return asked.startswith(held) and (rest == "" or "/" in (held[-1:], rest[:1]))
    return asked in (held, held.partition("|")[0])
