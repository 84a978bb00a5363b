"""Two processes that bring the same data at the same time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier

import pytest
from django.db import connections

from fhirstore import database
from fhirstore.schema import TABLES
from tests.fhirstore.store import (
    ALICE,
    LATER,
    NOW,
    bodies,
    count,
    hospital,
    observation,
    take_in,
    wearable,
)

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
WRITERS = 2


@pytest.fixture(autouse=True)
def _empty_tables(transactional_db: None) -> Iterator[None]:
    """The store has no models, so nothing else empties its tables after a test that commits."""
    yield
    database.cursor().execute(f"truncate {', '.join(TABLES)}")


def _bring(start: Barrier, order: int) -> None:
    connections.close_all()
    readings = [observation(f"O{n}") for n in range(150)]
    for number in range(ROUNDS):
        status = "final" if number % 2 else "preliminary"
        sent = [reading | {"status": status} for reading in readings]
        start.wait(timeout=60)
        take_in(*sent[::order], now=NOW)
        take_in(
            {"resourceType": "Observation", "id": f"steps/{number}"}, source=wearable(), now=LATER
        )
    connections.close_all()


def test_neither_doubles_nor_deadlocks() -> None:
    connections.close_all()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(WRITERS)
    writers = [context.Process(target=_bring, args=(start, order)) for order in (1, -1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)

    assert [writer.exitcode for writer in writers] == [0, 0]
    # 150 readings, 5 wearable ones, the home Patient; each change of status once in history.
    assert count("fhir_resource") == 156
    assert count("fhir_history") == 150 * (ROUNDS - 1)
    assert {
        b["meta"]["versionId"]
        for n, b in bodies().items()
        if b.get("subject", {}).get("reference") != _home()
    } <= {
        "9000000000004",
        "9000000000000",
    }
    assert count("fhir_outbox") == 156 + 150 * (ROUNDS - 1)


def _home() -> str:
    row = (
        database.cursor()
        .execute("select home from fhir_owner where owner = %s", (ALICE,))
        .fetchone()
    )
    assert row is not None
    return f"Patient/{row[0]}"


def test_a_taken_row_id_is_no_obstacle() -> None:
    take_in(observation("A"), source=hospital())
    # Rewind the counter: the next change gets the number, and with the same date the row id, of
    # the first.
    database.cursor().execute("update fhir_owner set seq = 0 where owner = %s", (ALICE,))
    database.cursor().execute("delete from fhir_outbox")

    summary = take_in(observation("B"), source=hospital())

    assert (summary.created, count("fhir_resource")) == (1, 2)
