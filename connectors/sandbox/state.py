"""What a restart must not forget.

Used codes, revoked grants, the clock's offset, added results, chosen faults.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS used (serial TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS revoked (number TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), ahead REAL NOT NULL);
CREATE TABLE IF NOT EXISTS result (
    number INTEGER PRIMARY KEY, system INTEGER NOT NULL, account TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fault (
    number INTEGER PRIMARY KEY, system INTEGER, account TEXT NOT NULL, fault TEXT NOT NULL,
    remaining INTEGER);
"""


@dataclass(frozen=True, kw_only=True)
class ChosenFault:
    """A fault switched on over the control API.

    `remaining` None lasts until it is cleared, `system` None strikes everywhere.
    """

    system: int | None
    account: str
    fault: str
    remaining: int | None


class State:
    """The sandbox's memory, in one SQLite file; in the process alone where no folder is given.

    Safe for threads.
    """

    def __init__(self, folder: str | Path | None) -> None:
        path = ":memory:"
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            path = str(Path(folder) / "sandbox.sqlite3")
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._base.executescript(_TABLES)

    def _run(self, statement: str, values: Sequence[Any] = ()) -> tuple[list[Any], int]:
        with self._lock:
            cursor = self._base.execute(statement, values)
            return cursor.fetchall(), cursor.rowcount

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def now(self) -> datetime:
        """The sandbox's clock: the real one plus what it was advanced by."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead())

    def ahead(self) -> float:
        """Seconds the clock was advanced by."""
        rows, _ = self._run("SELECT ahead FROM clock")
        return float(rows[0][0]) if rows else 0.0

    def advance(self, seconds: float) -> None:
        """Move the clock; it never goes back behind the real one."""
        self._run(
            "INSERT INTO clock VALUES (1, max(0, ?))"
            " ON CONFLICT (one) DO UPDATE SET ahead = max(0, ahead + ?)",
            (seconds, seconds),
        )

    def use_once(self, serial: str, *, expires: float, now: float) -> bool:
        """Claim a single-use code; False when it was claimed before."""
        self._run("DELETE FROM used WHERE expires < ?", (now - 3600,))
        _, rows = self._run("INSERT OR IGNORE INTO used VALUES (?, ?)", (serial, expires))
        return rows == 1

    def revoke(self, number: str) -> None:
        """End a grant: its access and refresh tokens are dead from now on."""
        self._run("INSERT OR IGNORE INTO revoked VALUES (?)", (number,))

    def is_revoked(self, number: str) -> bool:
        """Whether the grant was revoked."""
        return bool(self._run("SELECT 1 FROM revoked WHERE number = ?", (number,))[0])

    def add_result(self, *, system: int, account: str, at: datetime) -> int:
        """Remember that a result was asked for; its number is the result's name."""
        rows, _ = self._run(
            "INSERT INTO result (system, account, at) VALUES (?, ?, ?) RETURNING number",
            (system, account, at.timestamp()),
        )
        return int(rows[0][0])

    def results(self, *, system: int, account: str) -> list[tuple[int, datetime]]:
        """The results asked for, oldest first."""
        rows, _ = self._run(
            "SELECT number, at FROM result WHERE system = ? AND account = ? ORDER BY number",
            (system, account),
        )
        return [(int(number), datetime.fromtimestamp(at, UTC)) for number, at in rows]

    def choose_fault(self, chosen: ChosenFault) -> None:
        """Switch a fault on, in place of the same one chosen before."""
        self._run(
            "DELETE FROM fault WHERE system IS ? AND account = ? AND fault = ?",
            (chosen.system, chosen.account, chosen.fault),
        )
        self._run(
            "INSERT INTO fault (system, account, fault, remaining) VALUES (?, ?, ?, ?)",
            (chosen.system, chosen.account, chosen.fault, chosen.remaining),
        )

    def faults(self) -> list[ChosenFault]:
        """The faults switched on, oldest first."""
        rows, _ = self._run(
            "SELECT system, account, fault, remaining FROM fault"
            " WHERE remaining IS NULL OR remaining > 0 ORDER BY number"
        )
        return [
            ChosenFault(system=system, account=account, fault=fault, remaining=remaining)
            for system, account, fault, remaining in rows
        ]

    def spend_fault(self, chosen: ChosenFault) -> bool:
        """Take one strike off a fault with a count; False when another request took the last."""
        if chosen.remaining is None:
            return True
        _, rows = self._run(
            "UPDATE fault SET remaining = remaining - 1"
            " WHERE system IS ? AND account = ? AND fault = ? AND remaining > 0",
            (chosen.system, chosen.account, chosen.fault),
        )
        return rows == 1

    def clear_faults(self, account: str | None = None, system: int | None = None) -> int:
        """Switch off the faults of one account, or all; with a system those that strike there.
        Returns how many there were."""
        gone = [
            found
            for found in self.faults()
            if account in (None, found.account)
            and (system is None or found.system in (None, system))
        ]
        for found in gone:
            self._run(
                "DELETE FROM fault WHERE system IS ? AND account = ? AND fault = ?",
                (found.system, found.account, found.fault),
            )
        return len(gone)
