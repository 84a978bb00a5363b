from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event as Flag

import pytest

from connectors.connector import Link, Page, Window
from connectors.errors import Malformed, RateLimited, ScopeMissing, Unavailable
from sync.pull import Answered, Ended, Event, Received, Unanswered, pull

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LINK = Link(
    connection_id=1,
    owner=1,
    system_id=1,
    kind="device",
    slug="test",
    base="https://x.example/user/1",
    api_base="https://x.example",
    fhir_version="any",
    account="1",
    scope="",
    connected_at=NOW,
)
FAULTS: dict[str, Exception] = {
    "refused": ScopeMissing("no"),
    "down": Unavailable("HTTP 503"),
    "pause": Unavailable("HTTP 503", until=NOW),
    "odd": Malformed("no"),
    "limit": RateLimited("slow", until=NOW),
    "bug": RuntimeError("a bug"),
}


class Script:
    """A source that behaves as the words of a script say: `steps` answers, `steps!down` fails."""

    def __init__(self, script: str) -> None:
        self.words = script.split()
        self.asked: list[str] = []

    def windows(self, *, checkpoints: Mapping[str, str], now: datetime) -> Sequence[Window]:
        if "unopened" in self.words:
            raise Unavailable("no connection")
        return [Window(key=word, end=now) for word in self.words]

    def fetch(self, window: Window) -> Iterator[Page]:
        self.asked.append(window.key)
        if window.key == "empty":
            return
        yield Page(resources=({"resourceType": "Observation"},), checkpoint=f"{window.key} read")


class Faulty(Script):
    """Windows of one key, told apart by their place; `faults[place]` is what that one does."""

    def windows(self, *, checkpoints: Mapping[str, str], now: datetime) -> Sequence[Window]:
        self._by_window = {}
        windows = []
        for number, word in enumerate(self.words):
            window = Window(key=word.partition("!")[0], start=None, end=now.replace(minute=number))
            self._by_window[window] = word.partition("!")[2]
            windows.append(window)
        return windows

    def fetch(self, window: Window) -> Iterator[Page]:
        yield from super().fetch(window)
        if fault := self._by_window[window]:
            raise FAULTS[fault]


def told(event: Event) -> str:
    match event:
        case Received(window=window):
            return f"page {window.key}"
        case Answered(window=window, checkpoint=checkpoint):
            return f"answered {window.key}: {checkpoint}"
        case Unanswered(window=window, error=error):
            return f"missed {window.key}: {error.code}"
        case Ended(error=error, stopped=stopped):
            return f"ended {error.code}" if error else "stopped" if stopped else "ended"


def run(source: Script, stop: Flag | None = None) -> list[str]:
    events = pull(
        link=LINK,
        checkpoints={},
        opener=lambda link, *, now: source,
        now=NOW,
        stop=stop or Flag(),
    )
    return [told(event) for event in events if not isinstance(event, Received)]


@pytest.mark.parametrize(
    "script, events",
    [
        ("steps weight", ["answered steps: steps read", "answered weight: weight read", "ended"]),
        ("empty", [f"answered empty: {NOW.isoformat()}", "ended"]),
        ("", ["ended"]),
        ("a!refused b", ["missed a: scope_missing", "answered b: b read", "ended"]),
        ("a!bug b", ["missed a: internal", "answered b: b read", "ended"]),
        ("a!limit b", ["ended rate_limited"]),
        ("a!pause b", ["ended source_unavailable"]),
        (
            "a!down b!odd c d!down e",
            [
                "missed a: source_unavailable",
                "missed b: bad_data",
                "answered c: c read",
                "missed d: source_unavailable",
                "answered e: e read",
                "ended",
            ],
        ),
        (
            "a!down b!down c!down d",
            [
                "missed a: source_unavailable",
                "missed b: source_unavailable",
                "ended source_unavailable",
            ],
        ),
        # Three refusals are no sign of a source that is down.
        (
            "a!refused b!refused c!refused d",
            [
                "missed a: scope_missing",
                "missed b: scope_missing",
                "missed c: scope_missing",
                "answered d: d read",
                "ended",
            ],
        ),
    ],
)
def test_a_pull_tells_what_came(script: str, events: list[str]) -> None:
    assert run(Faulty(script)) == events


def test_a_key_that_was_not_answered_is_not_asked_again_in_the_same_run() -> None:
    source = Faulty("a a!down b a a")
    assert run(source) == [
        "answered a: a read",
        "missed a: source_unavailable",
        "answered b: b read",
        "ended",
    ]
    assert source.asked == ["a", "a", "b"]


def test_a_source_that_cannot_be_opened_ends_the_run() -> None:
    assert run(Script("unopened")) == ["ended source_unavailable"]


def test_a_stop_ends_the_run_before_the_next_page() -> None:
    stop = Flag()
    stop.set()
    source = Script("a b")
    assert run(source, stop) == ["stopped"]
    assert source.asked == ["a"]
