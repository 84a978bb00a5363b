"""What a run remembers between two writes: answers for the ledger, checkpoints that may move, and
the first error of each kind.
"""

from __future__ import annotations

from datetime import datetime

from connectors.connector import Window as Asked
from connectors.errors import ConnectorError, Malformed, ScopeMissing
from sync import ledger, transfers
from sync.models import Checkpoint, Window
from sync.outcome import Tally
from sync.pull import Answered


class Notes:
    """Filled event by event; `write` empties it into the database, `tally` sums up the run."""

    def __init__(self) -> None:
        self._answered = 0
        self._first: dict[str, ConnectorError] = {}
        self._entries: list[ledger.Entry] = []
        self._checkpoints: dict[str, str] = {}

    def answer(self, event: Answered) -> None:
        """A window was answered, and its pages are stored: its checkpoint moves."""
        window = event.window
        self._answered += 1
        state = Window.ANSWERED if event.resources else Window.EMPTY
        self._entries.append(ledger.Entry(window=window, state=state, resources=event.resources))
        self._checkpoints[window.key] = event.checkpoint

    def miss(self, window: Asked, error: ConnectorError) -> None:
        """A window was refused or failed."""
        refused = isinstance(error, ScopeMissing)
        self._first.setdefault("refused" if refused else "missed", error)
        state = Window.REFUSED if refused else Window.FAILED
        self._entries.append(ledger.Entry(window=window, state=state, error=error))

    def reject(self, window: Asked, problems: tuple[str, ...]) -> None:
        """Resources of a window could not be read or stored."""
        if problems:
            self._first.setdefault("rejected", Malformed(f"{window.key}: {problems[0]}"))

    def tally(self, *, ended: ConnectorError | None, stopped: bool) -> Tally:
        """The run so far, for its settlement."""
        return Tally(
            answered=self._answered,
            refused=self._first.get("refused"),
            missed=self._first.get("missed"),
            rejected=self._first.get("rejected"),
            ended=ended,
            stopped=stopped,
        )

    def write(self, *, connection_id: int, now: datetime) -> None:
        """Write ledger and checkpoints, and tell the user's record of failures that are new. The
        caller has just touched the connection's row under the run's lease, in the same transaction.
        """
        if self._entries:
            begun = ledger.enter(connection_id=connection_id, entries=self._entries, now=now)
            problems = [(row.key, row.error_code) for row in begun if row.error_code]
            transfers.failures(connection_id=connection_id, problems=problems, now=now)
        Checkpoint.objects.bulk_create(
            [
                Checkpoint(connection_id=connection_id, key=key, value=value, moved=now)
                for key, value in self._checkpoints.items()
            ],
            update_conflicts=True,
            unique_fields=["connection", "key"],
            update_fields=["value", "moved"],
        )
        self._entries, self._checkpoints = [], {}
