"""Reading rows on the hot path: prepared statements, and bodies as the bytes they are stored in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

from accounts import prepared
from accounts.connected import connected
from fhirstore import database
from fhirstore.versions import as_served


class _Raw(Loader):
    """Text left as UTF-8 bytes."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class Row:
    """A current resource of a page. `body` is what the version asked for serves; `place` the values
    of the columns it is ordered by, as PostgreSQL writes them.

    Read from the answer of the database when asked for: of most rows of a page only the id and the
    body are.
    """

    __slots__ = ("_at", "_first", "_result", "_served_as")

    def __init__(self, result: PGresult, at: int, first: int, served_as: str) -> None:
        self._result, self._at, self._first, self._served_as = result, at, first, served_as

    def _value(self, column: int) -> bytes:
        value = self._result.get_value(self._at, self._first + column)
        assert value is not None
        return value

    @property
    def owner(self) -> int:
        return int(self._value(0))

    @property
    def rtype(self) -> int:
        return int(self._value(1))

    @property
    def fid(self) -> str:
        return self._value(2).decode()

    @property
    def fid_bytes(self) -> bytes:
        return self._value(2)

    @property
    def rid(self) -> int:
        return int(self._value(3))

    @property
    def version(self) -> int:
        return int(self._value(4))

    @property
    def updated(self) -> datetime:
        return datetime.fromisoformat(self._value(5).decode())

    @property
    def body(self) -> bytes:
        body, version = self._value(7), self._served_as
        if version == "r4":
            return body
        return as_served(body=body, vers=int(self._value(6)), version=version)

    @property
    def place(self) -> tuple[bytes | None, ...]:
        result, end = self._result, self._first + _COUNT
        return tuple(result.get_value(self._at, n) for n in range(end, result.nfields))


COLUMNS = "b.owner, b.rtype, b.fid, b.rid, b.version, b.updated, b.vers, b.body"
BRIEF = "null, b.rtype, b.fid, null, null, null, b.vers, b.body"
"""The same columns where only ids and bodies are read."""
_COUNT = COLUMNS.count(",") + 1


LONGEST_PREPARED = 20_000
"""Characters of a statement that is prepared. A connection keeps a hundred of them and PostgreSQL
their plans, which of one with thousands of values take as many megabytes."""


Run = Callable[[str, Mapping[str, Any]], PGresult]
"""What runs a statement: `run`, or a claim (`accounts.claims`)."""


def run(sql: str, values: Mapping[str, Any]) -> PGresult:
    """The answer to a statement, as PostgreSQL writes it."""
    if len(sql) <= LONGEST_PREPARED:
        return prepared.execute(sql, values)
    with connection.wrap_database_errors:
        result = _executed(sql, values).pgresult
    assert result is not None
    return result


def select(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement; its text columns as bytes."""
    with connection.wrap_database_errors:
        return _executed(sql, values).fetchall()


def stream(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, one by one as they arrive; its text columns as bytes. The connection
    serves nothing else meanwhile.
    """
    with connection.wrap_database_errors, _cursor() as cursor:
        yield from cursor.stream(sql.encode(), values)


class _Held(threading.local):
    """A thread's cursor on its connection: making one, with its own loaders, costs as much as
    reading ten rows."""

    cursor: Cursor[tuple[Any, ...]] | None = None


_held = _Held()


def _executed(sql: str, values: Mapping[str, Any]) -> Cursor[tuple[Any, ...]]:
    return _reading().execute(sql.encode(), values, prepare=len(sql) <= LONGEST_PREPARED)


def _reading() -> Cursor[tuple[Any, ...]]:
    """The cursor for statements whose rows are all read at once."""
    if _held.cursor is None or _held.cursor.connection is not connected():
        _held.cursor = _cursor()
    return _held.cursor


def _cursor() -> Cursor[tuple[Any, ...]]:
    connected()
    cursor = database.cursor()
    cursor.adapters.register_loader("text", _Raw)
    # Django's own loader is many times slower; the connection's time zone is UTC either way.
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    return cursor


def resources(sql: str, values: Mapping[str, Any], *, version: str, by: Run = run) -> list[Row]:
    """The resources of a statement that selects `COLUMNS`, as served in a version."""
    result = by(sql, values)
    return [Row(result, at, 0, version) for at in range(result.ntuples)]


Head = tuple[bytes | None, ...]


def page(
    sql: str, values: Mapping[str, Any], *, version: str, head: int, by: Run = run
) -> tuple[Head, list[Row]]:
    """The first columns, the same in every row, as PostgreSQL writes them, and the resources behind
    them; of a statement with no rows nulls."""
    result = by(sql, values)
    if not result.ntuples:
        return (None,) * head, []
    first = tuple(result.get_value(0, n) for n in range(head))
    if result.nfields == head:
        return first, []
    return first, [Row(result, at, head, version) for at in range(result.ntuples)]
