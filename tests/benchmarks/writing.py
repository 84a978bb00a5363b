"""G5 and G6: storing what is new and finding that nothing is, against a bare COPY of ready rows."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import psycopg
from django.db import connection, connections

from fhirstore import database
from fhirstore.ingest import Look, ingest
from fhirstore.irregular import Irregular
from tests.benchmarks.cpu import Meter
from tests.benchmarks.observations import observation, source
from tests.benchmarks.rows import Template, copy_rows

BATCH = 200
FIRST_USER = 50_000_000
"""Users that nothing else of the benchmarks knows."""

COPY, NEW, UNCHANGED = "COPY of ready rows", "new", "unchanged"
LOOKED_AT = "new, each looked at for irregular structure, as a sync does"


@dataclass(frozen=True, kw_only=True)
class Written:
    """Medians of one way of writing with one or two processes: resources a second, microseconds of
    CPU of the program and of PostgreSQL for one."""

    way: str
    processes: int
    rate: float
    program: float
    postgres: float

    @property
    def cpu(self) -> float:
        return self.program + self.postgres


Figures = tuple[float, float, float]


def measure(
    *,
    postgres_pid: int,
    templates: Sequence[Template],
    batches: int,
    rounds: int,
    now: datetime,
    say: Callable[[str], None],
) -> list[Written]:
    """All ways in turns, `batches` batches of 200 each and process; templates have batches of
    200."""
    connection.ensure_connection()
    taken: dict[tuple[str, int], list[Figures]] = {}
    users = _Users()
    # What a process that has run for a while has at hand; the others are forked from this one.
    _ingesting(users.take(1), now, look=Irregular().look)()
    for turn in range(rounds + 1):  # the first one warms
        for processes in (1, 2):
            fresh = [users.take(batches) for _ in range(processes)]
            ways: dict[str, list[Callable[[], None]]] = {
                COPY: [_copying(templates, users.take(batches)) for _ in range(processes)],
                NEW: [_ingesting(mine, now) for mine in fresh],
                UNCHANGED: [_ingesting(mine, now) for mine in fresh],
                LOOKED_AT: [
                    _ingesting(users.take(batches), now, look=Irregular().look)
                    for _ in range(processes)
                ],
            }
            for way, works in ways.items():
                figures = _run(works, batches * BATCH, postgres_pid)
                if turn:
                    taken.setdefault((way, processes), []).append(figures)
        say(f"  writing: round {turn} of {rounds}")
    return [
        Written(way=way, processes=processes, **_medians(figures))
        for (way, processes), figures in taken.items()
    ]


def _medians(figures: Sequence[Figures]) -> dict[str, float]:
    names = ("rate", "program", "postgres")
    columns = zip(*figures, strict=True)
    return {name: statistics.median(c) for name, c in zip(names, columns, strict=True)}


class _Users:
    """Users one after another, each for one batch."""

    def __init__(self) -> None:
        self._next = FIRST_USER

    def take(self, count: int) -> range:
        taken = range(self._next, self._next + count)
        self._next = taken.stop
        return taken


def _copying(templates: Sequence[Template], users: Sequence[int]) -> Callable[[], None]:
    ready = [templates[user % len(templates)].batches[0].of(user) for user in users]

    def work() -> None:
        cursor = database.cursor()
        for rows in ready:
            with connection.connection.transaction():
                copy_rows(cursor, {table: [part] for table, part in rows.items()})

    return work


def _ingesting(
    users: Sequence[int], now: datetime, *, look: Look | None = None
) -> Callable[[], None]:
    ready = [(user, [observation(user, n) for n in range(BATCH)]) for user in users]

    def work() -> None:
        for user, sent in ready:
            summary = ingest(owner=user, source=source(user), resources=sent, now=now, look=look)
            assert summary.rejected == 0, summary

    return work


def _run(works: Sequence[Callable[[], None]], each: int, postgres_pid: int) -> Figures:
    """Each work in a process of its own, all begun together; of them the CPU is counted, and of
    PostgreSQL."""
    connections.close_all()
    context = get_context("fork")
    ready, go, done, end = (context.Barrier(len(works) + 1) for _ in range(4))
    processes = [
        context.Process(target=_child, args=(work, ready, go, done, end)) for work in works
    ]
    for process in processes:
        process.start()
    ready.wait(60)
    meters = [Meter(program=int(p.pid or 0), postgres=postgres_pid) for p in processes]
    for meter in meters:
        meter.start()
    begun = time.perf_counter()
    go.wait(60)
    done.wait(600)
    seconds = time.perf_counter() - begun
    used = [meter.stop() for meter in meters]
    end.wait(60)
    for process in processes:
        process.join()
        assert process.exitcode == 0, "a process that writes failed"
    units = each * len(works)
    program = sum(own for own, _ in used)
    return units / seconds, program / units * 1e6, used[0][1] / units * 1e6


def _child(work: Callable[[], None], *barriers: Any) -> None:
    ready, go, done, end = barriers
    code = 1
    try:
        connection.ensure_connection()
        connection.connection.execute("select 1")
        ready.wait(60)
        go.wait(60)
        work()
        done.wait(600)
        end.wait(60)
        code = 0
    except (AssertionError, psycopg.Error) as error:
        print(f"  {type(error).__name__}: {error}")
        for barrier in barriers:
            barrier.abort()
    finally:
        connections.close_all()
        os._exit(code)
