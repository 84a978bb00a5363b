"""An application's users: find them, and what the list says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Application, AppUser
from connectors.models import CLINICAL, DEVICE, Connection
from console.connection_state import TROUBLED, State, state_of
from console.keyset import Slice, page_of
from console.words import grouped
from fhirstore.counts import OwnerCount, count_by_owner

STATES = {
    "active": gettext_lazy("Active"),
    "trouble": gettext_lazy("Needs attention"),
    "deactivated": gettext_lazy("Deactivated"),
}
CONNECTED = {
    "none": gettext_lazy("No connection"),
    CLINICAL: gettext_lazy("Hospital"),
    DEVICE: gettext_lazy("Wearable"),
}
_NAMED = 2


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """A line of the list. `connected_to` is empty where nothing is connected."""

    user: AppUser
    connected_to: str
    resources: int
    changed: datetime | None
    state: State


@dataclass(frozen=True, kw_only=True)
class Users:
    """A page of users, and of how many it is a choice."""

    lines: list[UserRow]
    slice: Slice[AppUser]
    all: int
    filtered: bool

    @property
    def found(self) -> str:
        """ "55 of 10,412", or all."""
        if self.filtered:
            words = {"found": grouped(self.slice.total), "all": grouped(self.all)}
            return _("%(found)s of %(all)s") % words
        return ngettext("%(all)s user", "%(all)s users", self.all) % {"all": grouped(self.all)}


def list_users(application: Application, query: QueryDict, *, now: datetime) -> Users:
    """A page of the application's users: `q` is the beginning of either id, `state` one of STATES,
    `connection` one of CONNECTED. The number of statements is fixed.
    """
    everyone = AppUser.objects.filter(application=application)
    chosen = _chosen(everyone, query)
    page = page_of(chosen, query)
    filtered = any(query.get(name) for name in ("q", "state", "connection"))
    ids = [user.pk for user in page.rows]
    linked: dict[int, list[Connection]] = {pk: [] for pk in ids}
    for connection in Connection.objects.filter(app_user_id__in=ids).select_related(
        "system", "app_user"
    ):
        linked[connection.app_user_id].append(connection)
    counts = count_by_owner(owners=ids)
    return Users(
        lines=[
            _line(user, linked[user.pk], counts.get(user.pk, OwnerCount()), now)
            for user in page.rows
        ],
        slice=page,
        all=everyone.count() if filtered else page.total,
        filtered=filtered,
    )


def _chosen(everyone: QuerySet[AppUser], query: QueryDict) -> QuerySet[AppUser]:
    found = everyone
    typed = query.get("q", "").strip().replace("\x00", "")
    if typed:
        by_name = Q(app_user_id__startswith=typed)
        if typed.isascii() and typed.isdigit():
            found = found.annotate(number=Cast("pk", CharField()))
            by_name |= Q(number__startswith=typed)
        found = found.filter(by_name)
    linked = Connection.objects.filter(app_user=OuterRef("pk")).exclude(
        status=Connection.DISCONNECTED
    )
    state, connection = query.get("state", ""), query.get("connection", "")
    if state == "active":
        found = found.filter(active=True)
    elif state == "deactivated":
        found = found.filter(active=False)
    elif state == "trouble":
        found = found.filter(Exists(linked.filter(TROUBLED)))
    if connection == "none":
        found = found.filter(~Exists(linked))
    elif connection in CONNECTED:
        found = found.filter(Exists(linked.filter(system__kind=connection)))
    return found


def _line(
    user: AppUser, connections: Sequence[Connection], count: OwnerCount, now: datetime
) -> UserRow:
    live = [row for row in connections if row.status != Connection.DISCONNECTED]
    return UserRow(
        user=user,
        connected_to=_connected_to(live),
        resources=count.resources,
        changed=count.changed,
        state=_state(user, live, now),
    )


def _connected_to(live: Sequence[Connection]) -> str:
    if len(live) <= _NAMED:
        return ", ".join(row.system.name or str(row.system_id) for row in live)
    hospitals = sum(1 for row in live if row.system.kind == CLINICAL)
    devices = len(live) - hospitals
    parts = [
        ngettext("%(n)s hospital", "%(n)s hospitals", hospitals) % {"n": hospitals},
        ngettext("%(n)s wearable", "%(n)s wearables", devices) % {"n": devices},
    ]
    return ", ".join(part for part, n in zip(parts, (hospitals, devices), strict=True) if n)


def _state(user: AppUser, live: Sequence[Connection], now: datetime) -> State:
    if not user.active:
        return State(state="off", word=_("Deactivated"))
    if not live:
        return State(state="wait", word=_("No connection"))
    states = [state_of(row, now=now) for row in live]
    for worst in ("bad", "warn"):
        for state in states:
            if state.state == worst:
                return state
    return State(state="ok", word=_("Active"))
