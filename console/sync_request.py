""" "Sync now", and what to tell about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.messages import ERROR, INFO, SUCCESS, WARNING
from django.utils.translation import gettext as _

from connectors.connection_data import connection_data
from connectors.freshness import is_asked, next_question
from connectors.models import Connection
from console.connection_state import is_running
from console.moments import ahead


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`level` is one of django.contrib.messages."""

    level: int
    words: str


def ask_now(connection: Connection, *, now: datetime) -> Answer:
    """Have the connection polled as soon as its source allows; its `system` and `app_user` must be
    loaded.
    """
    name = {"name": connection.system.name}
    if is_running(connection, now=now):
        return Answer(level=INFO, words=_("%(name)s is being asked already.") % name)
    if not is_asked(connection):
        return Answer(
            level=ERROR, words=_("%(name)s cannot be asked while the connection rests.") % name
        )
    if connection.pk not in connection_data().request_refresh([connection.pk], now):
        return Answer(level=INFO, words=_("%(name)s is being asked already.") % name)
    connection.refresh_from_db(fields=["next_sync_at", "held_until"])
    due = next_question(connection) or now
    if due > now:
        when = {**name, "when": ahead(due, now=now)}
        return Answer(
            level=WARNING,
            words=_("%(name)s does not want to be asked yet. We ask %(when)s.") % when,
        )
    return Answer(level=SUCCESS, words=_("%(name)s is asked now.") % name)
