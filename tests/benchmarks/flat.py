"""G1: whether a query costs the same however large the store is."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from django.db import connection
from django.test import Client

from tests.benchmarks.cpu import cpu_seconds
from tests.benchmarks.observations import DATE_OF_A_NEWER_HALF
from tests.benchmarks.people import token_of
from tests.benchmarks.statements import Recorder

ROUNDS = 5
LONGEST_MS = 5.0
WITHIN = 1.3

LOINC = "http://loinc.org"
QUERIES = {
    "newest 50 of a code": f"code={LOINC}|8867-4&_sort=-date&_count=50",
    "newest 50 of a code since a date": (
        f"code={LOINC}|2339-0&date=ge{DATE_OF_A_NEWER_HALF}&_sort=-date&_count=50"
    ),
    "newest 50 of a category": "category=laboratory&_sort=-date&_count=50",
    "a code with a value range": f"code={LOINC}|2339-0&value-quantity=gt98.5&_count=50",
    "how many of a code": f"code={LOINC}|718-7&_summary=count",
    "contract page: 50 by id, exact total": "_count=50",
}


@dataclass(frozen=True, kw_only=True)
class Times:
    """A query's milliseconds in the database."""

    median: float
    p95: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class Flat:
    """A query at the small and the large size, asked by the same number of users, and by all users
    of the large one."""

    query: str
    small: Times
    large: Times
    everybody: Times


def use(database: str) -> None:
    """Let this process's queries go to another database of the server."""
    connection.close()
    connection.settings_dict["NAME"] = database


def spread(users: int, wanted: int) -> list[int]:
    """So many of the users from 1 on, evenly spread."""
    return [1 + n * users // wanted for n in range(min(users, wanted))]


def measure(
    *,
    small: tuple[str, int],
    large: tuple[str, int],
    asked: int,
    everybody: int,
    rounds: int,
    say: Callable[[str], None],
) -> list[Flat]:
    """Ask both databases (name, users) in turns. `asked`: of how many users; `everybody`: of how
    many, each once, in the end."""
    places = {small: spread(small[1], asked), large: spread(large[1], asked)}
    blocks: dict[tuple[tuple[str, int], str], list[_Block]] = {}
    for turn in range(rounds + 1):  # the first one warms
        for query in QUERIES:
            for place, users in places.items():
                block = _ask(place[0], query, users)
                if turn:
                    blocks.setdefault((place, query), []).append(block)
        say(f"  flat: round {turn} of {rounds}")
    return [
        Flat(
            query=query,
            small=_times(blocks[small, query]),
            large=_times(blocks[large, query]),
            everybody=_times([_ask(large[0], query, spread(large[1], everybody))]),
        )
        for query in QUERIES
    ]


@dataclass(frozen=True)
class _Block:
    """One query of several users: seconds of each, and of the backend's CPU on average."""

    seconds: list[float]
    cpu: float


def _times(blocks: Sequence[_Block]) -> Times:
    seconds = [second for block in blocks for second in block.seconds]
    return Times(
        median=statistics.median(seconds) * 1000,
        p95=percentile(seconds, 95) * 1000,
        cpu=statistics.median(block.cpu for block in blocks) * 1000,
    )


def percentile(values: Sequence[float], which: int) -> float:
    """The value below which so many percent lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * which // 100)]


def _ask(database: str, query: str, users: Sequence[int]) -> _Block:
    """One query, asked by each user through the API in this process."""
    use(database)
    client = Client(SERVER_NAME="127.0.0.1")
    ask(client, QUERIES[query], users[0])  # connects, plans
    backend = connection.connection.info.backend_pid
    cpu = 0.0
    seconds = []
    for user in users:
        forget_totals(user)
        before = cpu_seconds(backend)
        seconds.append(ask(client, QUERIES[query], user))
        cpu += cpu_seconds(backend) - before
    return _Block(seconds=seconds, cpu=cpu / len(users))


def ask(client: Client, query: str, user: int) -> float:
    """Seconds in the database of one search of a user's Observations."""
    bearer = f"Bearer {token_of(user)}"
    with Recorder() as recorder:
        answer = client.get(f"/fhir/r4/Observation?{query}", headers={"authorization": bearer})
    assert answer.status_code == 200, answer.content[:400]
    assert b'"total":0' not in answer.content, query
    return sum(asked.seconds for asked in recorder.of_the_store())


def forget_totals(user: int) -> None:
    """A change of the user's data: what processes remember of its totals is out of date."""
    connection.ensure_connection()
    cursor: psycopg.Cursor[tuple[object, ...]] = psycopg.Cursor(connection.connection)
    cursor.execute("update fhir_owner set seq = seq + 1 where owner = %s", (user,))
