"""Health systems: what can be connected, and each one's own page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from connectors.catalog.find import enabled_systems
from connectors.models import CLINICAL
from console.applications import SLUG_LENGTH
from console.queries.systems import (
    ALL,
    HOSPITALS,
    KINDS,
    MISSING,
    PAGE,
    WEARABLES,
    answers_of,
    own_connections,
    systems_page,
)
from console.system_words import shown
from console.views.auth import developer_of, developer_required
from console.words import grouped

_OFFSET = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A segment."""

    label: str
    url: str
    current: bool


@developer_required
@require_http_methods(["GET", "HEAD"])
def systems(request: HttpRequest) -> HttpResponse:
    """`?q=` words, `?kind=`, `?from=` the page's start. For htmx the results alone."""
    query = request.GET.get("q", "").strip()[:100]
    kind = request.GET.get("kind", ALL) if request.GET.get("kind") in KINDS else ALL
    asked = request.GET.get("from", "")
    offset = int(asked) if _OFFSET.fullmatch(asked) else 0
    page = systems_page(query=query, kind=kind, offset=offset)
    now = clock.now()

    def url(**changes: object) -> str:
        wanted = {"q": query, "kind": kind, **changes}
        pairs = {name: value for name, value in wanted.items() if value not in ("", ALL, 0)}
        return f"{reverse('console:systems')}?{urlencode(pairs)}" if pairs else "?"

    words = {
        ALL: _("All"),
        HOSPITALS: _("Hospitals"),
        WEARABLES: _("Wearables"),
        MISSING: _("Needs credentials"),
    }
    last = offset + len(page.systems)
    values = {
        "query": query,
        "kind": kind,
        "rows": [shown(row, page.answers.get(row.pk), now=now) for row in page.systems],
        "kinds": [
            Choice(
                label=f"{words[name]} {grouped(page.counts[name])}",
                url=url(kind=name),
                current=name == kind,
            )
            for name in KINDS
        ],
        "found": page.found,
        "summary": _("%(first)s to %(last)s of %(all)s")
        % {"first": grouped(offset + 1), "last": grouped(last), "all": grouped(page.found)},
        "previous": url(**{"from": max(0, offset - PAGE)}) if offset else "",
        "next": url(**{"from": offset + PAGE}) if page.more else "",
    }
    part = request.headers.get("HX-Target") == "found"
    name = "found" if part else "systems"
    return render(request, f"console/systems/{name}.html", values)


@developer_required
@require_http_methods(["GET", "HEAD"])
def system(request: HttpRequest, system: int) -> HttpResponse:
    """One system: addresses, what it gives, how it fares."""
    row = enabled_systems().defer("client_secret").filter(pk=system).first()
    if row is None:
        raise Http404("no such system")
    developer = developer_of(request)
    answers = answers_of([row.pk]).get(row.pk)
    values = {
        "row": shown(row, answers, now=clock.now()),
        "answers": answers,
        "clinical": row.kind == CLINICAL,
        "own": [
            {
                "name": name,
                "count": count,
                "url": reverse("console:connections", args=(client_id[:SLUG_LENGTH],)),
            }
            for client_id, name, count in own_connections(developer, system=row.pk)
        ],
    }
    return render(request, "console/systems/system.html", values)
