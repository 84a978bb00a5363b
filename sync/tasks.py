"""What django-q calls. Tasks carry ids only and answer counts; whoever is due, who holds it and how
far it came is in our own tables, so a task delivered twice, late or never loses nothing and doubles
nothing.

A task takes work from the table until none is left, rather than a list made when it was queued: a
task that waited long finds what is due when it starts, and a second delivery finds leases and ends.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from time import monotonic
from typing import Any

from django.conf import settings
from django_q.models import Failure, Success
from django_q.tasks import async_task

from accounts import clock
from accounts.tokens import clear_expired
from connectors import expired
from fhirstore import erase, export
from fhirstore.reindex import behind, catch_up
from sync import closing, notify, transfers
from sync.batch import IN_FLIGHT, LONGEST, More, run_claims
from sync.due import Claim, claim_due, count_due
from sync.models import SyncRun, Tick

RUN_BATCH = "sync.tasks.run_batch"
DELIVER = "sync.tasks.deliver"
REFRESH = "sync.tasks.refresh"
REINDEX = "sync.tasks.reindex"

TAKE_FOR = 40.0
"""Seconds for which a task takes on new work; the next tick brings another."""
DRAIN_FOR = 50.0
"""A task still busy after this many seconds is waiting for a slow source, and takes on new work
again rather than block its worker.
"""
TIMEOUT = int(LONGEST.total_seconds()) + 120
KEEP_RUNS = timedelta(days=30)
KEEP_RESULTS = timedelta(days=7)
KEEP_CHANGES = timedelta(days=7)
"""How long a change is remembered for subscriptions; an endpoint that fails for so long has been
given up before."""


def tick() -> int:
    """The clock: every minute. Queues as many batches as the due connections need, at most one a
    worker; answers their number.
    """
    now = clock.now()
    workers = int(settings.Q_CLUSTER.get("workers", 2))
    transfers.sweep(now=now)
    due = count_due(now=now, at_most=IN_FLIGHT * workers)
    Tick.objects.update_or_create(pk=1, defaults={"at": now, "claimed": due})
    batches = ceil(due / IN_FLIGHT)
    for _ in range(batches):
        _queue(RUN_BATCH)
    if notify.any_subscription():
        _queue(DELIVER)
    return batches


def deliver() -> int:
    """Serve the Subscriptions that are due (wire contract 15.2). Answers the number of resources
    sent.
    """
    return notify.deliver(clock=clock.now).sent


def run_batch() -> int:
    """Run whatever is due. Answers the number of runs; queues a follower where work is left."""
    more = _more()
    done = len(run_claims(claims=more(IN_FLIGHT), clock=clock.now, more=more))
    if done and count_due(now=clock.now(), at_most=1):
        _queue(RUN_BATCH)
    return done


def first_sync(connection_id: int) -> int:
    """The first pull of a new or renewed connection, at once. Answers the number of runs, 0 where
    it is running already.
    """
    return _run_now([connection_id], trigger="first")


def refresh(connection_ids: list[int]) -> int:
    """A refresh on demand (wire contract 10) of connections made due by
    `disconnect.request_refresh`.
    """
    return _run_now(connection_ids, trigger="refresh")


def queue_refresh(connection_ids: list[int]) -> None:
    """Queue `refresh` for these connections."""
    _queue(REFRESH, connection_ids)


def prune() -> int:
    """Once a day: forget runs, task results and changes nobody looks at any more, codes, tokens,
    links and exports that ran out, and look after deleted applications that still have data.
    Answers how many rows went.
    """
    closing.erase_leftovers()
    now = clock.now()
    old = SyncRun.objects.filter(started__lt=now - KEEP_RUNS).exclude(outcome=SyncRun.RUNNING)
    gone, _ = old.delete()
    for results in (Success, Failure):
        gone += results.objects.filter(stopped__lt=now - KEEP_RESULTS).delete()[0]
    gone += erase.forget_changes(before=now - KEEP_CHANGES)
    gone += clear_expired(now=now) + expired.clear_expired(now=now) + export.sweep(now=now)
    return int(gone)


def reindex() -> int:
    """At every start and once a day: index anew what an earlier release indexed. Answers how many
    owners; queues a follower where some are left.
    """
    done = catch_up(now=clock.now(), seconds=TAKE_FOR)
    if behind(limit=1):
        _queue(REINDEX)
    return done


def _run_now(connection_ids: list[int], *, trigger: str) -> int:
    claims = claim_due(
        now=clock.now(), limit=len(connection_ids), only=connection_ids, trigger=trigger
    )
    return len(run_claims(claims=claims, clock=clock.now, more=_more()) if claims else [])


def _more() -> More:
    """Claims what is due while the task is young, first pulls before the rest."""
    begun = monotonic()

    def more(room: int) -> list[Claim]:
        age = monotonic() - begun
        if TAKE_FOR < age < DRAIN_FOR or age > LONGEST.total_seconds():
            return []
        now = clock.now()
        claims = claim_due(now=now, limit=room, pending=True)
        if len(claims) < room:
            claims += claim_due(now=now, limit=room - len(claims))
        return claims

    return more


def _queue(task: str, *arguments: Any) -> None:
    async_task(task, *arguments, q_options={"timeout": TIMEOUT})
