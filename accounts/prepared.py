"""Statements prepared on the server, for the few that every data call runs.

A cursor does much for a statement that is always the same: it looks for the dumper of each value,
decides whether to prepare, waits in Python, makes Python values of all columns. Here the statement
is prepared once a connection, its values go as text (so each needs a cast in the SQL, or a place
that tells its type), and the answer stays as PostgreSQL wrote it. That costs a third of a cursor's
time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGconn, PGresult

from accounts.connected import connected

MOST = 100
"""Statements that a connection keeps: each holds a plan of some ten thousand bytes."""

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|%)")
_BY_CURSOR = Transformer()


class _Held(threading.local):
    """The statements that this thread's connection has prepared: the name of each and the names of
    its values, in order. The oldest come first."""

    def __init__(self) -> None:
        self.connection: psycopg.Connection[Any] | None = None
        self.statements: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        self.count = 0


_held = _Held()


def execute(sql: str, values: Mapping[str, Any]) -> PGresult:
    """The answer to a statement with placeholders like `%(name)s::bigint`. More values than it
    names do no harm. Raises the errors that a Django cursor would."""
    with connection.wrap_database_errors:
        open_one = connected()
        pgconn = open_one.pgconn
        if _held.connection is not open_one:
            _held.connection, _held.statements = open_one, {}
        # A transaction begins with its first statement: only a cursor says so to PostgreSQL.
        begins = not open_one.autocommit
        if begins or pgconn.transaction_status != pq.TransactionStatus.IDLE:
            return _by_cursor(open_one, sql, values)
        try:
            return _execute(pgconn, sql, values)
        except psycopg.errors.InvalidSqlStatementName:
            # After some commands, such as a rollback, psycopg forgets all that was prepared. Inside
            # a transaction that could not be made up for.
            _held.statements = {}
            return _execute(pgconn, sql, values)


def _execute(pgconn: PGconn, sql: str, values: Mapping[str, Any]) -> PGresult:
    known = _held.statements.get(sql)
    if known is None:
        _make_room(pgconn)
        known = _held.statements[sql] = _prepare(pgconn, sql)
    name, names = known
    return _checked(pgconn, pgconn.exec_prepared(name, [_text(values[n]) for n in names]))


def _by_cursor(open_one: psycopg.Connection[Any], sql: str, values: Mapping[str, Any]) -> PGresult:
    result = psycopg.Cursor(open_one).execute(sql.encode(), values, prepare=True).pgresult
    assert result is not None
    return result


def _prepare(pgconn: PGconn, sql: str) -> tuple[bytes, tuple[str, ...]]:
    text, names = numbered(sql)
    _held.count += 1
    name = b"careweave_%d" % _held.count
    _checked(pgconn, pgconn.prepare(name, text))
    return name, names


def _make_room(pgconn: PGconn) -> None:
    while len(_held.statements) >= MOST:
        name, _ = _held.statements.pop(next(iter(_held.statements)))
        if psycopg.capabilities.has_send_close_prepared():
            _checked(pgconn, pgconn.close_prepared(name))
        else:
            _checked(pgconn, pgconn.exec_(b"deallocate " + name))


@lru_cache(maxsize=1024)
def numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement as the server numbers its values, and their names by number."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1], len(numbers) + 1)}" if found[1] else "%"

    text = _PLACEHOLDER.sub(number, sql)
    return text.encode(), tuple(numbers)


def _text(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        return b"%d" % value
    if kind is str:
        if "\0" in value:
            raise psycopg.DataError("a text cannot hold NUL")
        return value.encode()
    if value is None:
        return None
    return _BY_CURSOR.dump_sequence([value], [PyFormat.TEXT])[0]


def _checked(pgconn: PGconn, result: PGresult) -> PGresult:
    """The answer, unless it tells of an error."""
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return result
    if pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError("the connection to the database is lost")
    raise psycopg.errors.error_from_result(result)
