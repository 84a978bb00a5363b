"""`/healthz`: this web server and its database. `/readyz`: also a living cluster and a recent tick,
so that data will flow."""

from __future__ import annotations

from datetime import timedelta

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django_q.status import Stat

from accounts import clock
from sync.models import Tick

RECENT = timedelta(minutes=3)
"""The clock ticks every minute; the queue looks for due schedules twice a minute."""


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when web server and database are up, else 503."""
    return _answer({"database": _database()})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when also a cluster lives and the clock ticked within three minutes, else 503 naming what
    is missing."""
    database = _database()
    return _answer(
        {"database": database, "cluster": database and _cluster(), "tick": database and _tick()}
    )


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except Error:
        connection.close()
        return False
    return True


def _cluster() -> bool:
    return bool(Stat.get_all())


def _tick() -> bool:
    return Tick.objects.filter(at__gt=clock.now() - RECENT).exists()


def _answer(parts: dict[str, bool]) -> JsonResponse:
    up = all(parts.values())
    words = {name: "up" if good else "down" for name, good in parts.items()}
    response = JsonResponse({"status": "ok" if up else "down", **words}, status=200 if up else 503)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # not an error of this server
    return response
