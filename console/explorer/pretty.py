"""JSON as people read it: indented, coloured, its references links. Made by the server from the
answer's own bytes, so that every number keeps its digits."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

LONGEST = 200_000
"""Characters that are shown; what is longer is cut and can be downloaded."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.S)
_LINKED = ('"reference"', '"fullUrl"', '"url"')

Address = Callable[[str], str]
"""From a reference or URL to where a page shows it; "" where it leads nowhere."""


def indented(text: str, *, longest: int = LONGEST) -> tuple[str, bool]:
    """JSON over several lines, by two blanks a level; and whether it was cut. Values are copied as
    they are."""
    parts: list[str] = []
    length = depth = 0
    tokens = _TOKEN.findall(text)
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else ""
        if token in "{[":
            depth += 1
            empty = following in ("}", "]")
            piece = token if empty else f"{token}\n{'  ' * depth}"
        elif token in "}]":
            depth -= 1
            opened = place and tokens[place - 1] in ("{", "[")
            piece = token if opened else f"\n{'  ' * depth}{token}"
        elif token == ",":
            piece = f",\n{'  ' * depth}"
        else:
            piece = ": " if token == ":" else token
        parts.append(piece)
        length += len(piece)
        if length > longest:
            return "".join(parts).rsplit("\n", 1)[0], True
    return "".join(parts), False


def coloured_json(text: str, *, address: Address) -> SafeString:
    """Escaped HTML of indented JSON: keys, strings and numbers in spans, what `address` knows as
    links."""
    parts: list[str] = []
    end, key = 0, ""
    for found in _TOKEN.finditer(text):
        parts.append(escape(text[end : found.start()]))
        token, end = found.group(), found.end()
        if token[0] == '"' and text[end : end + 1] == ":":
            key = token
            parts.append(f'<span class="k">{escape(token)}</span>')
        elif token[0] == '"':
            target = address(token[1:-1]) if key in _LINKED else ""
            kind = f'<span class="s">{escape(token)}</span>'
            parts.append(f'<a href="{escape(target)}">{escape(token)}</a>' if target else kind)
        elif token in "{}[],:":
            parts.append(token)
        else:
            parts.append(f'<span class="n">{escape(token)}</span>')
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))
