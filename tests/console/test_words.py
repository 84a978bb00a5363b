"""How pages write numbers, times, names and code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.code_colours import coloured_code
from console.words import byte_size, grouped, initials_of, relative_time, span

NOW = datetime(2026, 11, 24, 10, 42, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (None, "never"),
        (NOW, "just now"),
        (NOW - timedelta(seconds=41), "41 s ago"),
        (NOW - timedelta(minutes=9, seconds=50), "9 min ago"),
        (NOW - timedelta(hours=23), "23 h ago"),
        (NOW - timedelta(days=1), "23 Nov"),
        (NOW - timedelta(days=400), "20 Oct 2025"),
        (NOW + timedelta(seconds=38), "in 38 s"),
        (NOW + timedelta(days=5), "29 Nov"),
    ],
)
def test_times_are_told_as_people_do(at: datetime | None, words: str) -> None:
    assert relative_time(at=at, now=NOW) == words


def test_numbers_are_grouped_and_unknown_is_said() -> None:
    assert grouped(10412) == "10,412"
    assert grouped(0) == "0"
    assert grouped(None) == "unknown"


def test_sizes_and_spans_carry_their_unit() -> None:
    assert byte_size(512) == "512\u202fB"
    assert byte_size(9120) == "9.1\u202fkB"
    assert byte_size(1_200_000) == "1.2\u202fMB"
    assert span(timedelta(days=1)) == "1 day"
    assert span(timedelta(days=5)) == "5 days"


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Sandbox General Hospital", "SG"), ("Steps & Labs", "SL"), ("fitbit", "F"), ("", "?")],
)
def test_a_logo_is_made_of_initials(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_code_is_escaped_and_its_tokens_are_marked() -> None:
    shown = coloured_code('{"a": "<b>", "n": 3}', language="json")
    assert '<span class="k">&quot;a&quot;</span>' in shown
    assert '<span class="s">&quot;&lt;b&gt;&quot;</span>' in shown
    assert '<span class="n">3</span>' in shown
    assert "<b>" not in shown
    assert coloured_code("<x>", language="text") == "&lt;x&gt;"
    assert '<span class="n">$TOKEN</span>' in coloured_code("curl $TOKEN", language="sh")
