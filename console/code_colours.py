"""Colours in code blocks, given by the server: key, string, number, comment."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_JSON = re.compile(
    r'(?P<k>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<s>"(?:[^"\\]|\\.)*")'
    r"|(?P<n>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b|\btrue\b|\bfalse\b|\bnull\b)"
)
_SH = re.compile(
    r"(?P<c>(?:^|(?<=\s))#[^\n]*)|(?P<s>\"(?:[^\"\\]|\\.)*\"|'[^']*'|https?://\S+)"
    r"|(?P<k>^\s*(?:curl|pip|make|python3?|export)\b)|(?P<n>\$\{?\w+\}?)",
    re.M,
)
_LANGUAGES = {"json": _JSON, "sh": _SH, "curl": _SH}


def coloured_code(code: str, *, language: str) -> SafeString:
    """Escaped HTML of the code with `<span class="k|s|n|c">` around its tokens."""
    tokens = _LANGUAGES.get(language)
    if tokens is None:
        return mark_safe(escape(code))
    parts: list[str] = []
    end = 0
    for found in tokens.finditer(code):
        parts.append(escape(code[end : found.start()]))
        parts.append(f'<span class="{found.lastgroup}">{escape(found.group())}</span>')
        end = found.end()
    parts.append(escape(code[end:]))
    return mark_safe("".join(parts))
