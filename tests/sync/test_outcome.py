from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import (
    ConnectorError,
    Denied,
    Malformed,
    NeedsReauthorization,
    RateLimited,
    ScopeMissing,
    Unavailable,
)
from sync.outcome import Settlement, Tally, settle

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = START + timedelta(seconds=20)
TWO = timedelta(minutes=2)

refused, down, odd = ScopeMissing("no"), Unavailable("HTTP 503"), Malformed("not JSON")
gone, denied = NeedsReauthorization("gone"), Denied()
later = RateLimited("slow down", until=START + timedelta(minutes=30))
named = Unavailable("HTTP 503", until=START + timedelta(minutes=9))
soon = RateLimited("slow down", until=START + timedelta(seconds=1))


def settled(tally: Tally, failures: int = 0) -> Settlement:
    return settle(tally=tally, failures=failures, started=START, now=NOW, interval=TWO, jitter=0.5)


@pytest.mark.parametrize(
    "tally, outcome, status, seconds, error",
    [
        (Tally(answered=3), "ok", "connected", 120, None),
        (Tally(), "ok", "connected", 120, None),  # nothing to ask now
        (Tally(answered=2, refused=refused), "partial", "connected", 120, refused),
        (Tally(answered=2, rejected=odd), "partial", "connected", 120, odd),
        (Tally(refused=refused), "failed", "failing", 120, refused),
        (Tally(answered=2, missed=down), "partial", "failing", 120, down),
        (Tally(answered=2, missed=down, refused=refused), "partial", "failing", 120, down),
        (Tally(missed=down, ended=down), "failed", "failing", 120, down),
        (Tally(missed=named, ended=named), "failed", "failing", 540, named),
        (Tally(ended=later), "failed", "failing", 1800, later),
        (Tally(answered=1, missed=later, ended=later), "partial", "failing", 1800, later),
        (Tally(ended=soon), "failed", "failing", 120, soon),
        (Tally(ended=gone), "failed", "needs_reauthorization", 120, gone),
        (Tally(answered=1, ended=gone), "partial", "needs_reauthorization", 120, gone),
        (Tally(ended=denied), "failed", "needs_reauthorization", 120, denied),
        (Tally(answered=1, stopped=True), "partial", None, 20, None),
    ],
)
def test_a_run_settles(
    tally: Tally, outcome: str, status: str | None, seconds: int, error: ConnectorError | None
) -> None:
    done = settled(tally)
    assert (done.outcome, done.status, done.error) == (outcome, status, error)
    assert done.next_sync_at == START + timedelta(seconds=seconds)
    assert done.complete == (status == "connected")


@pytest.mark.parametrize(
    "tally, before, after, minutes",
    [
        (Tally(answered=1), 9, 0, 2),
        (Tally(missed=down), 2, 3, 8),
        (Tally(missed=down), 9, 10, 60),
        (Tally(missed=down, answered=1), 9, 10, 15),  # what answers is not left alone for an hour
        (Tally(stopped=True), 2, 2, 1 / 3),
    ],
)
def test_failures_in_a_row_lengthen_the_wait(
    tally: Tally, before: int, after: int, minutes: float
) -> None:
    done = settled(tally, failures=before)
    assert done.failures == after
    assert done.next_sync_at == START + timedelta(minutes=minutes)


def test_what_is_held_back_says_so() -> None:
    assert settled(Tally(missed=down)).held_until == START + TWO
    assert settled(Tally(answered=1)).held_until is None
