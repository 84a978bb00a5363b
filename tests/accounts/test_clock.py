from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from accounts import clock
from accounts.models import ClockOffset

SECOND = timedelta(seconds=1)


def test_the_demo_runs_ahead_by_what_was_added(pass_time: Callable[[timedelta], None]) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < SECOND
    pass_time(timedelta(days=2))
    pass_time(timedelta(hours=1))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=2, hours=1)) < SECOND
    assert clock.now().utcoffset() == timedelta(0)


def test_the_offset_is_kept_in_the_database(pass_time: Callable[[timedelta], None]) -> None:
    ClockOffset.objects.create(pk=1, seconds=86_400)
    clock.forget()
    assert clock.now() - datetime.now(UTC) > timedelta(hours=23)


def test_production_ignores_the_offset_and_cannot_be_moved(
    pass_time: Callable[[timedelta], None], settings: Any
) -> None:
    pass_time(timedelta(days=2))
    settings.ENVIRONMENT = "production"
    assert abs(clock.now() - datetime.now(UTC)) < SECOND
    with pytest.raises(ValueError, match="production"):
        clock.advance(seconds=1)


@pytest.mark.parametrize(
    "moment, served",
    [
        (datetime(2026, 11, 24, 10, 42, 5, tzinfo=UTC), "2026-11-24T10:42:05.000Z"),
        (datetime(2026, 11, 24, 10, 42, 5, 999_999, tzinfo=UTC), "2026-11-24T10:42:05.999Z"),
        (
            datetime(2026, 11, 24, 1, 0, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-23T23:00:00.000Z",
        ),
    ],
)
def test_an_instant_is_served_in_utc_and_never_ahead(moment: datetime, served: str) -> None:
    assert clock.served_instant(moment) == served


def test_the_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        clock.advance(seconds=-1)
