"""What happened over all of a developer's applications in a span of days: every number of the busy
home page, in six statements however much there is.

Nothing is counted over resources: what arrived is the sum over the runs that brought it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, DateTimeField, F, Min, Q, Sum
from django.db.models.functions import TruncDay, TruncHour

from accounts.models import Application, AppUser, User
from connectors.models import DEVICE, Connection
from console.connection_state import TROUBLED
from sync.models import SyncRun

ATTENTION_SHOWN = 5


class _Median(Aggregate):
    """The middle value that really occurs; it works for times."""

    function = "percentile_disc"
    template = "%(function)s(0.5) within group (order by %(expressions)s)"


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days looked at, from midnight UTC on, and the same length before them."""

    days: int
    start: datetime
    now: datetime

    @property
    def before(self) -> datetime:
        return self.start - timedelta(days=self.days)

    @property
    def so_far(self) -> datetime:
        """The end of the earlier span that compares with now."""
        return self.now - timedelta(days=self.days)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many in the span, and in the one before by the same time."""

    count: int
    before: int


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Connections of one app to one system that fail for one reason. `connection` is the public id
    where it is a single one.
    """

    application: Application
    system: str
    status: str
    code: str
    count: int
    connection: str


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """What arrived from wearables and hospitals in one hour or day."""

    start: datetime
    devices: int
    hospitals: int


@dataclass(kw_only=True)
class AppLine:
    """A line of the table of applications."""

    application: Application
    users: int = 0
    connections: int = 0
    failing: int = 0
    received: int = 0
    freshest: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Today:
    """The whole page."""

    span: Span
    users: Counted
    connections: Counted
    received: Counted
    failing: int
    troubles: list[Trouble]
    more_troubles: int
    buckets: list[Bucket]
    apps: list[AppLine] = field(default_factory=list)


def span_of(*, days: int, now: datetime) -> Span:
    """`days` 1 is today."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(days=days, start=midnight - timedelta(days=days - 1), now=now)


def today_of(developer: User, *, span: Span) -> Today:
    """Everything the page says."""
    lines = {
        app.pk: AppLine(application=app)
        for app in Application.objects.filter(user=developer).order_by("name", "pk")
    }
    users = _users(lines, span)
    connections = _connections(lines, span)
    received, buckets = _received(lines, span)
    troubles = _troubles(lines)
    return Today(
        span=span,
        users=users,
        connections=connections,
        received=received,
        failing=sum(line.failing for line in lines.values()),
        troubles=troubles[:ATTENTION_SHOWN],
        more_troubles=max(0, len(troubles) - ATTENTION_SHOWN),
        buckets=buckets,
        apps=list(lines.values()),
    )


def _users(lines: dict[int, AppLine], span: Span) -> Counted:
    rows = (
        AppUser.objects.filter(application__in=lines)
        .order_by()
        .values("application")
        .annotate(
            all=Count("pk"),
            fresh=Count("pk", filter=_fresh("created", span)),
            earlier=Count("pk", filter=_earlier("created", span)),
        )
    )
    totals = [0, 0]
    for row in rows:
        lines[row["application"]].users = row["all"]
        totals[0] += row["fresh"]
        totals[1] += row["earlier"]
    return Counted(count=totals[0], before=totals[1])


def _connections(lines: dict[int, AppLine], span: Span) -> Counted:
    rows = (
        Connection.objects.filter(app_user__application__in=lines)
        .order_by()
        .values("app_user__application")
        .annotate(
            all=Count("pk", filter=~Q(status=Connection.DISCONNECTED)),
            troubled=Count("pk", filter=TROUBLED),
            middle=_Median(
                "last_success_at",
                filter=Q(status__in=Connection.LIVE),
                output_field=DateTimeField(),
            ),
            fresh=Count("pk", filter=_fresh("connected_at", span)),
            earlier=Count("pk", filter=_earlier("connected_at", span)),
        )
    )
    totals = [0, 0]
    for row in rows:
        line = lines[row["app_user__application"]]
        line.connections, line.failing = row["all"], row["troubled"]
        line.freshest = row["middle"]
        totals[0] += row["fresh"]
        totals[1] += row["earlier"]
    return Counted(count=totals[0], before=totals[1])


def _received(lines: dict[int, AppLine], span: Span) -> tuple[Counted, list[Bucket]]:
    within = Q(started__gte=span.start) | Q(started__gte=span.before, started__lt=span.so_far)
    bucket = TruncHour("started") if span.days == 1 else TruncDay("started")
    rows = (
        SyncRun.objects.filter(
            within,
            Q(created__gt=0) | Q(updated__gt=0),
            started__gte=span.before,
            connection__app_user__application__in=lines,
        )
        .order_by()
        .annotate(bucket=bucket)
        .values("bucket", "connection__app_user__application", "connection__system__kind")
        .annotate(n=Sum(F("created") + F("updated")))
    )
    fresh = earlier = 0
    found: dict[datetime, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row["bucket"] < span.start:
            earlier += row["n"]
            continue
        fresh += row["n"]
        lines[row["connection__app_user__application"]].received += row["n"]
        found[row["bucket"]][row["connection__system__kind"] != DEVICE] += row["n"]
    length, count = (timedelta(hours=1), 24) if span.days == 1 else (timedelta(days=1), span.days)
    starts = [span.start + length * index for index in range(count)]
    return Counted(count=fresh, before=earlier), [
        Bucket(start=at, devices=found[at][0], hospitals=found[at][1]) for at in starts
    ]


def _troubles(lines: dict[int, AppLine]) -> list[Trouble]:
    """What people have to act on comes first, then the most."""
    rows = (
        Connection.objects.filter(TROUBLED, app_user__application__in=lines)
        .order_by()
        .values("app_user__application", "system__name", "status", "last_error_code")
        .annotate(n=Count("pk"), one=Min("public_id"))
    )
    found = [
        Trouble(
            application=lines[row["app_user__application"]].application,
            system=row["system__name"],
            status=row["status"],
            code=row["last_error_code"],
            count=row["n"],
            connection=row["one"] if row["n"] == 1 else "",
        )
        for row in rows
    ]
    return sorted(found, key=lambda t: (t.status != Connection.NEEDS_REAUTHORIZATION, -t.count))


def _fresh(column: str, span: Span) -> Q:
    return Q(**{f"{column}__gte": span.start})


def _earlier(column: str, span: Span) -> Q:
    return Q(**{f"{column}__gte": span.before, f"{column}__lt": span.so_far})
