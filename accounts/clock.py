"""The one clock. `now()` is read at the edges (views, tasks, commands) and passed in everywhere else.

The demo may run ahead: "advance time" stores an offset in the database, so that every process sees the same time.
"""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, UTC, with the demo's offset."""
    return datetime.now(UTC)
