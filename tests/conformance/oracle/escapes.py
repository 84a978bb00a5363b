"""Separators and what escapes them: `\\,` `\\$` `\\|` `\\\\` (search.html#escaping)."""

from __future__ import annotations


class Unreadable(Exception):
    """A value or a modifier that a server has to refuse; the text names the parameter."""


def split(text: str, separator: str) -> list[str]:
    """The parts, escapes kept."""
    parts, escaped = [""], False
    for character in text:
        if character == separator and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def plain(text: str) -> str:
    """What an escaped text stands for."""
    found, escaped = "", False
    for character in text:
        if escaped:
            found += character if character in ",$|\\" else "\\" + character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            found += character
    return found + ("\\" if escaped else "")


def escape(text: str) -> str:
    """The text as it is written in a search."""
    return "".join("\\" + c if c in ",$|\\" else c for c in text)
