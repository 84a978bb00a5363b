"""One user with 200,000 resources: what its pages cost, beside a user with 1,000."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test import Client

from tests.benchmarks.cpu import cpu_seconds
from tests.benchmarks.flat import LOINC, ask, forget_totals, use

QUERIES = {
    "newest 50": "_sort=-date&_count=50&_total=none",
    "newest 50 of a code": f"code={LOINC}|8867-4&_sort=-date&_count=50&_total=none",
    "50 by id, exact total": "_count=50",
    "50 by id of a code, exact total": f"code={LOINC}|8867-4&_count=50",
    "50 by id after 5,000 others": "_count=50&_skip=5000",
    "50 by id of a code after 5,000 others": f"code={LOINC}|8867-4&_count=50&_skip=5000",
}


@dataclass(frozen=True, kw_only=True)
class Heavy:
    """A query's milliseconds in the database, in all and of CPU; `again`: when nothing has changed
    since it was asked last. `usual`: the same of a user with 1,000 resources; None where it has not
    so many."""

    query: str
    median: float
    cpu: float
    again: float
    usual: float | None


def measure(
    *, database: str, heavy: int, usual: int, rounds: int, say: Callable[[str], None]
) -> list[Heavy]:
    """Ask for the heavy user and for the usual one in turns."""
    use(database)
    client = Client(SERVER_NAME="127.0.0.1")
    found = []
    for name, query in QUERIES.items():
        far = "_skip" in query
        seconds: list[float] = []
        again: list[float] = []
        others: list[float] = []
        ask(client, query, heavy)
        backend = connection.connection.info.backend_pid
        cpu = 0.0
        for _ in range(rounds):
            forget_totals(heavy)
            before = cpu_seconds(backend)
            seconds.append(ask(client, query, heavy))
            cpu += cpu_seconds(backend) - before
            again.append(ask(client, query, heavy))
            if not far:
                forget_totals(usual)
                others.append(ask(client, query, usual))
        found.append(
            Heavy(
                query=name,
                median=statistics.median(seconds) * 1000,
                cpu=cpu / rounds * 1000,
                again=statistics.median(again) * 1000,
                usual=statistics.median(others) * 1000 if others else None,
            )
        )
    say(f"  heavy user: {len(found)} queries")
    return found
