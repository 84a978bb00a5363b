"""What the project asks of the database, and how long each statement takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement: its text, what it binds, and the seconds until its rows were there."""

    sql: str
    values: Any
    seconds: float


class Recorder:
    """Between entry and exit every statement of every psycopg cursor is written down."""

    def __enter__(self) -> Recorder:
        self.asked: list[Asked] = []
        self._original = original = psycopg.Cursor.execute
        asked = self.asked

        def execute(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
            begun = time.perf_counter()
            answered = original(cursor, query, params, **more)
            took = time.perf_counter() - begun
            text = query.decode() if isinstance(query, bytes) else str(query)
            asked.append(Asked(sql=text, values=params, seconds=took))
            return answered

        psycopg.Cursor.execute = execute  # type: ignore[assignment,method-assign]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        psycopg.Cursor.execute = self._original  # type: ignore[method-assign]

    def of_the_store(self) -> list[Asked]:
        """The statements that read the store's tables."""
        return [asked for asked in self.asked if "fhir_" in asked.sql]
