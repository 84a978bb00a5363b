"""Who is due, and who takes it: claims by conditional update, with a lease that runs out.

The connection's row is the queue. A claim writes `lease_id` and `lease_until`; whoever holds the
lease renews it while working (`renew`), and every later write of the run is conditional on it. A
killed worker renews nothing: its lease runs out, the connection, whose `next_sync_at` moves only at
release, is still due, and the next look at the queue gives it to another.

A connection whose runs keep dying (a poisonous answer that kills the worker) waits longer each
time: every takeover counts as a failure, and from the third on the takeover itself is held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from connectors.models import Connection, System
from sync.models import SyncRun

EARLY = timedelta(seconds=30)
"""Whatever is due within this counts as due (a quarter of the period at most). django-q looks at
its schedules about every 30 seconds, so the distance of two ticks is 60 seconds give or take that
much: without this a tick a moment too early would turn two minutes into three. A source that
demands a longer period than the installation's is never asked early, not even by force.
"""

_DUE = """
  from connectors_connection c
  join accounts_appuser u on u.id = c.app_user_id
  join connectors_system s on s.id = c.system_id
 where c.status in ('pending', 'connected', 'failing') and not c.parked and u.active and s.enabled
   and (c.lease_until is null or c.lease_until < %(now)s - make_interval(secs => case
        when c.failures < 3 then 0 else least(3600, 30 * power(2, least(c.failures, 10) - 3)) end))
   and (%(force)s or c.next_sync_at <= %(soon)s)
   and (s.min_interval_seconds <= %(period)s or c.last_attempt_at is null or c.status = 'pending'
        or c.lease_id is not null
        or c.last_attempt_at + make_interval(secs => s.min_interval_seconds) <= %(now)s)
   and (c.held_until is null or c.held_until <= %(now)s
        or (%(force)s and c.last_error_code <> 'rate_limited'))
   and (not %(pending)s or c.status = 'pending')
   and (%(only)s::bigint[] is null or c.id = any(%(only)s::bigint[]))
"""

_CLAIM = f"""
with due as (
select c.id, c.lease_id is not null as abandoned {_DUE}
 order by c.next_sync_at limit %(limit)s for update of c skip locked)
update connectors_connection c
   set lease_id = %(lease)s, lease_until = %(until)s, last_attempt_at = %(now)s,
       failures = c.failures + due.abandoned::int
  from due where due.id = c.id
returning c.id, c.last_success_at is null,
          exists (select 1 from sync_transfer t where t.connection_id = c.id)
"""

_RENEW = """
update connectors_connection c set lease_until = %(until)s
  from unnest(%(ids)s::bigint[], %(leases)s::uuid[]) as mine(id, lease)
 where c.id = mine.id and c.lease_id = mine.lease
   and c.status in ('pending', 'connected', 'failing')
returning c.id
"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A connection taken for one run. Its writes hold only while the connection still carries
    `lease_id`. `transfer`: an announced transfer waits for this run (sync/transfers.py).
    """

    connection_id: int
    lease_id: UUID
    run_id: int
    trigger: str
    started: datetime
    transfer: bool = False


def claim_due(
    *,
    now: datetime,
    limit: int,
    only: Sequence[int] | None = None,
    pending: bool = False,
    force: bool = False,
    trigger: str = "tick",
) -> list[Claim]:
    """Take up to `limit` connections that are due at `now`, the longest due first, and open a
    SyncRun for each.

    `only` narrows to these connection ids, `pending` to those whose first pull has not finished;
    `force` takes too what is not due, or held back after errors (never what a source asked us to
    leave alone). Parked connections, those of inactive users, those that need the user's
    authorization and those that are running elsewhere are never taken. Runs of earlier holders that
    never came back are closed as lost.
    """
    lease_id = uuid4()
    values = _values(now=now, only=only, pending=pending, force=force)
    values |= {"limit": limit, "lease": lease_id, "until": now + lease()}
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        taken = [(int(pk), bool(first), bool(told)) for pk, first, told in cursor.fetchall()]
        if not taken:
            return []
        ids = [pk for pk, _, _ in taken]
        SyncRun.objects.filter(connection_id__in=ids, outcome=SyncRun.RUNNING).update(
            outcome=SyncRun.LOST, finished=now
        )
        runs = SyncRun.objects.bulk_create(
            SyncRun(
                connection_id=pk,
                lease_id=lease_id,
                trigger="first" if first else trigger,
                started=now,
            )
            for pk, first, _ in taken
        )
    awaited = {pk for pk, _, told in taken if told}
    return [
        Claim(
            connection_id=run.connection_id,
            lease_id=lease_id,
            run_id=run.pk,
            trigger=run.trigger,
            started=now,
            transfer=run.connection_id in awaited,
        )
        for run in runs
    ]


def count_due(*, now: datetime, at_most: int) -> int:
    """How many connections are due at `now`, counting no further than `at_most`."""
    with database.cursor() as cursor:
        cursor.execute(
            f"select count(*) from (select 1 {_DUE} limit %(limit)s) as due",
            _values(now=now, only=None, pending=False, force=False) | {"limit": at_most},
        )
        (count,) = cursor.fetchone()
    return int(count)


def renew(*, claims: Iterable[Claim], now: datetime) -> set[int]:
    """Extend the leases of these claims; answers the connection ids that are still ours."""
    held = list(claims)
    with database.cursor() as cursor:
        cursor.execute(
            _RENEW,
            {
                "until": now + lease(),
                "ids": [claim.connection_id for claim in held],
                "leases": [claim.lease_id for claim in held],
            },
        )
        return {int(pk) for (pk,) in cursor.fetchall()}


def held_by(claim: Claim) -> QuerySet[Connection]:
    """The claim's connection while the claim holds it, nothing afterwards: every write of a run is
    an update of this.
    """
    return Connection.objects.filter(
        pk=claim.connection_id, lease_id=claim.lease_id, status__in=Connection.LIVE
    )


def lease() -> timedelta:
    """How long a claim holds without a sign of life. 45 seconds by default: with a clock that ticks
    every minute a killed run is taken over within two.
    """
    return timedelta(seconds=settings.SYNC_LEASE_SECONDS)


def interval_of(system: System) -> timedelta:
    """The period at which a connection to this system is polled: the installation's, or longer
    where the source demands it.
    """
    return timedelta(seconds=max(settings.SYNC_SECONDS, system.min_interval_seconds))


def _values(
    *, now: datetime, only: Sequence[int] | None, pending: bool, force: bool
) -> dict[str, Any]:
    period = timedelta(seconds=settings.SYNC_SECONDS)
    return {
        "now": now,
        "soon": now + min(EARLY, period / 4),
        "period": settings.SYNC_SECONDS,
        "only": None if only is None else list(only),
        "pending": pending,
        "force": force,
    }
