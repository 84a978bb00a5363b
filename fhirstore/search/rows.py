"""Reading rows on the hot path: prepared statements, and bodies as the bytes they are stored in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader

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
    with connection.wrap_database_errors, _cursor() as cursor:
        return cursor.execute(sql.encode(), values, prepare=True).fetchall()


def stream(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement, one by one as they arrive; its text columns as bytes. The connection
    serves nothing else meanwhile.
    """
    with connection.wrap_database_errors, _cursor() as cursor:
        yield from cursor.stream(sql.encode(), values)


def _cursor() -> Cursor[tuple[Any, ...]]:
    connection.close_if_health_check_failed()
    cursor = database.cursor()
    cursor.adapters.register_loader("text", _Raw)
    return cursor


def resources(sql: str, values: Mapping[str, Any], *, version: str) -> list[Row]:
    """The resources of a statement that selects `COLUMNS`, as served in a version."""
    return [served(row, version) for row in select(sql, values)]


def page(
    sql: str, values: Mapping[str, Any], *, version: str, head: int
) -> tuple[tuple[Any, ...], list[Row]]:
    """The first columns, the same in every row, and the resources behind them, of a statement whose
    one row without any has null there."""
    found = select(sql, values)
    if not found:
        return (None,) * head, []
    return found[0][:head], [
        served(row[head:], version) for row in found if row[head : head + 1] not in ((), (None,))
    ]


def served(row: tuple[Any, ...], version: str) -> Row:
    """`COLUMNS`, and what a statement selects behind them, as a row."""
    owner, rtype, fid, rid, number, updated, vers, body, *place = row
    shown = as_served(body=body, vers=vers, version=version)
    return Row(owner, rtype, fid.decode(), rid, number, updated, shown, tuple(place))
