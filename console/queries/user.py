"""One user: what is connected, what arrived, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404

from accounts.developer_changes import VIA
from accounts.models import AccessToken, Application, AppUser, AuditRecord
from connectors.freshness import next_question
from connectors.models import CLINICAL, Connection
from console.connection_state import State, is_running, state_of
from console.ledger_days import Day
from console.queries.explorer import VIA as EXPLORER
from console.queries.user_story import story
from console.words import span
from fhirstore.counts import TypeCount, count_by_connection, count_by_type
from sync.due import interval_of

FHIR_NAMES = {"dstu2": "DSTU2", "stu3": "STU3", "r4": "R4"}


@dataclass(frozen=True, kw_only=True)
class ConnectionRow:
    """A connection on its user's page. `interval` is the period at which it is really polled."""

    connection: Connection
    state: State
    running: bool
    asked: bool
    fhir: str
    interval: str
    resources: int

    @property
    def clinical(self) -> bool:
        return self.connection.system.kind == CLINICAL

    @property
    def ended(self) -> bool:
        return self.connection.status == Connection.DISCONNECTED


@dataclass(frozen=True, kw_only=True)
class UserPage:
    """`token` is the newest access token, `last_read` the app's last data call for this user."""

    connections: list[ConnectionRow]
    data: list[TypeCount]
    resources: int
    token: AccessToken | None
    last_read: AuditRecord | None
    days: list[Day]


def user_of(application: Application, number: int) -> AppUser:
    """The application's user of this number. Raises Http404, also for another app's."""
    found = AppUser.objects.filter(application=application, pk=number).first()
    if found is None:
        raise Http404("no such user")
    return found


def user_page(user: AppUser, *, shown: str, now: datetime) -> UserPage:
    """What the page shows of a user, in a fixed number of statements; `shown` narrows its story."""
    rows = Connection.objects.filter(app_user=user).select_related("system", "app_user")
    counts = count_by_connection(owners=[user.pk])
    data = count_by_type(owner=user.pk)
    return UserPage(
        connections=[
            ConnectionRow(
                connection=row,
                state=state_of(row, now=now),
                running=is_running(row, now=now),
                asked=next_question(row) is not None,
                fhir=FHIR_NAMES.get(row.system.fhir_version, ""),
                interval=span(interval_of(row.system)),
                resources=counts.get(row.pk, 0),
            )
            for row in rows.order_by("pk")
        ],
        data=data,
        resources=sum(row.resources for row in data),
        token=AccessToken.objects.filter(user=user).order_by("-pk").first(),
        last_read=AuditRecord.objects.filter(app_user=user.pk)
        .exclude(via=VIA)
        .exclude(via=EXPLORER)
        .order_by("-at")
        .first(),
        days=story(user, shown=shown, now=now),
    )
