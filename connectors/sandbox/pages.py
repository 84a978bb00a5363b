"""The sandbox's HTML: own templates, own stylesheet, a strict policy, no script."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(dirs=[str(HERE / "templates")], autoescape=True)


def page(
    template: str, values: dict[str, Any], *, status: int = 200, leaves: bool = False
) -> HttpResponse:
    """A page. `leaves` is for the one whose form ends at the app.

    A browser holds the form-action of a page against every redirect that follows its post, to
    addresses this page cannot know, so that page does without the directive.
    """
    html = _engine().get_template(f"sandbox/{template}").render(Context(values))
    answer = HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
    policy = ["default-src 'none'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    if not leaves:
        policy.append("form-action 'self'")
    answer["Content-Security-Policy"] = "; ".join(policy)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def stylesheet(request: HttpRequest) -> HttpResponse:
    """The one stylesheet of all pages here."""
    return HttpResponse(
        (HERE / "static" / "sandbox.css").read_bytes(),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": "public, max-age=3600"},
    )
