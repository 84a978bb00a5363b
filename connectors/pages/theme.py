"""`/connect/theme/{hex}.css`: an app's background colour as a stylesheet, since no style may stand
in a page. Text on it is black or white, whichever is easier to read: one of the two always has a
contrast of 4.58 or more.
"""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_YEAR = 31_536_000


def colour(text: str) -> str:
    """Six lower-case hex digits of a colour with three or six; empty for anything else."""
    found = _HEX.fullmatch(text.strip())
    if found is None:
        return ""
    digits = found[1].lower()
    return digits if len(digits) == 6 else "".join(2 * digit for digit in digits)


@require_safe
def theme(request: HttpRequest, name: str) -> HttpResponse:
    background = name.removesuffix(".css")
    if background == name or not background or colour(background) != background:
        raise Http404
    dark = _luminance(background) < 0.179  # where white and black are equally far
    ink, other, scheme = ("#fff", "#000", "dark") if dark else ("#000", "#fff", "light")
    faint = f"color-mix(in srgb, {ink} 30%, transparent)"
    css = (
        ":root:root{"
        f"color-scheme:{scheme};--canvas:#{background};--sunken:#{background};"
        f"--ink:{ink};--muted:{ink};--faint:{ink};--accent:{ink};--accent-strong:{ink};"
        f"--accent-fill:{ink};--accent-fill-hover:{ink};--on-fill:{other};"
        f"--line:{faint};--mid:{faint};--accent-soft:#{background};--hover:#{background}"
        "}\n"
    )
    headers = {"Cache-Control": f"public, max-age={_YEAR}, immutable"}
    return HttpResponse(css, content_type="text/css; charset=utf-8", headers=headers)


def _luminance(background: str) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.2)."""
    channels = [int(background[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
