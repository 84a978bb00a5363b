"""One cursor with server-side binding on Django's connection, and bulk rows by binary COPY."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

import psycopg
from django.db import connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT8_OID = 20
_SPECIAL = re.compile(r'[\0\\"]')
_CODES = {"int8": "q", "int4": "i", "int2": "h"}


def cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """A psycopg cursor on the current Django connection (and so in its transaction)."""
    connection.ensure_connection()
    return psycopg.Cursor(cast("psycopg.Connection[tuple[Any, ...]]", connection.connection))


_INT8 = struct.Struct(">iq").pack
_INT4 = struct.Struct(">i").pack
_ARRAY = struct.Struct(">iiiiii").pack


def int8(value: int | None) -> bytes:
    return _NULL if value is None else _INT8(8, value)


def int4(value: int) -> bytes:
    return struct.pack(">ii", 4, value)


def int2(value: int) -> bytes:
    return struct.pack(">ih", 2, value)


def boolean(value: bool) -> bytes:
    return b"\0\0\0\x01\x01" if value else b"\0\0\0\x01\0"


def length(value: bytes) -> bytes:
    """What stands before a bytea, or text that is already UTF-8; the long ones need not be
    copied to be put behind it."""
    return _INT4(len(value))


def raw(value: bytes | None) -> bytes:
    """A bytea, or text that is already UTF-8."""
    return _NULL if value is None else _INT4(len(value)) + value


def text(value: str) -> bytes:
    """Text; PostgreSQL has no place for U+0000, so it is left out."""
    encoded = (value.replace("\0", "") if "\0" in value else value).encode()
    return _INT4(len(encoded)) + encoded


def timestamp(value: datetime) -> bytes:
    return _INT8(8, since_2000(value))


def since_2000(value: datetime) -> int:
    """What a timestamp is packed as, like an int8."""
    return (value - _PG_EPOCH) // _MICROSECOND


def int8s(values: Sequence[int] | None) -> bytes:
    """A bigint[]."""
    if values is None:
        return _NULL
    if not values:
        return struct.pack(">iiii", 12, 0, 0, _INT8_OID)
    fields = [8] * (2 * len(values))
    fields[1::2] = values
    return _array(len(values))(20 + 12 * len(values), 1, 0, _INT8_OID, len(values), 1, *fields)


def packed_int8s(values: bytes) -> bytes:
    """A bigint[] of elements that are packed already, each with its length before it."""
    if not values:
        return int8s(())
    return _ARRAY(20 + len(values), 1, 0, _INT8_OID, len(values) // 12, 1) + values


@lru_cache(maxsize=1024)
def _array(length: int) -> Callable[..., bytes]:
    return struct.Struct(">iiiiii" + "iq" * length).pack


def fixed(*kinds: str) -> Callable[..., bytes]:
    """A packer of fields of fixed length that follow each other, none of them null: "int8", "int4"
    or "int2" each. Each value is to be preceded by its length (8, 4, 2): one call packs all."""
    return struct.Struct(">" + "".join("i" + _CODES[kind] for kind in kinds)).pack


def row_head(*kinds: str) -> Callable[..., bytes]:
    """The same for the first fields of a row, the number of its columns to be given before them."""
    return struct.Struct(">h" + "".join("i" + _CODES[kind] for kind in kinds)).pack


class Copy:
    """Rows for one table, gathered side by side and then written by one COPY."""

    def __init__(self, table: str, columns: str) -> None:
        self._sql = f"copy {table} ({columns}) from stdin (format binary)"
        self._count = struct.pack(">h", columns.count(",") + 1)
        self._parts: list[bytes] = []

    def add(self, *fields: bytes) -> None:
        """One row; fields packed by the functions above, in the order of the columns."""
        self._parts.append(self._count)
        self._parts += fields

    def add_rows(self, heads: Sequence[bytes], tail: bytes) -> None:
        """Rows of which each begins with its number of columns and ends with the same fields."""
        if heads:
            self._parts.append(tail.join(heads))
            self._parts.append(tail)

    def write(self, cursor: psycopg.Cursor[Any]) -> None:
        """Send the rows; nothing where there are none."""
        if self._parts:
            with cursor.copy(self._sql) as copy:
                copy.write(b"".join((_HEADER, *self._parts, _TRAILER)))


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as the arrays that `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)]


def int_array(values: Iterable[int]) -> str:
    """Integers as PostgreSQL writes an array, for a parameter with a cast: far cheaper to bind than
    a list, whose elements are adapted one by one."""
    return "{" + ",".join(map(str, values)) + "}"


def text_array(values: Sequence[str]) -> str:
    """The same of texts; U+0000 is left out."""
    if not values:
        return "{}"
    if _SPECIAL.search("".join(values)):
        values = [
            value.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"') for value in values
        ]
    return '{"' + '","'.join(values) + '"}'
