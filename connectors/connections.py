"""Managing connections: find, refresh, disconnect, delete, erase (wire contract 10)."""

from __future__ import annotations

import logging
import re
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.access import Access
from connectors import dance
from connectors.connection_data import connection_data
from connectors.errors import ConnectorError
from connectors.models import Connection, ConnectSession, ConnectVisit, LinkAttempt
from connectors.refusals import BadFilter, UnknownConnection

logger = logging.getLogger(__name__)

_NUMBER = re.compile(r"[0-9]{1,18}")
_PUBLIC_ID = re.compile(r"c_[0-9a-f]{1,30}")


def connections_of(
    access: Access, *, system_id: str = "", status: str = ""
) -> QuerySet[Connection]:
    """The connections an access may see, oldest first: its user's, or those of all users of the
    client. Raises `BadFilter`.
    """
    found = Connection.objects.select_related("system", "app_user").order_by("pk")
    if access.all_users:
        found = found.filter(app_user__application_id=access.application_id)
    else:
        found = found.filter(app_user_id=access.app_user_id)
    if system_id:
        if not _NUMBER.fullmatch(system_id):
            raise BadFilter("system_id", "a number")
        found = found.filter(system_id=int(system_id))
    if status:
        if status not in Connection.STATUSES:
            raise BadFilter("status", f"one of {', '.join(Connection.STATUSES)}")
        found = found.filter(status=status)
    return found


def find_connection(access: Access, public_id: str) -> Connection:
    """The connection of this access by its public id. Raises `UnknownConnection`, also for a
    stranger's.
    """
    found = connections_of(access)
    known = found.filter(public_id=public_id).first() if _PUBLIC_ID.fullmatch(public_id) else None
    if known is None:
        raise UnknownConnection
    return known


def disconnect(connection: Connection, *, now: datetime) -> Connection:
    """Stop the sync, forget the source's tokens, give them back at the source where it takes them;
    the data stays. Idempotent; answers the connection as it is then.

    A source that does not answer cannot keep a user from leaving: that is logged, and the tokens
    are gone here all the same.
    """
    with transaction.atomic():
        row = (
            Connection.objects.select_related("system", "app_user")
            .select_for_update(of=("self",))
            .get(pk=connection.pk)
        )
        tokens = [row.refresh_token.reveal(), row.access_token.reveal()]
        row.status = Connection.DISCONNECTED
        row.access_token = row.refresh_token = ""
        row.token_expires_at = row.refresh_lease_until = row.lease_until = row.lease_id = None
        row.token_generation += 1  # a refresh in flight has lost its claim
        row.save()
    token = next((text for text in tokens if text), "")
    if token:
        try:
            dance.revoke(row.system, token)
        except ConnectorError as error:
            logger.warning(
                "the source did not take its token back",
                extra={"connection": row.public_id, "reason": error.code},
            )
    return row


def delete_data(connection: Connection, *, now: datetime) -> None:
    """Delete what the connection imported: hidden at once, removed in the background."""
    connection_data().delete_connection_data(connection.pk, now)


def erase_user(*, app_user_id: int, now: datetime) -> None:
    """Disconnect everything of a user and erase all the user's data. Dances and links in progress
    end, so that nothing comes back after them.
    """
    for model in (LinkAttempt, ConnectSession, ConnectVisit):
        model.objects.filter(app_user_id=app_user_id).delete()
    for connection in Connection.objects.filter(app_user_id=app_user_id):
        disconnect(connection, now=now)
    connection_data().delete_user_data(app_user_id, now)
