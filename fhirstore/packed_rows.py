"""Index rows packed as COPY takes them, but for the owner and the row id, which come last: equal
rows of many resources are packed once."""

from __future__ import annotations

from dataclasses import dataclass, field

from fhirstore import database as db
from fhirstore.search.extract import IndexRows

TOKEN_COLUMNS = "key, sys, vers, rid, owner"
RANGE_COLUMNS = "key, lo, hi, rid, owner"
STRING_COLUMNS = "key, val, raw, rid, owner"

_TOKEN = db.row_head("int8", "int4", "int2")
_RANGE = db.row_head("int8", "int8", "int8")
_STRING = db.row_head("int8")
_TAIL = db.fixed("int8", "int8")


@dataclass(slots=True)
class PackedRows:
    """The rows of one resource or of a part of it, each with what it says: `tokens` by key,
    `ranges` by (key, lo, hi), `strings` by (key, val, raw). `others` are the keys of ranges and
    strings; `present`, `lo` and `hi` as in IndexRows."""

    tokens: dict[int, bytes] = field(default_factory=dict)
    ranges: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    strings: dict[tuple[int, str, str], bytes] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)
    present: int = 0
    lo: int | None = None
    hi: int | None = None

    def all_keys(self) -> list[int]:
        """What `fhir_resource.keys` holds."""
        return sorted(self.tokens.keys() | self.others)


def pack(rows: IndexRows) -> PackedRows:
    """The same rows, packed."""
    return PackedRows(
        tokens={
            key: _TOKEN(5, 8, key, 4, sys, 2, vers) for key, (sys, vers) in rows.tokens.items()
        },
        ranges={row: _RANGE(5, 8, row[0], 8, row[1], 8, row[2]) for row in rows.ranges},
        strings={
            row: _STRING(5, 8, row[0]) + db.text(row[1]) + db.text(row[2]) for row in rows.strings
        },
        others={row[0] for row in rows.ranges} | {row[0] for row in rows.strings},
        present=rows.present,
        lo=rows.lo,
        hi=rows.hi,
    )


def tail(owner: int, rid: int) -> bytes:
    """What follows on each row."""
    return _TAIL(8, rid, 8, owner)
