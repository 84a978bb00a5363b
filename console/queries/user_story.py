"""What happened to a user lately: what arrived, what failed, and who read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.developer_changes import VIA
from accounts.models import AppUser, AuditRecord
from console.lanes import short_reason
from console.ledger_days import Day, Moment, by_day
from console.moments import enumeration, key_name
from console.queries.explorer import VIA as EXPLORER
from console.words import grouped
from sync.models import SyncRun, Window

SHOWN = {
    "": gettext_lazy("Everything"),
    "records": gettext_lazy("Records"),
    "access": gettext_lazy("Access"),
}
MOST = 30
_READ = 200
_TOGETHER = timedelta(minutes=10)
_VIA = {
    "bearer": gettext_lazy("with a token"),
    "query": gettext_lazy("with a token in the address"),
    "client": gettext_lazy("with client headers"),
    EXPLORER: gettext_lazy("in the explorer"),
}


def story(user: AppUser, *, shown: str, now: datetime) -> list[Day]:
    """The last moments, newest first, by day; `shown` is one of SHOWN. Three statements at most."""
    moments: list[Moment] = []
    if shown != "access":
        moments += _arrivals(user)
        moments += _troubles(user)
    if shown != "records":
        moments += _calls(user)
    moments.sort(key=lambda moment: moment.at, reverse=True)
    return by_day(moments[:MOST], now=now)


def _arrivals(user: AppUser) -> list[Moment]:
    runs = SyncRun.objects.filter(
        Q(created__gt=0) | Q(updated__gt=0), connection__app_user=user
    ).select_related("connection__system")
    return [
        Moment(
            at=run.finished or run.started,
            kind="good",
            title=_brought(run),
            text=run.connection.system.name,
            connection=run.connection.public_id,
        )
        for run in runs.order_by("-started")[:MOST]
    ]


def _brought(run: SyncRun) -> str:
    new = ngettext("%(n)s new resource", "%(n)s new resources", run.created)
    changed = ngettext("%(n)s changed", "%(n)s changed", run.updated)
    parts = [(new, run.created), (changed, run.updated)]
    return ", ".join(words % {"n": grouped(number)} for words, number in parts if number)


def _troubles(user: AppUser) -> list[Moment]:
    rows = list(
        Window.objects.filter(connection__app_user=user, state__in=(Window.FAILED, Window.REFUSED))
        .select_related("connection__system")
        .order_by("-pk")[:_READ]
    )
    groups: dict[tuple[int, str, datetime], list[Window]] = {}
    for row in rows:
        minute = row.first_at.replace(second=0, microsecond=0)
        groups.setdefault((row.connection_id, short_reason(row), minute), []).append(row)
    return [
        Moment(
            at=group[0].first_at,
            kind="bad",
            title=_("%(names)s: %(reason)s")
            % {
                "names": enumeration(sorted({key_name(row.key) for row in group})),
                "reason": short_reason(group[0]),
            },
            text=group[0].connection.system.name,
            connection=group[0].connection.public_id,
        )
        for group in list(groups.values())[:MOST]
    ]


def _calls(user: AppUser) -> list[Moment]:
    rows = AuditRecord.objects.filter(app_user=user.pk).exclude(via=VIA).order_by("-at")[:_READ]
    return [_call(group) for group in _runs_of(rows)]


def _runs_of(rows: Iterable[AuditRecord]) -> list[list[AuditRecord]]:
    """Calls of the same kind of caller, close to each other."""
    groups: list[list[AuditRecord]] = []
    for row in rows:
        last = groups[-1][0] if groups else None
        if last is not None and last.via == row.via and last.at - row.at <= _TOGETHER:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _call(group: Sequence[AuditRecord]) -> Moment:
    kinds = Counter(f"{row.interaction} {row.resource_type}".strip() or "…" for row in group)
    named = [
        name if number == 1 else _("%(name)s, %(n)s times") % {"name": name, "n": grouped(number)}
        for name, number in kinds.most_common()
    ]
    via = group[0].via
    if via == EXPLORER:
        title = _("Read in the console")
    else:
        title = ngettext("Your app asked once", "Your app asked %(n)s times", len(group))
    return Moment(
        at=group[0].at,
        kind="none",
        title=title % {"n": grouped(len(group))},
        text=f"{enumeration(named)}; {_VIA.get(via, via)}.",
    )
