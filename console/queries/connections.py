"""An application's connections, and which of them need somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from accounts.models import Application
from connectors.freshness import next_question
from connectors.models import Connection
from console import connection_state
from console.connection_state import State, state_of
from console.keyset import Slice, page_of
from console.words import grouped, span
from sync.due import interval_of

SHOWN = {
    "": gettext_lazy("All"),
    "failing": gettext_lazy("Failing"),
    "reconnect": gettext_lazy("Reconnect"),
    "stale": gettext_lazy("Stale"),
    "paused": gettext_lazy("Paused"),
    "ended": gettext_lazy("Disconnected"),
}


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A choice of parts/segments.html."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class ConnectionLine:
    """A line of the list. `interval` is the period at which it is really polled, empty while it is
    not asked.
    """

    connection: Connection
    state: State
    interval: str


@dataclass(frozen=True, kw_only=True)
class Connections:
    lines: list[ConnectionLine]
    slice: Slice[Connection]
    segments: list[Segment]
    all: int
    filtered: bool


def list_connections(application: Application, query: QueryDict, *, now: datetime) -> Connections:
    """A page of the application's connections: `show` is one of SHOWN, `q` the beginning of a
    user's id or of a connection's, or a part of a system's name. The number of statements is fixed.
    """
    everything = Connection.objects.filter(app_user__application=application)
    typed = query.get("q", "").strip().replace("\x00", "")
    if typed:
        everything = everything.filter(
            Q(app_user__app_user_id__startswith=typed)
            | Q(public_id__startswith=typed)
            | Q(system__name__icontains=typed)
        )
    shown = query.get("show", "")
    narrowed = _narrowed(everything, shown, now)
    page = page_of(narrowed.select_related("system", "app_user"), query)
    numbers = _numbers(everything, now)
    return Connections(
        lines=[
            ConnectionLine(
                connection=row,
                state=state_of(row, now=now),
                interval=span(interval_of(row.system)) if next_question(row) else "",
            )
            for row in page.rows
        ],
        slice=page,
        segments=[
            Segment(
                label=f"{label} {grouped(numbers[name])}",
                url=_address(query, name),
                current=name == shown,
            )
            for name, label in SHOWN.items()
            if name == shown or name == "" or numbers[name]
        ],
        all=numbers[""],
        filtered=bool(typed or shown),
    )


def _conditions(now: datetime) -> dict[str, Q]:
    return {
        "failing": connection_state.FAILING,
        "reconnect": connection_state.RECONNECT,
        "stale": connection_state.stale(now=now),
        "paused": connection_state.PAUSED & ~connection_state.ENDED,
        "ended": connection_state.ENDED,
    }


def _narrowed(everything: QuerySet[Connection], shown: str, now: datetime) -> QuerySet[Connection]:
    condition = _conditions(now).get(shown)
    return everything if condition is None else everything.filter(condition)


def _numbers(everything: QuerySet[Connection], now: datetime) -> dict[str, int]:
    counts = {
        f"n_{name}": Count("pk", filter=condition) for name, condition in _conditions(now).items()
    }
    found = everything.aggregate(n_=Count("pk"), **counts)
    return {name.removeprefix("n_"): int(number) for name, number in found.items()}


def _address(query: QueryDict, shown: str) -> str:
    changed = query.copy()
    for name in ("show", "older", "newer"):
        changed.pop(name, None)
    if shown:
        changed["show"] = shown
    return f"?{changed.urlencode()}"
