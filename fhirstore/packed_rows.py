"""Index rows packed as COPY takes them, but for the row id and the owner, which come last: rows
that many resources have are packed once.

A packed row begins with its number of columns (2 bytes), then its key with its length before it, as
it is also put into an array; that is how keys are read back."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from fhirstore import database as db
from fhirstore.search.gathered import IndexRows

TOKEN_COLUMNS = "key, sys, vers, rid, owner"
RANGE_COLUMNS = "key, lo, hi, rid, owner"
STRING_COLUMNS = "key, val, raw, rid, owner"

KEY = slice(2, 14)
"""Where the key lies in a packed row."""
KEY_LENGTH = 12
LOW = slice(18, 26)
"""Where a range row's `lo` lies."""
_VALUE = 14
_TOKEN = db.row_head("int8", "int4", "int2")
_RANGE = db.row_head("int8", "int8", "int8")
_STRING = db.row_head("int8")
_TAIL = db.fixed("int8", "int8")
_KEYS = struct.Struct(">iq").iter_unpack


@dataclass(slots=True)
class PackedRows:
    """The rows of one resource or of a part of it; `keys` are those of all rows, once each, one
    behind the other. `present`, `lo` and `hi` as in IndexRows."""

    tokens: list[bytes] = field(default_factory=list)
    ranges: list[bytes] = field(default_factory=list)
    strings: list[bytes] = field(default_factory=list)
    keys: bytes = b""
    present: int = 0
    lo: int | None = None
    hi: int | None = None

    def all_keys(self) -> list[int]:
        """What `fhir_resource.keys` holds, sorted."""
        return sorted(key for _, key in _KEYS(self.keys))


def pack(rows: IndexRows) -> PackedRows:
    """The same rows, packed."""
    packed = PackedRows(present=rows.present, lo=rows.lo, hi=rows.hi)
    if rows.tokens:
        packed.tokens = [
            _TOKEN(5, 8, key, 4, sys, 2, vers) for key, (sys, vers) in rows.tokens.items()
        ]
    if rows.ranges:
        packed.ranges = [_RANGE(5, 8, key, 8, lo, 8, hi) for key, lo, hi in rows.ranges]
    if rows.strings:
        packed.strings = [
            _STRING(5, 8, key) + db.text(val) + db.text(raw) for key, val, raw in rows.strings
        ]
    packed.keys = distinct_keys(packed.tokens, packed.ranges, packed.strings)
    return packed


def packed_token(key: int, sys: int, vers: int) -> bytes:
    """One token row."""
    return _TOKEN(5, 8, key, 4, sys, 2, vers)


def packed_range(key: int, lo: int, hi: int) -> bytes:
    """One range row."""
    return _RANGE(5, 8, key, 8, lo, 8, hi)


def distinct_keys(*tables: Iterable[bytes]) -> bytes:
    """The keys of packed rows as `PackedRows.keys` has them."""
    return b"".join(dict.fromkeys(row[KEY] for rows in tables for row in rows))


def tail(owner: int, rid: int) -> bytes:
    """What follows on each row."""
    return _TAIL(8, rid, 8, owner)


def key_of(packed: bytes) -> int:
    """A key as `row[KEY]` gives it."""
    return int.from_bytes(packed[-8:], "big", signed=True)


def low_of(row: bytes) -> int:
    """A range row's `lo`."""
    return int.from_bytes(row[LOW], "big", signed=True)


def value_of(row: bytes) -> bytes:
    """A string row's `val`, UTF-8."""
    (length,) = struct.unpack_from(">i", row, _VALUE)
    return row[_VALUE + 4 : _VALUE + 4 + length]
