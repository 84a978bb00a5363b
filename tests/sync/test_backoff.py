from __future__ import annotations

from datetime import timedelta

import pytest

from sync.backoff import LONGEST, LONGEST_PARTIAL, hold_back

TWO = timedelta(minutes=2)


@pytest.mark.parametrize(
    "failures, jitter, seconds",
    [
        (1, 0.5, 120),  # the first failure waits the usual period
        (1, 0.0, 120),  # jitter never makes it shorter than that
        (1, 0.99, 149),
        (2, 0.5, 240),
        (3, 0.0, 360),
        (3, 0.5, 480),
        (5, 0.5, 1920),
        (6, 0.5, 3600),
        (6, 0.99, 3600),  # nor longer than an hour
        (6, 0.0, 2700),
        (1000, 0.5, 3600),
        (0, 0.5, 120),
    ],
)
def test_the_wait_doubles_up_to_an_hour(failures: int, jitter: float, seconds: int) -> None:
    held = hold_back(failures=failures, interval=TWO, jitter=jitter)
    assert abs(held.total_seconds() - seconds) < 1


def test_a_run_that_brought_something_waits_a_quarter_of_an_hour_at_most() -> None:
    held = hold_back(failures=20, interval=TWO, jitter=0.9, longest=LONGEST_PARTIAL)
    assert held == LONGEST_PARTIAL


def test_a_source_with_a_long_period_is_not_asked_sooner_because_it_failed() -> None:
    six_hours = timedelta(hours=6)
    assert six_hours > LONGEST
    assert hold_back(failures=4, interval=six_hours, jitter=0.0) == six_hours
