"""Many connections at once: threads ask (sync/pull.py), the calling thread alone stores
(sync/engine.py).

The two halves meet in one bounded queue, so a fast source cannot outrun the database. While it
waits for events the calling thread renews the leases of all its runs, takes more work where it may,
and ends runs that were overtaken or take too long.

A pulling thread touches the database only to read and refresh tokens; it keeps that connection for
as long as it lives.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from queue import Empty, Full, Queue, SimpleQueue
from threading import Event as Flag
from threading import Thread
from time import monotonic

from django.db import close_old_connections, connections

from connectors.models import Connection
from connectors.tokens import link_of
from sync.due import Claim, interval_of, lease, renew
from sync.engine import Run, RunSummary
from sync.models import Checkpoint
from sync.pull import Event, Internal, Opener, open_link, pull

logger = logging.getLogger(__name__)

THREADS = 16
IN_FLIGHT = 64
"""Runs held at once by one batch: those being asked and those waiting for a thread."""
LONGEST = timedelta(minutes=15)
"""A run is cut short after this, keeping what it has and being due again at once."""
LOOK_EVERY = 1.0

Clock = Callable[[], datetime]
More = Callable[[int], list[Claim]]
"""`more(room)` claims up to `room` further connections, or answers none."""


def run_claims(
    *, claims: Sequence[Claim], clock: Clock, opener: Opener = open_link, more: More | None = None
) -> list[RunSummary]:
    """Run claimed connections to their end and whatever `more` adds meanwhile; answers a summary of
    each, in the order they ended.

    `clock` tells the present, `opener` how a link is opened. A database failure that prevents
    closing a run is raised: the leases then run out, and the next tick resumes.
    """
    batch = _Batch(clock=clock, opener=opener)
    try:
        batch.start(claims)
        batch.work(more or (lambda room: []))
    finally:
        batch.close()
    return batch.ended


class _Batch:
    def __init__(self, *, clock: Clock, opener: Opener) -> None:
        self.ended: list[RunSummary] = []
        self._clock = clock
        self._runs: dict[Claim, Run] = {}
        self._events: Queue[tuple[Run, Event]] = Queue(maxsize=IN_FLIGHT)
        self._jobs: SimpleQueue[tuple[Run, dict[str, str]] | None] = SimpleQueue()
        self._closing = Flag()
        self._opener = opener
        self._threads: list[Thread] = []

    def start(self, claims: Sequence[Claim]) -> None:
        """Queue the claimed connections for the pulling threads."""
        ids = [claim.connection_id for claim in claims]
        rows = Connection.objects.select_related("system").in_bulk(ids)
        checkpoints: dict[int, dict[str, str]] = {pk: {} for pk in ids}
        for pk, key, value in Checkpoint.objects.filter(connection_id__in=ids).values_list(
            "connection_id", "key", "value"
        ):
            checkpoints[pk][key] = value
        for claim in claims:
            row = rows.get(claim.connection_id)
            if row is None:  # deleted between claim and start, and the run's row with it
                continue
            run = Run(
                claim=claim,
                link=link_of(row),
                failures=row.failures,
                interval=interval_of(row.system),
            )
            self._runs[claim] = run
            self._jobs.put((run, checkpoints[claim.connection_id]))
        while len(self._threads) < min(THREADS, len(self._runs)):
            thread = Thread(target=self._pull, name="sync-pull", daemon=True)
            self._threads.append(thread)
            thread.start()

    def work(self, more: More) -> None:
        """Store what the threads bring until every run has ended and there is no more to do."""
        beat = looked = monotonic()
        while True:
            room = IN_FLIGHT - len(self._runs)
            if room and (not self._runs or monotonic() - looked >= LOOK_EVERY):
                looked = monotonic()
                self.start(more(room))
            if not self._runs:
                return
            try:
                run, event = self._events.get(timeout=LOOK_EVERY)
            except Empty:
                pass
            else:
                self._record(run, event)
            if monotonic() - beat >= lease().total_seconds() / 4:
                beat = monotonic()
                self._beat()

    def close(self) -> None:
        """Stop the threads: at once where runs are still open, which happens only on the way out of
        a failure.
        """
        self._closing.set()
        for run in self._runs.values():
            run.stop.set()
        for _ in self._threads:
            self._jobs.put(None)
        if not self._runs:
            for thread in self._threads:
                thread.join()

    def _record(self, run: Run, event: Event) -> None:
        if run.claim not in self._runs:
            return
        try:
            summary = run.record(event, now=self._clock())
        except Exception as error:
            logger.error(
                "storing failed: %s\n%s",
                type(error).__name__,
                "".join(traceback.format_tb(error.__traceback__)),
                extra={"connection": run.link.connection_id},
            )
            fault = Internal(f"unexpected {type(error).__name__}")
            summary = run.finish(ended=fault, now=self._clock())
        if summary:
            self._end(run, summary)

    def _beat(self) -> None:
        now = self._clock()
        ours = renew(claims=self._runs, now=now)
        for claim, run in list(self._runs.items()):
            if claim.connection_id not in ours:
                self._end(run, run.lose(now=now))
            elif now - claim.started > LONGEST:
                run.stop.set()

    def _end(self, run: Run, summary: RunSummary) -> None:
        del self._runs[run.claim]
        self.ended.append(summary)
        logger.info("sync run %s", summary.outcome, extra={"connection": summary.connection_id})

    def _pull(self) -> None:
        """A pulling thread: jobs until None comes."""
        try:
            while (job := self._jobs.get()) is not None and not self._closing.is_set():
                run, checkpoints = job
                if run.stop.is_set():
                    continue
                close_old_connections()
                for event in pull(
                    link=run.link,
                    checkpoints=checkpoints,
                    opener=self._opener,
                    now=self._clock(),
                    stop=run.stop,
                ):
                    if not self._put(run, event):
                        return
        finally:
            connections.close_all()

    def _put(self, run: Run, event: Event) -> bool:
        while not self._closing.is_set():
            try:
                self._events.put((run, event), timeout=LOOK_EVERY)
            except Full:
                continue
            return True
        return False
