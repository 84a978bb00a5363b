"""Which spans of time are asked, and where local days begin."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from connectors import spans
from connectors.local_time import LocalTime, local_time

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone, start, end, most",
    [
        ("America/New_York", "2026-10-20", "2026-11-25", 14),  # the 25-hour day inside
        ("Europe/Berlin", "2026-03-01", "2026-04-10", 13),  # the 23-hour day inside
        ("Asia/Kathmandu", "2025-11-24", "2026-11-25", 90),
        ("UTC", "2026-11-24", "2026-11-25", 90),
        ("Pacific/Apia", "2011-12-20", "2012-01-05", 3),  # a day that never was
    ],
)
def test_pieces_cover_the_span_without_gap_or_overlap(
    zone: str, start: str, end: str, most: int
) -> None:
    local = local_time(zone)
    first, last = (local.midnight(date.fromisoformat(text)) for text in (start, end))
    found = spans.pieces(first, last, most=timedelta(days=most), local=local)
    assert found[0][1] == last
    assert found[-1][0] == first
    assert all(newer[0] == older[1] for newer, older in pairwise(found))
    assert all(timedelta(0) < b - a <= timedelta(days=most) for a, b in found)
    assert all(local.floor_day(a) == a for a, _ in found)


@pytest.mark.parametrize(
    "since_hot, since_warm, since_cold, depth",
    [
        (None, None, None, timedelta(days=14)),
        (2, 30, 600, timedelta(hours=26)),
        (2, 61, 600, timedelta(days=3)),
        (2, 30, 1441, timedelta(days=14)),
    ],
)
def test_the_depth_follows_the_last_answers(
    since_hot: int | None, since_warm: int | None, since_cold: int | None, depth: timedelta
) -> None:
    at = [
        "" if m is None else (NOW - timedelta(minutes=m)).isoformat()
        for m in (since_hot, since_warm, since_cold)
    ]
    reach = spans.Reach(hot=at[0], warm=at[1], cold=at[2])
    assert NOW - reach.recent(NOW) == max(
        depth, timedelta(hours=26, minutes=since_hot or 0) if since_hot else depth
    )


def test_after_an_outage_the_span_reaches_back_to_the_last_answer() -> None:
    reach = spans.Reach(hot=(NOW - timedelta(days=50)).isoformat())
    assert NOW - reach.recent(NOW) == timedelta(days=50, hours=26)


def test_only_a_piece_that_touches_the_filled_past_counts() -> None:
    reach = spans.Reach(back=NOW.isoformat())
    month = timedelta(days=30)
    assert reach.filled(NOW - 2 * month, NOW - month) == reach
    assert reach.filled(NOW - month, NOW).back == (NOW - month).isoformat()


@pytest.mark.parametrize("text", [None, "", "2026-11-24T12:00:00+00:00", "[]", '{"other": 1}'])
def test_a_checkpoint_of_another_kind_means_from_the_beginning(text: str | None) -> None:
    assert spans.load(text) == spans.Reach()


def test_a_checkpoint_survives_being_stored() -> None:
    reach = spans.Reach().answered(NOW - timedelta(days=14), NOW)
    assert spans.load(reach.dump()) == reach


@pytest.mark.parametrize(
    "zone, moment, midnight",
    [
        ("America/New_York", "2026-11-24T04:59:00+00:00", "2026-11-23T00:00:00-05:00"),
        ("Asia/Kathmandu", "2026-11-24T18:20:00+00:00", "2026-11-25T00:00:00+05:45"),
        ("Africa/Cairo", "2026-04-24T12:00:00+00:00", "2026-04-24T01:00:00+03:00"),  # no midnight
    ],
)
def test_a_local_day_begins_at_the_first_moment_that_exists(
    zone: str, moment: str, midnight: str
) -> None:
    local = local_time(zone)
    assert local.floor_day(datetime.fromisoformat(moment)).isoformat() == midnight


def test_an_hour_of_an_odd_zone_begins_at_its_own_full_hour() -> None:
    local = local_time("Asia/Kathmandu")
    assert local.floor_hour(NOW).isoformat() == "2026-11-24T17:00:00+05:45"


@pytest.mark.parametrize("name", [None, "", "Moon/Crater", "../etc/passwd", 7])
def test_an_unknown_zone_is_assumed_to_be_utc(name: object) -> None:
    assert local_time(name) == LocalTime(zone=UTC, known=False)
