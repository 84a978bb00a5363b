"""A whole run, from empty tables to results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connections

from tests.benchmarks import filling, flat, goals, heavy, machine, people, plans, web, writing
from tests.benchmarks.place import Bench
from tests.benchmarks.report import Results

SMALL, LARGE = "small", "large"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much a run does. `small` and `large` are users, of 1,000 resources each; `heavy` how many
    times as many the heavy user has."""

    name: str
    small: int
    large: int
    asked: int
    everybody: int
    rounds: int
    requests: int
    batches: int
    heavy: int


SIZES = {
    size.name: size
    for size in (
        Size(
            name="smoke",
            small=4,
            large=8,
            asked=4,
            everybody=8,
            rounds=1,
            requests=4,
            batches=1,
            heavy=6,
        ),
        Size(
            name="1m",
            small=100,
            large=1_000,
            asked=100,
            everybody=1_000,
            rounds=5,
            requests=1_000,
            batches=25,
            heavy=200,
        ),
        Size(
            name="10m",
            small=100,
            large=10_000,
            asked=100,
            everybody=3_000,
            rounds=5,
            requests=500,
            batches=25,
            heavy=200,
        ),
    )
}


def run(bench: Bench, size: Size, *, say: Callable[[str], None]) -> Results:
    """Fill two databases, measure everything."""
    begun = time.monotonic()
    now = datetime.now(UTC)
    filling.check_room(bench.folder, (size.small + size.large + size.heavy) * filling.EACH)
    results = Results(
        name=size.name, small=size.small * filling.EACH, large=size.large * filling.EACH
    )
    _fill(bench, size, results, now=now, say=say)
    bench.durable()
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{LARGE}"

    say("G1: five queries and the contract's page at both sizes")
    results.flat = flat.measure(
        small=(SMALL, size.small),
        large=(LARGE, size.large),
        asked=size.asked,
        everybody=size.everybody,
        rounds=size.rounds,
        say=say,
    )
    scans, looked = plans.scans(database=LARGE, user=1)
    say("A heavy user")
    results.heavy = heavy.measure(
        database=LARGE, heavy=size.large + 1, usual=1, rounds=size.rounds, say=say
    )
    connections.close_all()
    say("G2 to G4: the web server")
    results.web = web.measure(
        database_url=url,
        postgres_pid=bench.postgres_pid,
        users=size.large,
        requests=size.requests,
        rounds=size.rounds,
        say=say,
    )
    _write(bench, size, results, now=now, say=say)
    results.goals = [
        *goals.of_flat(results.flat),
        *goals.of_web(results.web),
        *goals.of_writing(results.writing),
        goals.of_plans(scans, looked),
    ]
    with bench.server.connect(LARGE) as connection:
        results.machine = machine.described(connection)
    results.seconds = time.monotonic() - begun
    return results


def run_writing(bench: Bench, size: Size, *, say: Callable[[str], None]) -> Results:
    """Fill the large database alone, measure writing alone."""
    begun = time.monotonic()
    now = datetime.now(UTC)
    filling.check_room(bench.folder, size.large * filling.EACH)
    results = Results(name=size.name, small=0, large=size.large * filling.EACH)
    ready = filling.templates(now=now)
    connections.close_all()
    _make(bench, LARGE)
    say(f"filling {results.large:,} resources")
    with bench.server.connect(LARGE) as connection:
        filling.fill(connection, users=size.large, templates=ready, say=say)
    bench.durable()
    _write(bench, size, results, now=now, say=say)
    results.goals = goals.of_writing(results.writing)
    with bench.server.connect(LARGE) as connection:
        results.machine = machine.described(connection)
    results.seconds = time.monotonic() - begun
    return results


def _write(
    bench: Bench, size: Size, results: Results, *, now: datetime, say: Callable[[str], None]
) -> None:
    say("G5, G6: writing")
    flat.use(LARGE)
    results.writing = writing.measure(
        postgres_pid=bench.postgres_pid,
        templates=filling.templates(now=now, each=writing.BATCH, batch=writing.BATCH),
        batches=size.batches,
        rounds=size.rounds,
        now=now,
        say=say,
    )


def _make(bench: Bench, name: str) -> None:
    with bench.server.connect("postgres") as connection:
        connection.execute(f"create database {name} template careweave")


def _fill(
    bench: Bench, size: Size, results: Results, *, now: datetime, say: Callable[[str], None]
) -> None:
    people.make_users(size.large + 1, now=now)
    ready = filling.templates(now=now)
    connections.close_all()
    for name in (SMALL, LARGE):
        _make(bench, name)
    for name, users in ((SMALL, size.small), (LARGE, size.large + 1)):
        say(f"filling {users * filling.EACH:,} resources")
        with bench.server.connect(name) as connection:
            seconds = filling.fill(connection, users=users, templates=ready, say=say)
            if name == LARGE:
                filling.make_heavy(connection, user=users, times=size.heavy)
            row = connection.execute("select pg_database_size(current_database())").fetchone()
        assert row is not None
        results.notes[f"{name} database"] = (
            f"filled in {seconds:.0f} s by COPY with its indexes in place, {row[0] / 2**30:.1f} GiB"
        )
