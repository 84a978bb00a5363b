"""The directory of hospitals and devices, as developers look at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet, TextField
from django.db.models.functions import Cast, Lower

from accounts.models import User
from connectors.catalog.find import enabled_systems
from connectors.catalog.search import plain_query
from connectors.models import CLINICAL, DEVICE, Connection, System

PAGE = 50
ALL, HOSPITALS, WEARABLES, MISSING = "all", "hospitals", "wearables", "missing"
_NARROWED = {
    ALL: Q(),
    HOSPITALS: Q(kind=CLINICAL),
    WEARABLES: Q(kind=DEVICE),
    MISSING: Q(client_id=""),
}
KINDS = tuple(_NARROWED)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """How connections to a system fare, over all apps of this installation."""

    connections: int
    failing: int
    last: datetime | None


@dataclass(frozen=True, kw_only=True)
class SystemsPage:
    """Up to 50 systems by name. `start` numbers the first from 1; `counts` is by kind, whatever
    was searched for; `found` is how many match.
    """

    systems: list[System]
    start: int
    found: int
    counts: dict[str, int]
    answers: dict[int, Answers]

    @property
    def more(self) -> bool:
        return self.start - 1 + len(self.systems) < self.found


def systems_page(*, query: str, kind: str, offset: int) -> SystemsPage:
    """`kind` is one of `KINDS`. Each word of the query is found in name, place or postal code, or
    is the id.
    """
    counts = enabled_systems().aggregate(
        **{name: Count("pk", filter=narrowed) for name, narrowed in _NARROWED.items()}
    )
    matching = _matching(enabled_systems().filter(_NARROWED[kind]), query)
    rows = list(
        matching.defer("client_secret").order_by(Lower("name"), "pk")[offset : offset + PAGE]
    )
    return SystemsPage(
        systems=rows,
        start=offset + 1,
        found=matching.count() if query else counts[kind],
        counts=counts,
        answers=answers_of(row.pk for row in rows),
    )


def answers_of(systems: Iterable[int]) -> dict[int, Answers]:
    """For systems that are connected at all, in one statement."""
    rows = (
        Connection.objects.filter(system__in=list(systems))
        .exclude(status=Connection.DISCONNECTED)
        .order_by()
        .values("system")
        .annotate(
            all=Count("pk"),
            failing=Count("pk", filter=Q(status=Connection.FAILING)),
            last=Max("last_success_at"),
        )
    )
    return {
        row["system"]: Answers(connections=row["all"], failing=row["failing"], last=row["last"])
        for row in rows
    }


def own_connections(developer: User, *, system: int) -> list[tuple[str, str, int]]:
    """How many connections each of the developer's apps has to a system: client id, name, count."""
    rows = (
        Connection.objects.filter(app_user__application__user=developer, system_id=system)
        .exclude(status=Connection.DISCONNECTED)
        .order_by()
        .values_list("app_user__application__client_id", "app_user__application__name")
        .annotate(n=Count("pk"))
    )
    return sorted(rows, key=lambda row: row[1])


def _matching(among: QuerySet[System], query: str) -> QuerySet[System]:
    for word in plain_query(query).split():
        found = Q(name__icontains=word) | Q(places__icontains=word)
        if word.isascii() and word.isdigit() and len(word) <= 18:
            found |= Q(pk=int(word))
        among = among.alias(places=Cast("locations", TextField())).filter(found)
    return among
