"""A connection's state in a word, as every page of the console says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import LessThan
from django.utils.translation import gettext as _

from connectors import freshness
from connectors.models import Connection
from sync.due import interval_of


@dataclass(frozen=True, kw_only=True)
class State:
    """A pill: `state` is one of parts/pill.html, `word` its text."""

    state: str
    word: str


def state_of(connection: Connection, *, now: datetime) -> State:
    """The connection's state; its `system` and `app_user` must be loaded."""
    if connection.status == Connection.DISCONNECTED:
        return State(state="off", word=_("Disconnected"))
    if not connection.app_user.active or connection.parked or not connection.system.enabled:
        return State(state="off", word=_("Paused"))
    if connection.status == Connection.NEEDS_REAUTHORIZATION:
        return State(state="warn", word=_("Reconnect"))
    if connection.status == Connection.FAILING:
        return State(state="bad", word=_("Failing"))
    if connection.status == Connection.PENDING:
        return State(state="info", word=_("First sync"))
    if connection.last_error_code:
        return State(state="warn", word=_("Incomplete"))
    if is_stale(connection, now=now):
        return State(state="warn", word=_("Stale"))
    return State(state="ok", word=_("Up to date"))


def is_stale(connection: Connection, *, now: datetime) -> bool:
    """Whether the last success is older than three intervals (wire contract 10)."""
    return freshness.is_stale(connection, interval=interval_of(connection.system), now=now)


def is_running(connection: Connection, *, now: datetime) -> bool:
    """Whether a run holds the connection now."""
    return connection.lease_until is not None and connection.lease_until > now


PAUSED = Q(parked=True) | Q(app_user__active=False) | Q(system__enabled=False)
"""Conditions on Connection rows, matching `state_of`."""
ENDED = Q(status=Connection.DISCONNECTED)
FAILING = Q(status=Connection.FAILING) & ~PAUSED
RECONNECT = Q(status=Connection.NEEDS_REAUTHORIZATION) & ~PAUSED
TROUBLED = FAILING | RECONNECT


def stale(*, now: datetime) -> Q:
    """Rows of live connections whose last success is older than three intervals."""
    interval = Greatest(F("system__min_interval_seconds"), Value(settings.SYNC_SECONDS))
    length = ExpressionWrapper(
        interval * Value(timedelta(seconds=freshness.STALE_INTERVALS)), output_field=DurationField()
    )
    limit = ExpressionWrapper(Value(now) - length, output_field=DateTimeField())
    since = Coalesce(F("last_success_at"), F("connected_at"))
    return Q(status__in=Connection.LIVE) & ~PAUSED & Q(LessThan(since, limit))
