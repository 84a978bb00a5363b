"""What staff find by an id of any kind. Metadata only: nothing here reads a resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from accounts.models import Application, AppUser, User
from connectors.models import Connection, System
from sync.models import SyncRun

MOST = 20
"""Rows of one kind that are shown."""
_LONGEST_NUMBER = 18


@dataclass(frozen=True, kw_only=True)
class Found:
    """A row of any model: what it is, its name, what is known of it in words."""

    row: Model
    kind: str
    label: str
    note: str


def find_any(text: str) -> list[Found]:
    """Everything whose e-mail, client id, number, public id or own id is `text`; developers by the
    beginning of their address, apps by that of their client id or by their name, too."""
    text = text.strip().replace("\0", "")
    if not text:
        return []
    number = int(text) if _is_number(text) else None
    return [
        *map(_connection, _connections(text, number)),
        *map(_user, _users(text, number)),
        *map(_application, _applications(text)),
        *map(_developer, User.objects.filter(email__istartswith=text).order_by("email")[:MOST]),
        *map(_system, _systems(text, number)),
        *map(_run, _runs(number)),
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _connections(text: str, number: int | None) -> Iterator[Connection]:
    named = Q(public_id=text) if number is None else Q(public_id=text) | Q(pk=number)
    rows = Connection.objects.filter(named).select_related("system", "app_user")
    yield from rows.order_by("-id")[:MOST]


def _users(text: str, number: int | None) -> Iterator[AppUser]:
    named = Q(app_user_id=text) if number is None else Q(app_user_id=text) | Q(pk=number)
    rows = AppUser.objects.filter(named, application__in=Application.objects.all())
    yield from rows.select_related("application").order_by("-id")[:MOST]


def _applications(text: str) -> Iterator[Application]:
    named = Q(client_id__startswith=text.lower()) | Q(name__istartswith=text)
    yield from Application.objects.filter(named).select_related("user").order_by("name")[:MOST]


def _systems(text: str, number: int | None) -> Iterator[System]:
    named = Q(name__icontains=text) if number is None else Q(pk=number)
    yield from System.objects.filter(named)[:MOST]


def _runs(number: int | None) -> Iterator[SyncRun]:
    if number is not None:
        yield from SyncRun.objects.filter(pk=number).select_related("connection")


def _connection(row: Connection) -> Found:
    state = row.get_status_display() + (f", {_('parked')}" if row.parked else "")
    note = _("connection %(number)d of user %(user)d with %(system)s: %(state)s") % {
        "number": row.pk,
        "user": row.app_user_id,
        "system": row.system.name,
        "state": state,
    }
    return Found(row=row, kind=_("Connection"), label=row.public_id, note=note)


def _user(row: AppUser) -> Found:
    state = _("active") if row.active else _("not active")
    note = _("user %(number)d of %(app)s, %(state)s") % {
        "number": row.pk,
        "app": row.application.name,
        "state": state,
    }
    return Found(row=row, kind=_("User"), label=row.app_user_id, note=note)


def _application(row: Application) -> Found:
    owner: Any = row.user
    note = _("application of %(email)s, %(mode)s mode") % {
        "email": owner.email if owner else _("nobody"),
        "mode": row.mode,
    }
    return Found(row=row, kind=_("Application"), label=f"{row.name} {row.client_id}", note=note)


def _developer(row: User) -> Found:
    note = _("developer since %(date)s") % {"date": f"{row.date_joined:%Y-%m-%d}"}
    return Found(row=row, kind=_("Developer"), label=row.email, note=note)


def _system(row: System) -> Found:
    note = _("%(kind)s system %(number)d") % {"kind": row.kind, "number": row.pk}
    return Found(row=row, kind=_("System"), label=row.name, note=note)


def _run(row: SyncRun) -> Found:
    note = _("run of connection %(connection)s at %(started)s: %(outcome)s") % {
        "connection": row.connection.public_id,
        "started": f"{row.started:%Y-%m-%d %H:%M:%S}",
        "outcome": row.outcome,
    }
    return Found(row=row, kind=_("Sync run"), label=str(row.pk), note=note)
