"""The control API: what the sandbox holds at this instant, and how to make things happen.

- `GET /control`: the clock, the faults, and per account the ids by type; `?system=` and `?account=`
  narrow it, `?at=` asks of another instant.
- `GET /control/people`: the same without what the accounts hold, which is quick.
- `POST /control/advance` `{"seconds": 3600}` moves the clock on (a negative number: back, never
  behind the real one).
- `POST /control/results` `{"system": 4706, "account": "fhirjason"}` adds a laboratory result, now.
- `POST /control/faults` `{"account": "fhirjason", "fault": "429", "count": 3}` chooses a fault;
  without a count it lasts until it is cleared, with `"system"` it strikes there alone.
- `DELETE /control/faults` clears them; `?account=` those of one account, `&system=` only there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from connectors.sandbox import faults
from connectors.sandbox.holdings import told
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.hospital.records import asked_result_id
from connectors.sandbox.house import House
from connectors.sandbox.houses import HOUSES, house
from connectors.sandbox.state import ChosenFault
from connectors.sandbox.world import world

LONGEST = 10 * 366 * 86_400


@dataclass(frozen=True)
class BadCall(Exception):
    """A call that cannot be done, and why."""

    why: str
    status: int = 400


View = Callable[[HttpRequest], HttpResponse]


def _control(*methods: str) -> Callable[[View], View]:
    def wrap(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest) -> HttpResponse:
            if request.method not in methods:
                answer = JsonResponse({"error": f"Use {' or '.join(methods)}."}, status=405)
                answer["Allow"] = ", ".join(methods)
                return answer
            try:
                return view(request)
            except BadCall as bad:
                return JsonResponse({"error": bad.why}, status=bad.status)

        return checked

    return wrap


@_control("GET")
def state(request: HttpRequest) -> HttpResponse:
    """Everything, or of one `system` and `account`."""
    now = world().now()
    if "at" in request.GET:
        try:
            now = datetime.fromisoformat(request.GET["at"].replace(" ", "+"))
        except ValueError:
            raise BadCall("at has to be a time such as 2026-11-24T10:00:00Z") from None
        now = now.astimezone(UTC) if now.tzinfo else now.replace(tzinfo=UTC)
    wanted, username = request.GET.get("system"), request.GET.get("account")
    systems = [
        told(place, username, holdings_at=now)
        for place in HOUSES
        if wanted in (None, str(place.system)) and (not username or place.account(username))
    ]
    return JsonResponse({**_settings(now), "systems": systems})


@_control("GET")
def people(request: HttpRequest) -> HttpResponse:
    """Who can sign in, and what is chosen for them."""
    systems = [told(place, None, holdings_at=None) for place in HOUSES]
    return JsonResponse({**_settings(world().now()), "systems": systems})


def _settings(now: datetime) -> dict[str, Any]:
    return {
        "now": now.isoformat(),
        "ahead_seconds": world().state.ahead(),
        "faults": [_fault(chosen) for chosen in world().state.faults()],
        "menu": {entry.name: entry.says for entry in faults.MENU},
    }


@_control("POST")
def advance(request: HttpRequest) -> HttpResponse:
    """Move the clock."""
    seconds = _body(request).get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadCall('seconds has to be a number: {"seconds": 3600}')
    if abs(seconds) > LONGEST:
        raise BadCall("seconds has to be less than ten years")
    world().state.advance(seconds)
    return JsonResponse({"now": world().now().isoformat(), "ahead_seconds": world().state.ahead()})


@_control("POST")
def results(request: HttpRequest) -> HttpResponse:
    """Add a laboratory result."""
    asked = _body(request)
    place = house(asked.get("system"))
    if not isinstance(place, Hospital):
        known = ", ".join(str(h.system) for h in HOUSES if isinstance(h, Hospital))
        raise BadCall(f"system has to be a hospital's number: {known}", 404)
    account = place.account(str(asked.get("account", "")))
    if account is None:
        raise BadCall(f"account has to be one of {_names(place)}", 404)
    at = world().now().replace(microsecond=0)
    number = world().state.add_result(system=place.system, account=account.subject, at=at)
    id_ = asked_result_id(place, account.subject, number)
    return JsonResponse({"type": "Observation", "id": id_, "at": at.isoformat()}, status=201)


@_control("GET", "POST", "DELETE")
def faults_(request: HttpRequest) -> HttpResponse:
    """Show, choose or clear faults."""
    if request.method == "DELETE":
        place = request.GET.get("system", "")
        if not place.isascii() or (place and not place.isdigit()):
            raise BadCall("system has to be a number, or left out")
        account = request.GET.get("account")
        cleared = world().state.clear_faults(account, int(place) if place else None)
        return JsonResponse({"cleared": cleared})
    if request.method == "POST":
        chosen = _choice(_body(request))
        world().state.choose_fault(chosen)
        return JsonResponse(_fault(chosen), status=201)
    return JsonResponse({"faults": [_fault(chosen) for chosen in world().state.faults()]})


def _choice(asked: dict[str, Any]) -> ChosenFault:
    system, count, fault = asked.get("system"), asked.get("count"), str(asked.get("fault", ""))
    places = [h for h in HOUSES if system is None or h.system == system]
    if not places:
        raise BadCall(f"system has to be one of {', '.join(str(h.system) for h in HOUSES)}", 404)
    spelled = [h.spelled(str(asked.get("account", ""))) for h in places]
    username = next((name for name in spelled if name), None)
    if username is None:
        names = "; ".join(f"{h.system}: {_names(h)}" for h in places)
        raise BadCall(f"account is nobody's. These are: {names}", 404)
    if faults.known(fault) is None:
        raise BadCall(f"fault has to be one of {', '.join(f.name for f in faults.MENU)}")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise BadCall("count has to be a whole number from 1 on, or left out")
    return ChosenFault(system=system, account=username, fault=fault, remaining=count)


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise BadCall("Send JSON with Content-Type: application/json.", 415)
    try:
        found = json.loads(request.body)
    except ValueError:
        raise BadCall("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise BadCall("The body has to be a JSON object.")
    return found


def _fault(chosen: ChosenFault) -> dict[str, Any]:
    return {
        "system": chosen.system,
        "account": chosen.account,
        "fault": chosen.fault,
        "count": chosen.remaining,
    }


def _names(place: House) -> str:
    return ", ".join(account.username for account in place.accounts)
