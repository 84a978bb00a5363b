"""The ledger as a story: what is one moment, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.ledger_days import told
from sync.models import Window

NOW = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)


def rows(*lines: tuple[str, str, float, int]) -> list[Window]:
    """Rows from (key, state, hours ago, resources), the oldest first; answered newest first."""
    made = [
        Window(
            pk=number,
            key=key,
            state=state,
            first_at=NOW - timedelta(hours=hours),
            last_at=NOW - timedelta(hours=hours, minutes=-5),
            times=2,
            resources=resources,
            error_code="" if state in (Window.ANSWERED, Window.EMPTY) else "source_unavailable",
            error_message="" if state != Window.FAILED else f"{key}: HTTP 503",
        )
        for number, (key, state, hours, resources) in enumerate(lines, 1)
    ]
    return made[::-1]


def titles(*lines: tuple[str, str, float, int], device: bool = False) -> list[tuple[str, str, str]]:
    return [
        (day.heading, moment.kind, moment.title)
        for day in told(rows(*lines), device=device, now=NOW)
        for moment in day.moments
    ]


def test_types_that_began_together_are_one_moment() -> None:
    assert titles(
        ("Condition", Window.ANSWERED, 1, 3),
        ("Goal", Window.EMPTY, 1, 0),
        ("Observation", Window.ANSWERED, 0.99, 170),
        ("Encounter", Window.ANSWERED, 0.99, 7),
    ) == [
        ("Today", "good", "2 types answered, 177 resources"),
        ("Today", "none", "Goal: nothing new"),
        ("Today", "good", "Condition: 3 resources"),
    ]


def test_what_comes_after_a_failure_refills_the_gap() -> None:
    assert titles(
        ("Condition", Window.FAILED, 30, 0),
        ("Goal", Window.REFUSED, 30, 0),
        ("Condition", Window.ANSWERED, 20, 5),
        ("Goal", Window.EMPTY, 20, 0),
    ) == [
        ("Yesterday", "refilled", "Goal: gap refilled"),
        ("Yesterday", "refilled", "Condition: gap refilled"),
        ("Yesterday", "bad", "Goal refused"),
        ("Yesterday", "bad", "Condition: 503"),
    ]


def test_a_gap_of_several_types_is_refilled_as_one() -> None:
    lines = [
        ("Condition", Window.FAILED, 80.0, 0),
        ("Goal", Window.FAILED, 80.0, 0),
        ("Condition", Window.ANSWERED, 50.0, 5),
        ("Goal", Window.ANSWERED, 50.0, 1),
    ]
    newest, failed = told(rows(*lines), device=False, now=NOW)
    assert newest.heading == "22 Nov"
    assert newest.moments[0].title == "Condition and Goal: gap refilled"
    assert newest.moments[0].text == "What was missed since 21 Nov, 02:42 came in: 6 resources."
    assert failed.moments[0].text == "HTTP 503. Asked 2 times until 21 Nov, 02:47."


def test_a_wearables_measures_are_called_so() -> None:
    assert titles(
        ("steps", Window.ANSWERED, 1, 1),
        ("heart-rate", Window.ANSWERED, 1, 24),
        device=True,
    ) == [("Today", "good", "2 measures answered, 25 resources")]
