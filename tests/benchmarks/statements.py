"""What the project asks of the database, and how long each statement takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psycopg

from accounts import prepared


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement: its text, what it binds, and the seconds until its rows were there."""

    sql: str
    values: Any
    seconds: float


class Recorder:
    """Between entry and exit every statement is written down, whether it goes by a psycopg cursor
    or by `accounts.prepared`."""

    def __enter__(self) -> Recorder:
        self.asked: list[Asked] = []
        self._cursor, self._prepared = psycopg.Cursor.execute, prepared.execute
        # What is prepared goes by a cursor inside a transaction: that is one statement.
        self._within = False

        def by_cursor(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
            text = query.decode() if isinstance(query, bytes) else str(query)
            return self._timed(text, params, lambda: self._cursor(cursor, query, params, **more))

        def as_prepared(sql: str, values: Any) -> Any:
            return self._timed(sql, values, lambda: self._prepared(sql, values))

        psycopg.Cursor.execute = by_cursor  # type: ignore[assignment,method-assign]
        prepared.execute = as_prepared
        return self

    def _timed(self, sql: str, values: Any, execute: Callable[[], Any]) -> Any:
        if self._within:
            return execute()
        self._within = True
        try:
            begun = time.perf_counter()
            answered = execute()
            took = time.perf_counter() - begun
        finally:
            self._within = False
        self.asked.append(Asked(sql=sql, values=values, seconds=took))
        return answered

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        psycopg.Cursor.execute = self._cursor  # type: ignore[method-assign]
        prepared.execute = self._prepared

    def of_the_store(self) -> list[Asked]:
        """The statements that read the store's tables."""
        return [asked for asked in self.asked if "fhir_" in asked.sql]
