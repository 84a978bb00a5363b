"""The ledger: what was asked of a source, and how it answered. Rows merge: the last row of a key is
extended while the answer stays the same, and a new row begins only on change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.connector import Window as Asked
from connectors.errors import ConnectorError
from sync.models import Window


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One window and its answer: `state` is one of `Window`'s states, `resources` how many came
    with it.
    """

    window: Asked
    state: str
    resources: int = 0
    error: ConnectorError | None = None

    @property
    def error_code(self) -> str:
        return self.error.code if self.error else ""

    @property
    def error_message(self) -> str:
        return str(self.error)[:255] if self.error else ""


def enter(*, connection_id: int, entries: Sequence[Entry], now: datetime) -> list[Window]:
    """Merge entries, in the order asked, into the connection's ledger; answers the rows that began.
    The caller holds the connection's lease and a transaction.
    """
    keys = {entry.window.key for entry in entries}
    rows = Window.objects.filter(connection_id=connection_id, key__in=keys)
    last = {row.key: row for row in rows.order_by("key", "-id").distinct("key")}
    extended: dict[int, Window] = {}
    begun: list[Window] = []
    for entry in entries:
        row = last.get(entry.window.key)
        if row is None or (row.state, row.error_code) != (entry.state, entry.error_code):
            row = last[entry.window.key] = _begin(connection_id, entry, now)
            begun.append(row)
        else:
            _extend(row, entry, now)
            if row not in begun:
                extended[row.pk] = row
    Window.objects.bulk_update(
        extended.values(),
        ["asked_from", "asked_to", "last_at", "times", "resources", "error_message"],
    )
    return Window.objects.bulk_create(begun)


def _begin(connection_id: int, entry: Entry, now: datetime) -> Window:
    return Window(
        connection_id=connection_id,
        key=entry.window.key,
        state=entry.state,
        asked_from=entry.window.start,
        asked_to=entry.window.end,
        first_at=now,
        last_at=now,
        resources=entry.resources,
        error_code=entry.error_code,
        error_message=entry.error_message,
    )


def _extend(row: Window, entry: Entry, now: datetime) -> None:
    if entry.window.start is None or row.asked_from is None:
        row.asked_from = None
    else:
        row.asked_from = min(row.asked_from, entry.window.start)
    row.asked_to = max(row.asked_to, entry.window.end)
    row.last_at = now
    row.times += 1
    row.resources += entry.resources
    row.error_message = entry.error_message
