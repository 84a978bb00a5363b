"""The one clock. `now()` is read at the edges (views, tasks, commands) and passed in everywhere
else.

The demo may run ahead: "advance time" stores an offset in the database, so that every process sees
the same time. A process reads it at most once a second; production never does.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F

from accounts.models import ClockOffset

KEPT_SECONDS = 1.0


class _Offset:
    """The offset as last read by this process."""

    def __init__(self) -> None:
        self.seconds = 0
        self.read_at = float("-inf")

    def get(self) -> int:
        if time.monotonic() - self.read_at >= KEPT_SECONDS:
            row = ClockOffset.objects.filter(pk=1).values_list("seconds", flat=True).first()
            self.seconds, self.read_at = row or 0, time.monotonic()
        return self.seconds

    def forget(self) -> None:
        self.read_at = float("-inf")


_offset = _Offset()


def now() -> datetime:
    """The present instant, UTC, with the demo's offset."""
    present = datetime.now(UTC)
    if settings.ENVIRONMENT == "production":
        return present
    return present + timedelta(seconds=_offset.get())


def served_instant(moment: datetime) -> str:
    """An instant as every answer of ours writes it: UTC with milliseconds and Z."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def advance(*, seconds: int) -> None:
    """Move the demo's clock forward for every process, within a second. Raises `ValueError` in
    production or for a step back.
    """
    if settings.ENVIRONMENT == "production":
        raise ValueError("the clock of a production server cannot be moved")
    if seconds < 0:
        raise ValueError("the clock only moves forward")
    ClockOffset.objects.get_or_create(pk=1)
    ClockOffset.objects.filter(pk=1).update(seconds=F("seconds") + seconds)
    forget()


def forget() -> None:
    """Read the offset anew at the next `now()`; for tests, which roll the database back."""
    _offset.forget()
