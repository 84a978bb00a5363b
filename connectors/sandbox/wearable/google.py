"""The Google Health API, version 4, as far as the band has data: https://developers.google.com/health"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from connectors.sandbox.dance.authorize import authorize
from connectors.sandbox.dance.bearer import Caller, Trouble, caller
from connectors.sandbox.dance.token import Issued, revoke, token_answer
from connectors.sandbox.tokens import Grant
from connectors.sandbox.wearable import kinds
from connectors.sandbox.wearable.body import Body
from connectors.sandbox.wearable.cloud import GOOGLE
from connectors.sandbox.wearable.filters import BadFilter, bounds
from connectors.sandbox.wearable.kinds import Kind
from connectors.sandbox.wearable.points import Point, Window, offset, points, utc
from connectors.sandbox.wearable.rollup import BadRange, by_day, by_window
from connectors.sandbox.world import world

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def authorize_page(request: HttpRequest) -> HttpResponse:
    """The authorization endpoint; without `access_type=offline` there is no refresh token."""
    return authorize(request, house=GOOGLE)


def token(request: HttpRequest) -> HttpResponse:
    """The token endpoint; a refresh answers without a refresh token."""

    def extra(issued: Issued) -> dict[str, object]:
        return {"scope": " ".join(sorted(granted(issued.grant)))}

    return token_answer(request, house=GOOGLE, extra=extra)


def revoke_token(request: HttpRequest) -> HttpResponse:
    """The revocation endpoint."""
    return revoke(request, house=GOOGLE)


def granted(grant: Grant) -> set[str]:
    """The scopes asked for and not withheld."""
    withheld = {s for group in GOOGLE.groups if group.key in grant.withheld for s in group.opens}
    return set(grant.scope.split()) - withheld


def about_me(request: HttpRequest, what: str) -> HttpResponse:
    """identity, settings, profile and pairedDevices."""
    try:
        if request.method != "GET":
            raise Trouble(405, "Use GET.")
        who = caller(request, house=GOOGLE, kind=what)
        body = GOOGLE.bodies[who.account.subject]
        return _answer(_ABOUT[what](who, body, world().now()), who)
    except Trouble as trouble:
        return _error(trouble)


def _identity(who: Caller, body: Body, now: datetime) -> Point:
    return {
        "name": "users/me/identity",
        "healthUserId": who.account.subject,
        "legacyUserId": who.account.subject,
    }


def _settings(who: Caller, body: Body, now: datetime) -> Point:
    return {
        "name": "users/me/settings",
        "timeZone": str(body.zone),
        "utcOffset": offset(body, now),
        "distanceUnit": "METERS",
        "weightUnit": "KILOGRAMS",
    }


def _profile(who: Caller, body: Body, now: datetime) -> Point:
    return {
        "name": "users/me/profile",
        "age": 41,
        "membershipStartDate": {
            "year": body.since.year,
            "month": body.since.month,
            "day": body.since.day,
        },
    }


def _devices(who: Caller, body: Body, now: datetime) -> Point:
    minute = now.replace(second=0, microsecond=0)
    return {
        "pairedDevices": [
            {
                "name": "users/me/pairedDevices/1",
                "deviceType": "TRACKER",
                "deviceVersion": "Example Band 3",
                "batteryLevel": 40 + 55 * (24 - minute.hour) // 24,
                "lastSyncTime": utc(minute),
                "macAddress": "02:00:00:AB:12:CD",
            },
            {
                "name": "users/me/pairedDevices/2",
                "deviceType": "SCALE",
                "deviceVersion": "Example Scale",
                "batteryLevel": 71,
                "lastSyncTime": utc(minute - timedelta(hours=5)),
                "macAddress": "02:00:00:AB:12:CE",
            },
        ]
    }


_ABOUT = {
    "identity": _identity,
    "settings": _settings,
    "profile": _profile,
    "pairedDevices": _devices,
}


def data_points(request: HttpRequest, slug: str, verb: str = "") -> HttpResponse:
    """`dataPoints`, `dataPoints:reconcile`, `dataPoints:rollUp` and `dataPoints:dailyRollUp`."""
    try:
        kind = kinds.kind(slug)
        if kind is None:
            raise Trouble(400, f"{slug} is not a data type of this band.")
        who = caller(request, house=GOOGLE, kind=slug)
        if kind.scope not in granted(who.grant):
            raise Trouble(403, f"Request had insufficient authentication scopes for {slug}.")
        body = GOOGLE.bodies[who.account.subject]
        if verb in ("rollUp", "dailyRollUp"):
            return _answer(_rolled(request, kind, body, verb), who)
        return _answer(_listed(request, kind, body, reconciled=verb == "reconcile"), who)
    except Trouble as trouble:
        return _error(trouble)
    except BadRange as bad:
        return _error(Trouble(400, bad.why))
    except BadFilter as bad:
        return _error(Trouble(400, bad.why), reason="INVALID_DATA_POINT_FILTER")


def no_such_page(request: HttpRequest, rest: str) -> HttpResponse:
    """Everything else of the API."""
    return _error(Trouble(404, "There is nothing at this address."))


def _listed(request: HttpRequest, kind: Kind, body: Body, *, reconciled: bool) -> Point:
    if request.method != "GET":
        raise Trouble(405, "Use GET.")
    if not kind.listed:
        raise Trouble(400, f"{kind.slug} has roll-ups only.")
    now = world().now()
    start, end = bounds(request.GET.get("filter", ""), body=body, kind=kind)
    window = Window(
        start=max(start or body.midnight(body.since), body.midnight(body.since)),
        end=end or now + timedelta(days=1),
        now=now,
    )
    usual = min(1440, kind.most)
    found = points(body, kind, window)
    if reconciled:
        found = (_reconciled(point) for point in found)
    return _page(found, "dataPoints", request.GET.get("pageSize"), request.GET.get("pageToken"),
                 usual=usual, most=kind.most)  # fmt: skip


def _reconciled(point: Point) -> Point:
    rest = {name: value for name, value in point.items() if name not in ("name", "dataSource")}
    return {"dataPointName": point["name"], **rest} if "name" in point else rest


def _rolled(request: HttpRequest, kind: Kind, body: Body, verb: str) -> Point:
    if request.method != "POST":
        raise Trouble(405, "Use POST.")
    if not kind.rolls:
        raise Trouble(400, f"{kind.slug} has no roll-up.")
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise Trouble(400, "The body is not JSON.") from None
    if not isinstance(asked, dict):
        raise Trouble(400, "The body has to be a JSON object.")
    now = world().now()
    if verb == "rollUp":
        found = by_window(body, kind, asked.get("range"), asked.get("windowSize"), now=now)
    else:
        days = asked.get("windowSizeDays", 1)
        found = by_day(body, kind, asked.get("range"), days, now=now)
    return _page(found, "rollupDataPoints", asked.get("pageSize"), asked.get("pageToken"),
                 usual=1440, most=10_000)  # fmt: skip


def _page(
    found: Iterator[Point], member: str, size: Any, token: Any, *, usual: int, most: int
) -> Point:
    try:
        wanted = min(int(size or usual), most)
        skip = int(str(token).removeprefix("from-")) if token else 0
    except ValueError:
        raise Trouble(400, "pageSize or pageToken cannot be read.") from None
    if wanted < 1 or skip < 0:
        raise Trouble(400, "pageSize or pageToken cannot be read.")
    page = list(islice(found, skip, skip + wanted + 1))
    answer: Point = {member: page[:wanted]} if page else {}
    if len(page) > wanted:
        answer["nextPageToken"] = f"from-{skip + wanted}"
    return answer


def _answer(body: Point, who: Caller) -> HttpResponse:
    raw = json.dumps(body).encode()
    return HttpResponse(
        raw[: max(1, len(raw) // 2)] if who.malformed else raw,
        content_type="application/json; charset=UTF-8",
        headers={"Cache-Control": "no-store"},
    )


def _error(trouble: Trouble, *, reason: str = "") -> HttpResponse:
    error: Point = {
        "code": trouble.status,
        "message": trouble.why,
        "status": _STATUS.get(trouble.status, "UNKNOWN"),
    }
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": "health.googleapis.com"}]
    answer = JsonResponse({"error": error}, status=trouble.status)
    if trouble.status == 401:
        answer["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if trouble.retry_after is not None:
        answer["Retry-After"] = str(trouble.retry_after)
    return answer
