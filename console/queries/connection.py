"""One connection: its ledger drawn and told, its runs, and why data is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.http import Http404
from django.utils.translation import gettext_lazy

from accounts.models import Application
from connectors.freshness import STALE_INTERVALS, next_question
from connectors.models import CLINICAL, DEVICE, Connection
from connectors.smart import scopes
from connectors.smart.search_plan import PLANS
from console import lanes, ledger_days
from console.connection_state import is_running
from console.moments import clock_time
from console.why.case import Case, KeyState
from console.why.diagnosis import Diagnosis, diagnose
from console.words import span
from fhirstore.counts import count_by_connection
from sync.due import interval_of
from sync.models import SyncRun, Window

RANGES = {
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
DEFAULT_RANGE = "30d"
MOST_DRAWN, TOLD, RUNS = 3000, 200, 10
OUTCOMES = {
    SyncRun.RUNNING: gettext_lazy("running"),
    SyncRun.OK: gettext_lazy("complete"),
    SyncRun.PARTIAL: gettext_lazy("partly"),
    SyncRun.FAILED: gettext_lazy("failed"),
    SyncRun.LOST: gettext_lazy("interrupted"),
}
HASTE = timedelta(seconds=90)
"""What is due for so long and not running is not waited for on the page."""
_GOOD = (Window.ANSWERED, Window.EMPTY)


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run; `words` say how it went; `took` is empty while it goes on."""

    run: SyncRun
    started: str
    words: str
    took: str

    @property
    def brought(self) -> int:
        return self.run.created + self.run.updated


@dataclass(frozen=True, kw_only=True)
class ConnectionPage:
    """`older` is the id from which the ledger goes on, None at its end; `polls` tells that news is
    to be expected within seconds.
    """

    diagnosis: Diagnosis
    lanes: lanes.Lanes
    types: list[KeyState]
    days: list[ledger_days.Day]
    older: int | None
    runs: list[RunRow]
    running: bool
    polls: bool
    next: datetime | None
    interval: str
    demanded: bool
    resources: int
    device: bool

    @property
    def legend(self) -> list[tuple[str, str]]:
        """The kinds that occur in the lanes, with their words."""
        seen = self.lanes.kinds
        return [(kind, str(words)) for kind, words in lanes.LEGEND.items() if kind in seen]


def connection_of(application: Application, public_id: str) -> Connection:
    """The application's connection, with its system and user. Raises Http404, also for another
    app's.
    """
    found = (
        Connection.objects.select_related("system", "app_user")
        .filter(app_user__application=application, public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404("no such connection")
    return found


def connection_page(
    connection: Connection, *, shown: str, before: int | None, now: datetime
) -> ConnectionPage:
    """All of the page in a fixed number of statements. `shown` is one of RANGES, `before` the
    ledger row from which on it is told.
    """
    interval = interval_of(connection.system)
    keys = _keys(connection)
    running = is_running(connection, now=now)
    told = _told(connection, before)
    due = next_question(connection)
    return ConnectionPage(
        diagnosis=diagnose(
            Case(
                connection=connection,
                keys=keys,
                running=running,
                not_permitted=_not_permitted(connection),
                now=now,
            )
        ),
        lanes=_drawn(connection, keys, shown=shown, interval=interval, now=now),
        types=keys,
        days=ledger_days.told(told[:TOLD], device=connection.system.kind == DEVICE, now=now),
        older=told[TOLD - 1].pk if len(told) > TOLD else None,
        runs=[
            RunRow(
                run=run,
                started=clock_time(run.started, now=now),
                words=str(OUTCOMES.get(run.outcome, run.outcome)),
                took=_took(run),
            )
            for run in SyncRun.objects.filter(connection=connection).order_by("-started")[:RUNS]
        ],
        running=running,
        polls=running or (due is not None and now - HASTE < due <= now),
        next=due,
        interval=span(interval),
        demanded=connection.system.min_interval_seconds >= interval.total_seconds(),
        resources=count_by_connection(owners=[connection.app_user_id]).get(connection.pk, 0),
        device=connection.system.kind == DEVICE,
    )


def _keys(connection: Connection) -> list[KeyState]:
    """What the ledger says of each type, in two statements."""
    good = Q(state__in=_GOOD)
    ledger = Window.objects.filter(connection=connection)
    newest = ledger.order_by("key", "state", "-pk").distinct("key", "state")
    latest: dict[str, Window] = {}
    answered: dict[str, Window] = {}
    for row in newest:
        if row.state in _GOOD and (row.key not in answered or row.pk > answered[row.key].pk):
            answered[row.key] = row
        if row.key not in latest or row.pk > latest[row.key].pk:
            latest[row.key] = row
    sums: dict[str, dict[str, Any]] = {
        row["key"]: dict(row)
        for row in ledger.filter(good)
        .values("key")
        .annotate(
            arrived=Sum("resources"),
            back=Min("asked_from"),
            whole=Count("pk", filter=Q(asked_from=None)),
        )
        .order_by()
    }
    return [
        KeyState(
            latest=row,
            good=answered.get(key),
            back=sums.get(key, {}).get("back"),
            whole=bool(sums.get(key, {}).get("whole")),
            resources=sums.get(key, {}).get("arrived") or 0,
        )
        for key, row in sorted(latest.items(), key=lambda item: item[0].casefold())
    ]


def _drawn(
    connection: Connection,
    keys: list[KeyState],
    *,
    shown: str,
    interval: timedelta,
    now: datetime,
) -> lanes.Lanes:
    length = RANGES[shown]
    begin = connection.connected_at if length is None else now - length
    begin = max(begin, connection.connected_at)
    rows: dict[str, list[Window]] = {key.key: [] for key in keys}
    recent = Window.objects.filter(connection=connection, last_at__gte=begin)
    for row in reversed(recent.order_by("-pk")[:MOST_DRAWN]):
        rows[row.key].append(row)
    for key in keys:
        if not rows[key.key]:
            rows[key.key].append(key.latest)
    return lanes.drawn(rows, begin=begin, now=now, quiet=STALE_INTERVALS * interval)


def _told(connection: Connection, before: int | None) -> list[Window]:
    ledger = Window.objects.filter(connection=connection)
    if before is not None:
        ledger = ledger.filter(pk__lt=before)
    return list(ledger.order_by("-pk")[: TOLD + 1])


def _not_permitted(connection: Connection) -> list[str]:
    """Types that a hospital may have and that the grant does not include."""
    system = connection.system
    permitted = scopes.readable(connection.scope)
    if system.kind != CLINICAL or permitted is None:
        return []
    asked = {query.rtype for query in PLANS.get(system.fhir_version, ())}
    return sorted(asked - set(permitted))


def _took(run: SyncRun) -> str:
    if run.finished is None:
        return ""
    seconds = (run.finished - run.started).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else span(run.finished - run.started)
