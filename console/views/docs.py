"""The documentation: docs/*.md as pages, and a search over them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from console.documentation.contents import FIRST, GROUPS, entry_of, neighbours
from console.documentation.rendering import read_page
from console.documentation.search import search


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """The first page, or with `q` what the search finds."""
    query = request.GET.get("q", "").strip()
    if not query:
        return redirect("console:docs_page", page=FIRST.slug)
    context = {"groups": GROUPS, "query": query, "hits": search(query)}
    return render(request, "console/docs/found.html", context)


@require_GET
def docs_page(request: HttpRequest, page: str) -> HttpResponse:
    """One page."""
    entry = entry_of(page)
    if entry is None:
        raise Http404("no such page")
    before, after = neighbours(entry)
    context = {
        "groups": GROUPS,
        "page": read_page(entry),
        "group": next(group for group in GROUPS if entry in group.entries),
        "before": before,
        "after": after,
    }
    return render(request, "console/docs/page.html", context)
