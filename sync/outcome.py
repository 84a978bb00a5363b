"""What a finished run means for its connection: a pure decision, so that its table is its test
(wire contract 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, Denied, NeedsReauthorization, RateLimited, Unavailable
from connectors.models import Connection
from sync.backoff import LONGEST, LONGEST_PARTIAL, hold_back
from sync.models import SyncRun


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a run met: how many windows were `answered` (also empty), and the first error of each
    kind, None where there was none.

    `refused`: a window out of scope; `missed`: a window that failed; `rejected`: resources that
    could not be stored; `ended`: what ended the run early. `stopped` says that the run was cut
    short by its time limit, having done nothing wrong.
    """

    answered: int = 0
    refused: ConnectorError | None = None
    missed: ConnectorError | None = None
    rejected: ConnectorError | None = None
    ended: ConnectorError | None = None
    stopped: bool = False


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What to write when the run closes. `status` None leaves the connection's status as it is."""

    outcome: str
    status: str | None
    failures: int
    next_sync_at: datetime
    held_until: datetime | None = None
    complete: bool = False
    error: ConnectorError | None = None


def settle(
    *,
    tally: Tally,
    failures: int,
    started: datetime,
    now: datetime,
    interval: timedelta,
    jitter: float,
) -> Settlement:
    """Decide status, next start and hold-back. `failures` is the number in a row before this run;
    `jitter` is in [0, 1).

    The period runs from start to start: a healthy connection is due again `interval` after
    `started`.
    """
    partly = tally.answered > 0
    next_start = started + interval
    if tally.stopped and tally.ended is None:
        return Settlement(
            outcome=SyncRun.PARTIAL,
            status=None,
            failures=failures,
            next_sync_at=now,
            error=tally.missed or tally.refused or tally.rejected,
        )
    error = tally.ended or tally.missed or (None if partly else tally.refused)
    if error is None:
        blemish = tally.refused or tally.rejected
        return Settlement(
            outcome=SyncRun.PARTIAL if blemish else SyncRun.OK,
            status=Connection.CONNECTED,
            failures=0,
            next_sync_at=next_start,
            complete=True,
            error=blemish,
        )
    outcome = SyncRun.PARTIAL if partly else SyncRun.FAILED
    if isinstance(error, NeedsReauthorization | Denied):
        return Settlement(
            outcome=outcome,
            status=Connection.NEEDS_REAUTHORIZATION,
            failures=failures + 1,
            next_sync_at=next_start,
            error=error,
        )
    longest = LONGEST_PARTIAL if partly else LONGEST
    wait = hold_back(failures=failures + 1, interval=interval, jitter=jitter, longest=longest)
    held = started + wait
    if isinstance(error, RateLimited):
        held = max(next_start, error.until)
    elif isinstance(error, Unavailable) and error.until:
        held = max(held, error.until)
    return Settlement(
        outcome=outcome,
        status=Connection.FAILING,
        failures=failures + 1,
        next_sync_at=held,
        held_until=held,
        error=error,
    )
