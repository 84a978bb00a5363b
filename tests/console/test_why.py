"""Findings that the pages' own tests do not meet: a wearable's past, what cannot be read, and the
order in which reasons are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from accounts.models import AppUser
from connectors.models import CLINICAL, DEVICE, Connection, System
from console.why.case import ACTIVATE, GOOD, LINK, Case, KeyState
from console.why.diagnosis import Diagnosis, diagnose
from sync.models import Window

NOW = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)


def connection(kind: str = CLINICAL, **values: object) -> Connection:
    defaults: dict[str, object] = {
        "status": Connection.CONNECTED,
        "connected_at": NOW - timedelta(days=10),
        "last_success_at": NOW - timedelta(minutes=1),
        "next_sync_at": NOW + timedelta(minutes=1),
    }
    return Connection(
        app_user=AppUser(app_user_id="alice"),
        system=System(kind=kind, name="Lakeside"),
        **(defaults | values),
    )


def state(
    key: str, state: str = Window.ANSWERED, *, back: datetime | None = None, code: str = ""
) -> KeyState:
    latest = Window(
        key=key,
        state=state,
        error_code=code,
        times=1,
        first_at=NOW - timedelta(hours=1),
        last_at=NOW - timedelta(minutes=1),
    )
    good = latest if state in (Window.ANSWERED, Window.EMPTY) else None
    return KeyState(latest=latest, good=good, back=back, whole=not back, resources=4)


def found(row: Connection, keys: Sequence[KeyState], *, running: bool = False) -> Diagnosis:
    return diagnose(Case(connection=row, keys=keys, running=running, not_permitted=(), now=NOW))


def test_a_wearables_past_is_on_its_way_until_a_year_is_there() -> None:
    row = connection(DEVICE)
    short = found(row, [state("heart-rate", back=NOW - timedelta(days=90))])
    assert short.answer == "The past is still being filled in, back to 26 Aug so far."
    assert "Heart rate" in short.findings[0].text
    whole = found(row, [state("heart-rate", back=NOW - timedelta(days=375))])
    assert whole.answer == "Nothing is missing: all 1 measure are complete up to 10:41."


def test_the_first_data_is_counted_while_it_arrives() -> None:
    row = connection(status=Connection.PENDING, last_success_at=None)
    arriving = found(row, [state("Condition"), state("Goal")], running=True)
    assert arriving.answer == "The first data is arriving: 2 types answered so far."


def test_what_cannot_be_read_is_said_and_the_rest_is_complete() -> None:
    row = connection(last_error_code="bad_data", last_error_message="Goal: no resourceType.")
    odd = found(row, [state("Condition"), state("Goal")])
    assert odd.answer == "Some of what Lakeside sent cannot be read and is left out."
    assert odd.findings[0].text == "Goal: no resourceType."
    assert odd.findings[-1].kind == GOOD


def test_that_the_access_ended_is_said_of_the_connection_alone() -> None:
    row = connection(status=Connection.NEEDS_REAUTHORIZATION)
    ended = found(row, [state("Patient", Window.FAILED, code="authorization_expired")])
    assert [finding.cure for finding in ended.findings] == [LINK]
    assert ended.answer == "Nothing new arrives since 10:41: Lakeside no longer lets us in."
    assert ended.state.word == "Reconnect"


def test_a_deactivated_user_comes_before_what_the_source_says() -> None:
    row = connection()
    row.app_user.active = False
    resting = found(row, [state("Condition", Window.FAILED, code="source_unavailable")])
    assert resting.findings[0].cure == ACTIVATE
    assert "deactivated" in resting.answer
    assert resting.findings[1].cure == ""


def test_incomplete_types_stand_in_the_state() -> None:
    odd = found(
        connection(), [state("Goal", Window.REFUSED, code="scope_missing"), state("Condition")]
    )
    assert odd.state.word == "1 type incomplete"
    assert odd.answer == "1 of 2 types is incomplete: Goal (refused)."


def test_nothing_asked_yet_is_said_too() -> None:
    assert found(connection(), []).answer == "Nothing has been asked yet."
