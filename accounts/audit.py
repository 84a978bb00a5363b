"""The append-only record of who read and changed what: one row a data call, no bodies.

The rows do not wait for the disk (`synchronous_commit = off` for their own transaction): a read
must not cost a durable commit, and a crash of the database server may lose the last fraction of a
second of them, nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from accounts.access import Access

GRANTED, REFUSED = "granted", "refused"
_LONGEST = 64

# `commit` is the caller's own setting inside a transaction that also writes other things, `off`
# otherwise.
INSERT = """
insert into accounts_auditrecord
  (at, application, app_user, via, interaction, resource_type, resource_id, outcome)
select %(now)s::timestamptz, %(application)s::bigint, %(app_user)s::bigint, %(via)s::text,
  %(interaction)s::text, %(resource_type)s::text, %(resource_id)s::text, %(outcome)s::text
where set_config('synchronous_commit',
  coalesce(%(commit)s::text, current_setting('synchronous_commit')), true) is not null
"""


def record(
    access: Access,
    *,
    interaction: str,
    resource_type: str,
    resource_id: str,
    outcome: str,
    now: datetime,
) -> None:
    """Write one audit row. `outcome` is `granted`, `refused` or a word of the caller's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "now": now,
                "application": access.application_id,
                "app_user": access.app_user_id,
                "via": access.via,
                **described(interaction, resource_type, resource_id),
                "outcome": outcome,
                "commit": commit_setting(),
            },
        )


def described(interaction: str, resource_type: str, resource_id: str) -> dict[str, str]:
    """The columns that name a call's object. Ids come from URLs: what no FHIR id can be is cut, and
    a NUL removed.
    """
    return {
        "interaction": interaction,
        "resource_type": _storable(resource_type),
        "resource_id": _storable(resource_id),
    }


def commit_setting() -> str | None:
    """`off` when the row is a transaction of its own; None when it joins one whose durability is
    not ours to lower.
    """
    return None if connection.in_atomic_block else "off"


def _storable(text: str) -> str:
    return text[:_LONGEST].replace("\x00", "").encode("utf-8", "replace").decode()
