"""Reading rows on the hot path: prepared statements, and bodies as the bytes they are stored in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.datetime import TimestamptzLoader

from accounts.connected import connected
from fhirstore import database
from fhirstore.versions import as_served


class _Raw(Loader):
    """Text left as UTF-8 bytes."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class Row(NamedTuple):
    """A current resource of a page. `body` is what the version asked for serves; `place` the values
    of the columns it is ordered by."""

    owner: int
    rtype: int
    fid: str
    rid: int
    version: int
    updated: datetime
    body: bytes
    place: tuple[Any, ...] = ()


COLUMNS = "b.owner, b.rtype, b.fid, b.rid, b.version, b.updated, b.vers, b.body"


def select(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement; its text columns as bytes."""
    with connection.wrap_database_errors:
        return _reading().execute(sql.encode(), values, prepare=True).fetchall()


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


def resources(sql: str, values: Mapping[str, Any], *, version: str) -> list[Row]:
    """The resources of a statement that selects `COLUMNS`, as served in a version."""
    return _served(select(sql, values), version, 0)


def page(
    sql: str, values: Mapping[str, Any], *, version: str, head: int
) -> tuple[tuple[Any, ...], list[Row]]:
    """The first columns, the same in every row, and the resources behind them, of a statement whose
    one row without any has null there."""
    found = select(sql, values)
    if not found:
        return (None,) * head, []
    first = found[0]
    if len(first) == head or first[head] is None:
        return first[:head], []
    return first[:head], _served(found, version, head)


def _served(found: list[tuple[Any, ...]], version: str, head: int) -> list[Row]:
    fid, body, end = head + 2, head + 7, head + 8
    return [
        Row(
            row[head],
            row[head + 1],
            row[fid].decode(),
            row[head + 3],
            row[head + 4],
            row[head + 5],
            as_served(body=row[body], vers=row[head + 6], version=version),
            row[end:],
        )
        for row in found
    ]
