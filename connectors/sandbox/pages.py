"""The sandbox's HTML: own templates, own stylesheet, a strict policy, no script."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(dirs=[HERE / "templates"], autoescape=True)


def page(
    template: str, values: dict[str, Any], *, status: int = 200, goes_to: str = ""
) -> HttpResponse:
    """A page. `goes_to` is the URL its form may end at: a browser counts the redirect after a post as the form's action."""
    html = _engine().get_template(f"sandbox/{template}").render(Context(values))
    answer = HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
    target = urlsplit(goes_to)
    form = f"'self' {target.scheme}://{target.netloc}" if target.netloc else "'self'"
    answer["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action {form}; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    return answer


def stylesheet(request: HttpRequest) -> HttpResponse:
    """The one stylesheet of all pages here."""
    return HttpResponse(
        (HERE / "static" / "sandbox.css").read_bytes(),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": "public, max-age=3600"},
    )
