from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.models import AppUser
from connectors.connector import Window as Asked
from connectors.errors import ConnectorError, ScopeMissing, Unavailable
from connectors.models import Connection, System
from sync.ledger import Entry, enter
from sync.models import Window
from tests.sync.conftest import connect

HOUR = timedelta(hours=1)


@pytest.fixture
def row(alice: AppUser, system: System, now: datetime) -> Connection:
    return connect(alice, system, now)


def entry(
    now: datetime, state: str, resources: int = 0, error: ConnectorError | None = None
) -> Entry:
    window = Asked(key="Condition", start=now - HOUR, end=now)
    return Entry(window=window, state=state, resources=resources, error=error)


def test_the_same_answer_extends_the_last_row(row: Connection, now: datetime) -> None:
    for hours in range(3):
        at = now + hours * HOUR
        enter(connection_id=row.pk, entries=[entry(at, Window.ANSWERED, 4)], now=at)
    kept = Window.objects.get()
    assert (kept.times, kept.resources, kept.state) == (3, 12, "answered")
    assert (kept.asked_from, kept.asked_to) == (now - HOUR, now + 2 * HOUR)
    assert (kept.first_at, kept.last_at) == (now, now + 2 * HOUR)


def test_another_answer_begins_a_row(row: Connection, now: datetime) -> None:
    answers: list[tuple[str, ConnectorError | None]] = [
        (Window.ANSWERED, None),
        (Window.EMPTY, None),
        (Window.EMPTY, None),
        (Window.FAILED, Unavailable("HTTP 503")),
        (Window.FAILED, Unavailable("HTTP 502")),
        (Window.REFUSED, ScopeMissing("403")),
        (Window.EMPTY, None),
    ]
    for minute, (state, error) in enumerate(answers):
        at = now + timedelta(minutes=minute)
        enter(connection_id=row.pk, entries=[entry(at, state, 0, error)], now=at)
    rows = Window.objects.order_by("id").values_list("state", "times", "error_code")
    assert list(rows) == [
        ("answered", 1, ""),
        ("empty", 2, ""),
        ("failed", 2, "source_unavailable"),
        ("refused", 1, "scope_missing"),
        ("empty", 1, ""),
    ]
    assert Window.objects.get(state="failed").error_message == "HTTP 502"


def test_several_windows_of_one_key_merge_within_one_run(row: Connection, now: datetime) -> None:
    backfill = Entry(window=Asked(key="Condition", end=now - HOUR), state=Window.ANSWERED)
    enter(connection_id=row.pk, entries=[entry(now, Window.ANSWERED, 1), backfill], now=now)
    kept = Window.objects.get()
    assert (kept.times, kept.resources) == (2, 1)
    assert kept.asked_from is None  # all there is
    assert kept.asked_to == now


def test_keys_and_connections_do_not_mix(
    row: Connection, alice: AppUser, system: System, now: datetime
) -> None:
    other = connect(alice, system, now)
    enter(connection_id=row.pk, entries=[entry(now, Window.EMPTY)], now=now)
    enter(connection_id=other.pk, entries=[entry(now, Window.EMPTY)], now=now)
    steps = Entry(window=Asked(key="steps", end=now), state=Window.EMPTY)
    enter(connection_id=row.pk, entries=[steps], now=now)
    assert Window.objects.count() == 3
