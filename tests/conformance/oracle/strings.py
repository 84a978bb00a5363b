"""Strings (search.html#string): begins with, without regard to case and accents.

Our choice: apostrophes are ignored; other punctuation and white space is one blank; letters that
Unicode does not decompose are spelt as one does without them; where nothing but punctuation is
asked for nothing is found.
"""

from __future__ import annotations

import unicodedata
from typing import Any

_NAME = ("text", "family", "given", "prefix", "suffix")
_ADDRESS = ("text", "line", "city", "district", "state", "postalCode", "country")


_SPELT = dict(zip("łøđðħıŧŋ", "loddhitn", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th"}


def folded(text: str) -> str:
    """The text as it is compared."""
    bare = [c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)]
    kept = "".join("" if c in "'\u2019" else c if c.isalnum() else " " for c in bare)
    spelt = "".join(_SPELT.get(c, c) for c in kept.casefold())
    return " ".join(spelt.split())


def texts(kind: str, value: Any) -> list[str]:
    """All texts of a stored value: a name and an address have parts."""
    if isinstance(value, str):
        return [value]
    names = {"HumanName": _NAME, "Address": _ADDRESS}[kind]
    found: list[str] = []
    for name in names:
        part = value.get(name)
        found += part if isinstance(part, list) else [part] if part else []
    return found


def match(kind: str, value: Any, modifier: str, asked: str) -> bool:
    """Does one of the value's texts meet the one asked for?"""
    return any(fits(text, modifier, asked) for text in texts(kind, value))


def fits(text: str, modifier: str, asked: str) -> bool:
    """One text against another."""
    if modifier == "exact":
        return text == asked
    if not folded(asked):
        return False
    if modifier == "contains":
        return folded(asked) in folded(text)
    return folded(text).startswith(folded(asked))
