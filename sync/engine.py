"""The storing half of a run: takes what a pull tells, event by event, and stores it: pages into the
FHIR store, answers into the ledger, checkpoints, and at the end the settlement and the release of
the lease.

Every write is conditional on the lease, within the write's own transaction, so a run that was
overtaken, or whose connection was disconnected meanwhile, changes nothing any more. A checkpoint is
written only after the pages of its window are committed: a run killed anywhere asks that window
again, and the store recognises what it already has.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import Any

from django.db import models, transaction

from connectors.connector import Link, Page
from connectors.connector import Window as Asked
from connectors.errors import ConnectorError
from connectors.models import Connection
from fhirstore.ingest import ingest
from fhirstore.irregular import Irregular
from fhirstore.source import IngestSummary, Source
from sync import transfers
from sync.due import Claim, held_by, lease
from sync.models import SyncRun
from sync.notes import Notes
from sync.outcome import Settlement, Tally, settle
from sync.pull import Answered, Ended, Event, Received, Unanswered

FLUSH = timedelta(seconds=2)
"""Checkpoints and ledger of a long run are written this often; a short run writes them once, with
its release.
"""


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """How a run went. `outcome` is SyncRun's, `error_code` wire contract 10's; `loaded` counts
    resources by what became of them, `irregular` those stored although their structure is not that
    of their FHIR version.
    """

    connection_id: int
    trigger: str
    outcome: str
    loaded: IngestSummary
    irregular: int = 0
    error_code: str = ""
    error_message: str = ""


def source_of(link: Link) -> Source:
    """The link as the store sees it: a URI base and plain ids."""
    device = link.kind == "device"
    return Source(
        base=link.base,
        system_id=link.system_id,
        connection=link.connection_id,
        version="any" if device else link.fhir_version,
        patient="" if device else link.account,
        also_bases=(link.api_base,),
    )


class Run:
    """One claimed connection while it runs. Only `stop` is shared with the pulling thread: set, it
    ends the pull.
    """

    def __init__(self, *, claim: Claim, link: Link, failures: int, interval: timedelta) -> None:
        self.claim = claim
        self.link = link
        self.stop = Flag()
        self._failures = failures
        self._interval = interval
        self._source = source_of(link)
        self._loaded = IngestSummary()
        self._irregular = Irregular()
        self._notes = Notes()
        self._flushed = claim.started
        self._overtaken = False

    def record(self, event: Event, *, now: datetime) -> RunSummary | None:
        """Store one event. Answers the summary when the run is over, None while it goes on."""
        match event:
            case Received(window=window, page=page):
                self._store(window, page, now)
            case Answered():
                self._notes.answer(event)
            case Unanswered(window=window, error=error):
                self._notes.miss(window, error)
            case Ended(error=error, window=window, stopped=stopped):
                if window and error:
                    self._notes.miss(window, error)
                return self.finish(ended=error, stopped=stopped, now=now)
        if not self._overtaken and now - self._flushed >= FLUSH:
            self._flush(now)
        return self.lose(now=now) if self._overtaken else None

    def finish(
        self, *, now: datetime, ended: ConnectorError | None = None, stopped: bool = False
    ) -> RunSummary:
        """Write what is still to be written and release the lease, in one transaction."""
        self.stop.set()
        tally = self._notes.tally(ended=ended, stopped=stopped)
        done = settle(
            tally=tally,
            failures=self._failures,
            started=self.claim.started,
            now=now,
            interval=self._interval,
            jitter=random.random(),
        )
        with transaction.atomic():
            if self._mine().update(**_release(done, now)):
                self._notes.write(connection_id=self.link.connection_id, now=now)
                self._tell(done, tally, now)
                return self._close(done.outcome, done.error, now)
        return self.lose(now=now)

    def lose(self, *, now: datetime) -> RunSummary:
        """Close the run as lost: the lease is another's, or nobody's since the connection was
        disconnected.
        """
        self.stop.set()
        return self._close(SyncRun.LOST, None, now)

    def _store(self, window: Asked, page: Page, now: datetime) -> None:
        summary = ingest(
            owner=self.link.owner,
            source=self._source,
            resources=page.resources,
            now=now,
            guard=self._guard,
            look=self._irregular.look,
        )
        self._loaded += summary
        self._notes.reject(window, summary.problems)
        self._notes.reject(window, page.problems)

    def _tell(self, done: Settlement, tally: Tally, now: datetime) -> None:
        """Events of the run's end: a source that begins to refuse altogether, and the end of the
        transfer that waited for this run.
        """
        pk = self.link.connection_id
        if tally.ended and tally.missed is None and not self._failures:
            problems = [("everything", tally.ended.code)]
            transfers.failures(connection_id=pk, problems=problems, now=now)
        if self.claim.transfer:
            arrived = done.outcome in (SyncRun.OK, SyncRun.PARTIAL) and not tally.stopped
            transfers.end(connection_id=pk, completed=arrived, now=now)

    def _guard(self) -> bool:
        """Asked by the store inside its transaction, under the owner's lock: may this run still
        write?
        """
        self._overtaken = not self._mine().exists()
        return not self._overtaken

    def _flush(self, now: datetime) -> None:
        self._flushed = now
        with transaction.atomic():
            if self._mine().update(lease_until=now + lease()):
                self._notes.write(connection_id=self.link.connection_id, now=now)
                self._count().update(**self._counts())
            else:
                self._overtaken = True

    def _close(self, outcome: str, error: ConnectorError | None, now: datetime) -> RunSummary:
        code, message = (error.code, str(error)[:255]) if error else ("", "")
        self._count().update(
            outcome=outcome,
            finished=now,
            error_code=code,
            error_message=message,
            **self._counts(),
        )
        if outcome == SyncRun.OK:
            self._forget_quiet()
        return RunSummary(
            connection_id=self.link.connection_id,
            trigger=self.claim.trigger,
            outcome=outcome,
            loaded=self._loaded,
            irregular=self._irregular.count,
            error_code=code,
            error_message=message,
        )

    def _forget_quiet(self) -> None:
        """Of the ticks that brought nothing new only the last is kept: 720 rows a day and
        connection would tell nothing.
        """
        SyncRun.objects.filter(
            connection_id=self.link.connection_id,
            id__lt=self.claim.run_id,
            trigger="tick",
            outcome=SyncRun.OK,
            created=0,
            updated=0,
        ).delete()

    def _mine(self) -> models.QuerySet[Connection]:
        return held_by(self.claim)

    def _count(self) -> models.QuerySet[SyncRun]:
        return SyncRun.objects.filter(pk=self.claim.run_id, outcome=SyncRun.RUNNING)

    def _counts(self) -> dict[str, Any]:
        names = ("created", "updated", "unchanged", "rejected")
        counts: dict[str, Any] = {name: getattr(self._loaded, name) for name in names}
        return counts | {
            "irregular": self._irregular.count,
            "irregularities": self._irregular.kinds(),
        }


def _release(done: Settlement, now: datetime) -> dict[str, Any]:
    """The connection's new values when a run closes."""
    values: dict[str, Any] = {
        "lease_id": None,
        "lease_until": None,
        "failures": done.failures,
        "next_sync_at": done.next_sync_at,
        "held_until": done.held_until,
        "last_error_code": done.error.code if done.error else "",
        "last_error_message": str(done.error)[:255] if done.error else "",
        "last_error_at": now if done.error else None,
    }
    if done.status:
        values["status"] = done.status
    if done.complete:
        values["last_success_at"] = now
    return values
