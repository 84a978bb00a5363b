"""The escapes of search values: `\\,` `\\$` `\\|` `\\\\` stand for the character itself
(hl7.org/fhir/R4/search.html#escaping).
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\([,$|\\])")
_SPECIAL = re.compile(r"([,$|\\])")


def split(text: str, separator: str) -> list[str]:
    """The parts between unescaped separators, escapes kept."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def unescape(text: str) -> str:
    """The text that a value stands for."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def escape(text: str) -> str:
    """A text as a value that stands for it."""
    return _SPECIAL.sub(r"\\\1", text)
