"""The sandbox page: the simulated people, what goes wrong for them, and the clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from connectors.models import CLINICAL
from console import sandbox_control as control
from console.forms.sandbox import STEPS, ChosenFault, Step, Whom
from console.queries.sandbox import events_of
from console.sandbox_events import told
from console.sandbox_people import groups_of
from console.views.auth import developer_of, developer_required

logger = logging.getLogger(__name__)


@developer_required
@require_http_methods(["GET", "HEAD"])
def sandbox(request: HttpRequest) -> HttpResponse:
    """`?system=` and `?person=` choose whom; the first one otherwise."""
    if not settings.SANDBOX:
        return render(request, "console/sandbox/off.html")
    try:
        state = control.look()
    except (control.SandboxAway, control.SandboxRefused):
        return render(request, "console/sandbox/away.html", status=503)
    number = request.GET.get("system", "")
    system = int(number) if number.isascii() and number.isdigit() else None
    person = state.person(system=system, account=request.GET.get("person", ""))
    if person is None:
        raise Http404("no such person")
    developer = developer_of(request)
    events = events_of(developer, system=person.system, account=person.subject)
    values = {
        "state": state,
        "person": person,
        "place": next(place for place in state.places if place.system == person.system),
        "hospital": person.kind == CLINICAL,
        "faults": [fault for fault in state.faults if fault.strikes(person)],
        "groups": groups_of(state, chosen=person),
        "people": sum(len(place.people) for place in state.places),
        "steps": [(key, words) for key, (words, _length) in STEPS.items()],
        "clock_moves": not settings.PRODUCTION,
        "events": [told(event) for event in events],
    }
    return render(request, "console/sandbox/sandbox.html", values)


@developer_required
@require_POST
def fault(request: HttpRequest) -> HttpResponse:
    """Switch a fault on. Form fields `system`, `account`, `fault`, `count` (optional)."""
    form = ChosenFault(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a fault; the number of calls is from 1 to 1,000."))
        return redirect("console:sandbox")
    chosen = form.cleaned_data
    return _done(
        request,
        lambda: control.choose_fault(
            system=chosen["system"],
            account=chosen["account"],
            fault=chosen["fault"],
            count=chosen["count"],
        ),
        _("The fault is on."),
        form,
    )


@developer_required
@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    """Switch a person's faults off; without a person everybody's."""
    form = Whom(request.POST)
    if not form.is_valid():
        return _done(request, control.clear_faults, _("All faults are off."), None)
    whom = form.cleaned_data
    return _done(
        request,
        lambda: control.clear_faults(system=whom["system"], account=whom["account"]),
        _("The faults are off; everything works."),
        form,
    )


@developer_required
@require_POST
def result(request: HttpRequest) -> HttpResponse:
    """A new laboratory result, now."""
    form = Whom(request.POST)
    if not form.is_valid():
        raise Http404("no such person")
    whom = form.cleaned_data
    return _done(
        request,
        lambda: control.add_result(system=whom["system"], account=whom["account"]),
        _("The hospital has a new lab result. It is in your app's reach within two minutes."),
        form,
    )


@developer_required
@require_POST
def clock_on(request: HttpRequest) -> HttpResponse:
    """Move the clocks of the sandbox and of this server on together."""
    if settings.PRODUCTION:
        raise Http404("the clock of a production server does not move")
    step, whom = Step(request.POST), Whom(request.POST)
    if not step.is_valid():
        raise Http404("no such step")
    seconds = int(step.length.total_seconds())

    def both() -> None:
        control.advance(seconds=seconds)
        clock.advance(seconds=seconds)

    words = _("The clock moved on. Tokens age with it, and connections are due.")
    return _done(request, both, words, whom if whom.is_valid() else None)


def _done(
    request: HttpRequest, do: Callable[[], None], words: str, whom: Whom | None
) -> HttpResponse:
    """Do it, say so or why not, and go back to the person."""
    try:
        do()
    except control.SandboxAway:
        messages.error(request, _("The sandbox does not answer. Is its process running?"))
    except control.SandboxRefused as refused:
        messages.error(request, str(refused) or _("The sandbox refused."))
    else:
        who = developer_of(request).pk
        logger.info("the sandbox was changed", extra={"developer": who, "call": request.path})
        messages.success(request, words)
    address = reverse("console:sandbox")
    if whom is not None:
        chosen = {"system": whom.cleaned_data["system"], "person": whom.cleaned_data["account"]}
        address = f"{address}?{urlencode(chosen)}#chosen"
    return redirect(address)
