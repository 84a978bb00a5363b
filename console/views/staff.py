"""Staff's search over everything, and the actions beside what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Application
from connectors.models import Connection
from console.queries.staff import Found, find_any

ACTIONS: dict[type[Model], dict[str, Any]] = {
    Connection: {
        "park": gettext_lazy("Park"),
        "resume": gettext_lazy("Resume"),
        "sync_now": gettext_lazy("Sync now"),
    },
    Application: {"revoke_tokens": gettext_lazy("Revoke all tokens")},
}
"""What the admin's own actions of these models are called on a button."""
_MODELS = {model.__name__.lower(): model for model in ACTIONS}


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A found row with its page and the buttons that this member of staff may press."""

    found: Found
    url: str
    model: str
    buttons: list[tuple[str, Any]]


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Query: `q`, an id of any kind."""
    query = request.GET.get("q", "").strip()
    hits = [_hit(request, found) for found in find_any(query) if _may_see(request, found.row)]
    context = {
        **admin.site.each_context(request),
        "title": _("Find by any id"),
        "query": query,
        "hits": hits,
    }
    return render(request, "admin/find.html", context)


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Form: `model` and `pk` of a row, `action` (a name in ACTIONS), `next`. The admin's own
    action of that name is carried out, with its own permission."""
    model = _MODELS.get(request.POST.get("model", ""))
    name = request.POST.get("action", "")
    if model is None or name not in ACTIONS[model]:
        raise Http404("no such action")
    known = admin.site._registry[model]
    allowed = known.get_actions(request).get(name)
    if allowed is None:
        raise PermissionDenied
    pk = request.POST.get("pk", "")
    rows = known.get_queryset(request).filter(pk=int(pk) if pk.isdecimal() else 0)
    if not rows.exists():
        raise Http404("no such row")
    allowed[0](known, request, rows)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("staff_find")
    return redirect(back)


def buttons_for(request: HttpRequest, row: Model) -> list[tuple[str, Any]]:
    """The actions on a row, as (name, words), that this member of staff may carry out now."""
    model = type(row)
    if model not in ACTIONS:
        return []
    allowed = admin.site._registry[model].get_actions(request)
    return [
        (name, words)
        for name, words in ACTIONS[model].items()
        if name in allowed and _makes_sense(row, name)
    ]


def _makes_sense(row: Model, name: str) -> bool:
    if isinstance(row, Connection):
        return {"park": not row.parked, "resume": row.parked}.get(name, True)
    return True


def _may_see(request: HttpRequest, row: Model) -> bool:
    known = admin.site._registry.get(type(row))
    return known is not None and known.has_view_permission(request, row)


def _hit(request: HttpRequest, found: Found) -> Hit:
    meta = found.row._meta
    return Hit(
        found=found,
        url=reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[found.row.pk]),
        model=str(meta.model_name),
        buttons=buttons_for(request, found.row),
    )
