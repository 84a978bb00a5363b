"""Index rows of one owner to be written and taken away, gathered and then sent table by table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from fhirstore import database as db
from fhirstore.packed_rows import (
    RANGE_COLUMNS,
    STRING_COLUMNS,
    TOKEN_COLUMNS,
    PackedRows,
    tail,
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
        if before is NOTHING:
            tokens, ranges, strings = rows.tokens, rows.ranges, rows.strings
        else:
            changed = _Difference(before, rows)
            tokens = {k: row for k, row in rows.tokens.items() if k in changed.tokens}
            ranges = {k: row for k, row in rows.ranges.items() if k[:2] in changed.ranges}
            strings = {k: row for k, row in rows.strings.items() if k[:2] in changed.strings}
        if tokens:
            self._tokens.add_rows(tokens.values(), ends)
        if ranges:
            self._ranges.add_rows(ranges.values(), ends)
        if strings:
            self._strings.add_rows(strings.values(), ends)

    def remove(self, before: PackedRows, rid: int, *, after: PackedRows = NOTHING) -> None:
        """Take away the rows that `after` does not have."""
        changed = _Difference(before, after)
        self._gone_tokens.extend((key, rid) for key in changed.tokens if key in before.tokens)
        self._gone_ranges.extend((key, lo, rid) for key, lo in changed.ranges)
        self._gone_strings.extend((key, val, rid) for key, val in changed.strings)

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


class _Difference:
    """What differs between two sets of index rows, by what a row is deleted by: rows that share it
    go, and are written, together."""

    def __init__(self, before: PackedRows, after: PackedRows) -> None:
        self.tokens = {key for key, _ in before.tokens.items() ^ after.tokens.items()}
        self.ranges = {(key, lo) for key, lo, _ in before.ranges.keys() ^ after.ranges.keys()}
        self.strings = {(key, val) for key, val, _ in before.strings.keys() ^ after.strings.keys()}
