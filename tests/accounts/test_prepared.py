"""Statements prepared once a connection."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction

from accounts import prepared
from accounts.connected import connected

SQL = "select %(a)s::bigint + 1, %(b)s::text, %(c)s::boolean, %(a)s::bigint %% 2"


def asked(a: int = 41, b: str | None = "ä") -> tuple[bytes | None, ...]:
    result = prepared.execute(SQL, {"a": a, "b": b, "c": True, "other": object()})
    return tuple(result.get_value(0, n) for n in range(result.nfields))


@pytest.fixture
def outside(transactional_db: None) -> Iterator[None]:
    """Outside of any transaction, as in the web server."""
    yield
    connection.close()


@pytest.fixture(params=["inside a transaction", "outside"])
def anywhere(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("outside" if request.param == "outside" else "db")


def test_values_go_by_name_and_come_as_text(anywhere: None) -> None:
    assert asked() == (b"42", "ä".encode(), b"t", b"1")
    assert asked(-2, None) == (b"-1", None, b"t", b"0")
    listed = prepared.execute(
        "select array_length(%(a)s::bigint[], 1), (%(b)s::text[])[2]",
        {"a": [7, 2**40], "b": ["x", 'q"\\,{}']},
    )
    assert (listed.get_value(0, 0), listed.get_value(0, 1)) == (b"2", b'q"\\,{}')


def test_what_cannot_be_said_is_refused_as_by_a_cursor(anywhere: None) -> None:
    with pytest.raises(DataError), transaction.atomic():
        asked(b="a\0b")
    with pytest.raises(DataError), transaction.atomic():
        prepared.execute("select 1 / %(a)s::bigint", {"a": 0})
    with pytest.raises(ProgrammingError), transaction.atomic():
        prepared.execute("select nothing_of_that_name", {})
    assert asked()[0] == b"42"


def test_statements_that_were_forgotten_are_prepared_again(outside: None) -> None:
    asked()
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    assert asked()[0] == b"42"


def test_the_first_statement_of_a_transaction_belongs_to_it(outside: None) -> None:
    number = "select pg_current_xact_id()::text"
    with transaction.atomic():
        first = prepared.execute(number, {}).get_value(0, 0)
        assert prepared.execute(number, {}).get_value(0, 0) == first
    assert prepared.execute(number, {}).get_value(0, 0) != first


def test_a_connection_keeps_no_more_than_it_may(outside: None) -> None:
    for n in range(prepared.MOST + 20):
        assert prepared.execute(f"select {n}, %(a)s::int", {"a": n}).get_value(0, 1) == b"%d" % n
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where name like 'careweave%%'")
        assert cursor.fetchone() == (prepared.MOST,)
    assert prepared.execute("select 0, %(a)s::int", {"a": 5}).get_value(0, 1) == b"5"


def test_a_lost_connection_fails_one_call(outside: None) -> None:
    asked()
    pid = connected().info.backend_pid
    Thread(target=_end, args=(pid,)).start()
    with pytest.raises(OperationalError):
        prepared.execute("select pg_sleep(20)", {})
    connection.close_if_unusable_or_obsolete()
    assert asked()[0] == b"42"


def _end(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s)", [pid])
    connection.close()
