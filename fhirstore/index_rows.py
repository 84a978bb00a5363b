"""Index rows of one owner to be written and taken away, gathered and then sent table by table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from fhirstore import database as db
from fhirstore.packed_rows import (
    KEY,
    LOW,
    RANGE_COLUMNS,
    STRING_COLUMNS,
    TOKEN_COLUMNS,
    PackedRows,
    key_of,
    low_of,
    tail,
    value_of,
)

# "offset 0" keeps the planner from joining the other way round, by a scan of all the owner has: it
# does not know how much that is. An owner's rows lie in one table or partition, so ctid is unique.
_DELETE = """
delete from {table} where owner = %(owner)s and ctid = any(array(
  select x.ctid from unnest({arrays}) as d({names}) cross join lateral (
    select i.ctid from {table} i where i.owner = %(owner)s and {same} offset 0) x))
"""


def _delete(table: str, **types: str) -> str:
    return _DELETE.format(
        table=table,
        arrays=", ".join(f"%({name})s::{kind}[]" for name, kind in types.items()),
        names=", ".join(types),
        same=" and ".join(f"i.{name} = d.{name}" for name in types),
    )


_TOKENS = ("key", "rid")
_RANGES = ("key", "lo", "rid")
_STRINGS = ("key", "val", "rid")
_DELETE_TOKENS = _delete("fhir_token", key="bigint", rid="bigint")
_DELETE_RANGES = _delete("fhir_range", key="bigint", lo="bigint", rid="bigint")
_DELETE_STRINGS = _delete("fhir_string", key="bigint", val="text", rid="bigint")
_DELETE_UNDER_KEYS = tuple(
    _delete(table, key="bigint", rid="bigint")
    for table in ("fhir_token", "fhir_range", "fhir_string")
)

NOTHING = PackedRows()


class IndexChanges:
    """What `fhirstore.changes.Changes` does to the three index tables."""

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self._tokens = db.Copy("fhir_token", TOKEN_COLUMNS)
        self._ranges = db.Copy("fhir_range", RANGE_COLUMNS)
        self._strings = db.Copy("fhir_string", STRING_COLUMNS)
        self._gone_tokens: list[tuple[int, int]] = []
        self._gone_ranges: list[tuple[int, int, int]] = []
        self._gone_strings: list[tuple[int, str, int]] = []
        self._gone_keys: list[tuple[int, int]] = []

    def add(self, rows: PackedRows, rid: int, *, before: PackedRows = NOTHING) -> None:
        """Write the rows that are not there already."""
        ends = tail(self._owner, rid)
        if before is not NOTHING:
            rows = _differing(rows, before)
        self._tokens.add_rows(rows.tokens, ends)
        self._ranges.add_rows(rows.ranges, ends)
        self._strings.add_rows(rows.strings, ends)

    def remove(self, before: PackedRows, rid: int, *, after: PackedRows = NOTHING) -> None:
        """Take away the rows that `after` does not have."""
        gone = _differing(before, after)
        self._gone_tokens.extend((key_of(row[KEY]), rid) for row in gone.tokens)
        self._gone_ranges.extend((key_of(row[KEY]), low_of(row), rid) for row in gone.ranges)
        self._gone_strings.extend(
            (key_of(row[KEY]), value_of(row).decode(), rid) for row in gone.strings
        )

    def remove_keys(self, keys: list[int], rid: int) -> None:
        """Take away whatever a row has under these keys; slower, for rows that other definitions
        than today's indexed."""
        self._gone_keys.extend((key, rid) for key in keys)

    def flush(self, cursor: psycopg.Cursor[Any]) -> None:
        """Send everything, removals first."""
        self._delete(cursor, _DELETE_TOKENS, _TOKENS, self._gone_tokens)
        self._delete(cursor, _DELETE_RANGES, _RANGES, self._gone_ranges)
        self._delete(cursor, _DELETE_STRINGS, _STRINGS, self._gone_strings)
        for statement in _DELETE_UNDER_KEYS:
            self._delete(cursor, statement, _TOKENS, self._gone_keys)
        for copy in (self._tokens, self._ranges, self._strings):
            copy.write(cursor)

    def _delete(
        self,
        cursor: psycopg.Cursor[Any],
        statement: str,
        names: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        if rows:
            arrays = dict(zip(names, db.columns(rows), strict=True))
            cursor.execute(statement, arrays | {"owner": self._owner}, prepare=True)


def _differing(rows: PackedRows, others: PackedRows) -> PackedRows:
    """Those of the rows that the others do not have, and those that share with one that differs
    what a row is deleted by: they go, and are written, together."""
    return PackedRows(
        tokens=_differing_by(_key, rows.tokens, others.tokens),
        ranges=_differing_by(_key_and_low, rows.ranges, others.ranges),
        strings=_differing_by(_key_and_value, rows.strings, others.strings),
    )


def _differing_by(
    place: Callable[[bytes], Any], rows: Sequence[bytes], others: Sequence[bytes]
) -> list[bytes]:
    changed = set(map(place, set(rows) ^ set(others)))
    return [row for row in rows if place(row) in changed] if changed else []


def _key(row: bytes) -> bytes:
    return row[KEY]


def _key_and_low(row: bytes) -> tuple[bytes, bytes]:
    return row[KEY], row[LOW]


def _key_and_value(row: bytes) -> tuple[bytes, bytes]:
    return row[KEY], value_of(row)
