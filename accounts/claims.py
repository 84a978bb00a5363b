"""A token checked by the very statement that reads what it is for: one way to the database and back
instead of two.

Nothing is known of a claim beforehand. The statement begins with the token's row, takes the owner
from it, and reads nothing where the token is unknown, has expired, or is for less than everything;
it also writes the audit row. Whoever gets rows by it has read as a call that was checked and
audited; whoever gets none has learned nothing and asks `accounts.access`, which tells why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from psycopg.pq.abc import PGresult

from accounts import audit, prepared
from accounts.access import bearer_token
from accounts.digests import digest
from accounts.scopes import EVERYTHING

OWNER = "%(owner)s::bigint"
"""How a statement that can be proved spells its owner."""
_PROVED_OWNER = "(select c.user_id from call c)"
_CALL = f"""call as materialized (
  select t.user_id, t.application_id from accounts_accesstoken t
  where t.token_checksum = %(digest)s::text and t.user_id is not null
    and t.expires > %(now)s::timestamptz and t.scope = '{EVERYTHING}'
), audited as (
  insert into accounts_auditrecord
    (at, application, app_user, via, interaction, resource_type, resource_id, outcome)
  select %(now)s::timestamptz, application_id, user_id, 'bearer', %(interaction)s::text,
    %(resource_type)s::text, %(resource_id)s::text, '{audit.GRANTED}'
  from call where set_config('synchronous_commit',
    coalesce(%(commit)s::text, current_setting('synchronous_commit')), true) is not null
)"""


@dataclass(slots=True, eq=False)
class Claim:
    """What a Bearer header claims. `key` tells tokens apart; `tried`: a statement has run with it,
    and has audited the call where the token is what it claims to be."""

    key: int
    values: Mapping[str, Any]
    tried: bool = False

    def execute(self, sql: str, values: Mapping[str, Any]) -> PGresult:
        """The answer to a statement about one owner, which it spells `OWNER`, as the token's user:
        without rows where the token does not prove one with a right to everything."""
        self.tried = True
        return prepared.execute(proved(sql), {**values, **self.values})


def claim_of(
    request: HttpRequest,
    *,
    now: datetime,
    interaction: str,
    resource_type: str,
    resource_id: str = "",
) -> Claim | None:
    """The claim of a request's Bearer header, for one call that only reads; None where it has no
    such header or one that no token of ours looks like."""
    token = bearer_token(request)
    if token is None:
        return None
    told = digest(token)
    return Claim(
        key=-int(told, 16),
        values={
            "digest": told,
            "now": now.isoformat(),
            "commit": audit.commit_setting(),
            **audit.described(interaction, resource_type, resource_id),
        },
    )


@lru_cache(maxsize=1024)
def proved(sql: str) -> str:
    """The statement of an owner as one of whoever has the token."""
    behind = f", {sql.removeprefix('with ')}" if sql.startswith("with ") else f" {sql}"
    return f"with {_CALL}{behind}".replace(OWNER, _PROVED_OWNER)
