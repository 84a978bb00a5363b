"""The console's first page: three steps to first data, and from then on what happened today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.models import Application, User
from connectors.models import Connection
from console import charts
from console.applications import slug_of
from console.first_words import CREATE_USER, curl
from console.navigation import LAST_APP
from console.queries.first_steps import first_steps, has_data
from console.queries.today import Bucket, Span, Today, Trouble, span_of, today_of
from console.sample_users import next_name
from console.views.auth import developer_of, developer_required
from console.views.first_data import ANY_SYSTEM, HOSPITAL, leads_to_sandbox, simulated
from console.words import grouped

WIDE, NARROW = 924, 358
SPANS = (1, 7, 30)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A segment."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class Attention:
    """A line of "Needs attention"."""

    state: str
    pill: str
    title: str
    text: str
    url: str
    button: str


@leads_to_sandbox
@developer_required
@require_http_methods(["GET", "HEAD"])
def home(request: HttpRequest) -> HttpResponse:
    """`?days=` 1, 7 or 30 on the page of a used account; `?steps` shows the steps again."""
    developer = developer_of(request)
    if "steps" in request.GET or not has_data(developer):
        return _empty(request, developer)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else 1
    today = today_of(developer, span=span_of(days=days, now=clock.now()))
    return render(request, "console/home/busy.html", _busy(today))


def _empty(request: HttpRequest, developer: User) -> HttpResponse:
    steps = first_steps(developer, preferred=request.session.get(LAST_APP, ""))
    application = steps.application
    values = {
        "steps": steps,
        "app": slug_of(application) if application else "",
        "hospital": HOSPITAL if simulated(HOSPITAL) else None,
        "any_system": ANY_SYSTEM,
        "next_name": next_name(application) if application else "",
        "curl": curl(CREATE_USER, user=next_name(application)) if application else "",
        "api_address": settings.PUBLIC_BASE_URL,
    }
    return render(request, "console/home/empty.html", values)


def _busy(today: Today) -> dict[str, object]:
    span = today.span
    stacks = [_stack(bucket, span) for bucket in today.buckets]
    passed = (span.now - span.start) / timedelta(days=span.days) if span.days == 1 else None
    several = len(today.apps) != 1
    return {
        "today": today,
        "spans": _spans(span.days),
        "before": _before(span),
        "wide": charts.bars(stacks, width=WIDE, height=190, now=passed, every=_every(span, 1)),
        "narrow": charts.bars(stacks, width=NARROW, height=170, now=passed, every=_every(span, 2)),
        "attention": [_attention(trouble) for trouble in today.troubles],
        "users_url": "#applications"
        if several
        else reverse("console:users", args=(slug_of(_one(today)),)),
        "connections_url": (
            "#applications"
            if several
            else reverse("console:connections", args=(slug_of(_one(today)),))
        ),
        "failing_url": "#attention" if today.failing else "#applications",
        "lines": [
            {
                "line": line,
                "slug": slug_of(line.application),
                "test": line.application.mode == Application.TEST,
            }
            for line in today.apps
        ],
    }


def _one(today: Today) -> Application:
    return today.apps[0].application


def _spans(days: int) -> list[Choice]:
    words = {1: _("Today"), 7: _("7 days"), 30: _("30 days")}
    home_url = reverse("console:home")
    return [
        Choice(
            label=words[n], url=home_url if n == 1 else f"{home_url}?days={n}", current=n == days
        )
        for n in SPANS
    ]


def _before(span: Span) -> str:
    if span.days == 1:
        return _("yesterday by this time")
    return _("in the %(days)s days before") % {"days": span.days}


def _stack(bucket: Bucket, span: Span) -> charts.Stack:
    at = bucket.start
    label = f"{at:%H:%M}" if span.days == 1 else f"{at.day} {at:%b}"
    counts = _("%(devices)s from wearables, %(hospitals)s from hospitals") % {
        "devices": grouped(bucket.devices),
        "hospitals": grouped(bucket.hospitals),
    }
    return charts.Stack(
        lower=bucket.devices, upper=bucket.hospitals, label=label, title=f"{label}: {counts}"
    )


def _every(span: Span, factor: int) -> int:
    return {1: 3, 7: 1, 30: 5}[span.days] * factor


def _attention(trouble: Trouble) -> Attention:
    slug = slug_of(trouble.application)
    one = trouble.count == 1
    lost = trouble.status == Connection.NEEDS_REAUTHORIZATION
    if one:
        url = reverse("console:connection", args=(slug, trouble.connection))
    else:
        url = reverse("console:connections", args=(slug,))
        url = f"{url}?show={'reconnect' if lost else 'failing'}"
    names = {"system": trouble.system, "count": grouped(trouble.count)}
    if lost:
        title = (
            _("One person has to connect %(system)s again")
            if one
            else _("%(count)s people have to connect %(system)s again")
        )
    else:
        title = (
            _("One connection to %(system)s is failing")
            if one
            else _("%(count)s connections to %(system)s are failing")
        )
    return Attention(
        state="warn" if lost else "bad",
        pill=_("Reconnect") if lost else _("Failing"),
        title=title % names,
        text=f"{trouble.application.name}. {_cause(trouble.code)}",
        url=url,
        button=_("Open") if one else _("List them"),
    )


def _cause(code: str) -> str:
    known = {
        "authorization_expired": _("Access ended or was withdrawn. Data up to then is kept."),
        "source_unavailable": _("The source does not answer; we go on asking, nothing is lost."),
        "rate_limited": _("The source asked us to wait; we go on when it allows."),
        "scope_missing": _("The source refuses part of the data; the rest goes on."),
        "bad_data": _("The source's answers cannot be read; we go on asking."),
        "internal": _("The set-up of this source has to be put right by the operator."),
    }
    return known.get(code, _("We go on asking."))
