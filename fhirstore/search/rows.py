"""Reading rows on the hot path: prepared statements, and bodies as the bytes they are stored in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A current resource of a page. `body` is what the version asked for serves."""

    owner: int
    rtype: int
    fid: str
    rid: int
    version: int
    updated: datetime
    body: bytes


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
    return [
        Row(
            owner=owner,
            rtype=rtype,
            fid=fid.decode(),
            rid=rid,
            version=number,
            updated=updated,
            body=as_served(body=body, vers=vers, version=version),
        )
        for owner, rtype, fid, rid, number, updated, vers, body in select(sql, values)
    ]
