"""The ledger as lanes: a table of stories, and what is drawn of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from console import lanes
from sync.models import Window

NOW = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)
QUIET = timedelta(minutes=6)
A, E, F, R = Window.ANSWERED, Window.EMPTY, Window.FAILED, Window.REFUSED


def row(
    state: str, begin: float, end: float, *, back: float | None = None, error: str = ""
) -> Window:
    """A row from `begin` to `end` hours ago whose question reached `back` hours ago (None: to the
    beginning).
    """

    def ago(hours: float) -> datetime:
        return NOW - timedelta(hours=hours)

    return Window(
        key="Condition",
        state=state,
        asked_from=None if back is None else ago(back),
        asked_to=ago(end),
        first_at=ago(begin),
        last_at=ago(end),
        error_message=error,
    )


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([], []),
        ([row(A, 48, 0.02)], ["answered"]),
        ([row(A, 48, 24), row(E, 24, 0.02, back=25)], ["answered", "empty"]),
        # Refused or failed, and nothing since: open.
        ([row(A, 48, 24), row(F, 24, 0.02)], ["answered", "failed"]),
        ([row(A, 48, 24), row(R, 24, 0.02)], ["answered", "refused"]),
        # A later answer that reached back over it refills a gap; one that did not leaves it.
        (
            [row(A, 48, 24), row(F, 24, 12), row(A, 12, 0.02, back=25)],
            ["answered", "refilled", "answered"],
        ),
        (
            [row(A, 48, 24), row(F, 24, 12), row(A, 12, 0.02, back=1)],
            ["answered", "failed", "answered"],
        ),
        ([row(A, 48, 24), row(R, 24, 12), row(E, 12, 0.02)], ["answered", "refilled", "empty"]),
        # Nobody asked for a while: a gap too.
        ([row(A, 48, 24), row(A, 12, 0.02, back=25)], ["answered", "refilled", "answered"]),
        ([row(A, 48, 24), row(F, 12, 0.02)], ["answered", "unasked", "failed"]),
        ([row(A, 48, 24)], ["answered", "unasked"]),
        ([row(F, 48, 24)], ["failed", "unasked"]),
        # Two gaps, one after the other, refilled at once.
        (
            [row(A, 48, 36), row(F, 36, 30), row(R, 30, 24), row(A, 24, 0.02, back=37)],
            ["answered", "refilled", "answered"],
        ),
    ],
)
def test_rows_become_stretches_without_holes(rows: list[Window], kinds: list[str]) -> None:
    found = lanes.pieces(rows, now=NOW, quiet=QUIET)
    assert [piece.kind for piece in found] == kinds
    for one, following in pairwise(found):
        assert one.end == following.start
    if found:
        assert found[0].start == rows[0].first_at
        assert found[-1].end == NOW


def test_a_gap_begins_with_the_last_good_answer() -> None:
    good, bad = row(A, 48, 24.05), row(F, 24, 0.02)
    found = lanes.pieces([good, bad], now=NOW, quiet=QUIET)
    assert found[1].start == good.last_at


def test_a_short_gap_can_be_seen_and_lies_on_top() -> None:
    rows = [row(A, 240, 24), row(F, 24, 23.97), row(A, 23.96, 0.02, back=25)]
    begin = NOW - timedelta(hours=240)
    (lane,) = lanes.drawn({"Condition": rows}, begin=begin, now=NOW, quiet=QUIET).lanes
    assert lane.stretches[-1].kind == "refilled"
    assert lane.stretches[-1].width >= 0.9
    assert all(piece.left >= 0 and piece.end_at <= 100.01 for piece in lane.stretches)
    assert "gap, refilled later from 23 Nov, 10:4" in lane.words


def test_many_short_answers_are_drawn_as_one() -> None:
    rows = [
        row(A if number % 2 else E, 240 - number / 10, 240 - (number + 1) / 10, back=241)
        for number in range(2390)
    ]
    begin = NOW - timedelta(hours=240)
    (lane,) = lanes.drawn({"Condition": rows}, begin=begin, now=NOW, quiet=QUIET).lanes
    assert len(lane.stretches) < 300
    assert lane.words == "not asked from 09:42 to 10:42"


def test_what_lies_before_the_span_is_left_out() -> None:
    rows = [row(A, 480, 300), row(F, 300, 290), row(A, 290, 0.02, back=301)]
    begin = NOW - timedelta(hours=24)
    (lane,) = lanes.drawn({"Condition": rows}, begin=begin, now=NOW, quiet=QUIET).lanes
    assert [(piece.kind, piece.left, piece.width) for piece in lane.stretches] == [
        ("answered", 0.0, 100.0)
    ]


@pytest.mark.parametrize(
    ("length", "label"),
    [
        (timedelta(seconds=1), "10:40"),
        (timedelta(hours=1), "10:30"),
        (timedelta(days=1), "24 Nov"),
        (timedelta(days=7), "21 Nov"),
        (timedelta(days=30), "13 Nov"),
        (timedelta(days=1000), "2025"),
    ],
)
def test_the_axis_has_a_handful_of_round_marks(length: timedelta, label: str) -> None:
    drawn = lanes.drawn({}, begin=NOW - length, now=NOW, quiet=QUIET)
    assert 2 <= len(drawn.ticks) <= 7
    assert any(label in tick.label for tick in drawn.ticks), [tick.label for tick in drawn.ticks]
    assert all(0 <= tick.left <= 94 for tick in drawn.ticks)


@pytest.mark.parametrize(
    ("message", "code", "word"),
    [
        ("Observation: HTTP 503", "source_unavailable", "503"),
        ("general.example.org did not answer in time", "source_unavailable", "no answer"),
        ("Observation: not permitted", "scope_missing", "refused"),
        ("", "anything else", "failed"),
    ],
)
def test_a_reason_fits_into_a_box(message: str, code: str, word: str) -> None:
    found = row(F, 2, 1, error=message)
    found.error_code = code
    assert lanes.short_reason(found) == word
