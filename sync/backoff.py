"""How long to leave a source alone after it failed: pure, so that its table is its test."""

from __future__ import annotations

from datetime import timedelta

LONGEST = timedelta(hours=1)
LONGEST_PARTIAL = timedelta(minutes=15)


def hold_back(
    *, failures: int, interval: timedelta, jitter: float, longest: timedelta = LONGEST
) -> timedelta:
    """Time from the start of a failed run to the next one.

    `failures` counts this failure (1 or more), `interval` is the connection's usual period,
    `jitter` a random number in [0, 1) that spreads the retries over 75 to 125 % of the doubled
    wait. Never shorter than `interval`, never longer than `longest` (or `interval`, where that is
    longer).
    """
    doubled: timedelta = interval * 2 ** min(max(failures, 1) - 1, 16)
    spread = min(doubled, longest) * (0.75 + jitter / 2)
    return max(interval, min(spread, longest))
