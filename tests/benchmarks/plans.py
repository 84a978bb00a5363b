"""G9 for the benchmark's own queries: no plan reads a table of the store from end to end."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection
from django.test import Client

from tests.benchmarks.flat import QUERIES, ask, use
from tests.benchmarks.people import token_of
from tests.benchmarks.statements import Recorder

_SMALL = 1_000
"""Rows of a table that is a few pages: to read it whole is right."""


def scans(*, database: str, user: int) -> tuple[list[str], int]:
    """The queries whose plan has a sequential scan, and how many statements were looked at."""
    use(database)
    client = Client(SERVER_NAME="127.0.0.1")
    ask(client, QUERIES["contract page: 50 by id, exact total"], user)
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(connection.connection)
    cursor.execute("select relname from pg_class where reltuples >= %s", (_SMALL,))
    tables = {name for (name,) in cursor if name.startswith("fhir_")}
    found, looked = [], 0
    for name, query in QUERIES.items():
        with Recorder() as recorder:
            client.get(
                f"/fhir/r4/Observation?{query}",
                headers={"authorization": f"Bearer {token_of(user)}"},
            )
        for asked in recorder.of_the_store():
            sql = f"explain (format json) {asked.sql}"
            (plan,) = cursor.execute(sql.encode(), asked.values).fetchone() or ((),)
            looked += 1
            if any(_scanned(node["Plan"], tables) for node in plan):
                found.append(name)
    return found, looked


def _scanned(node: dict[str, Any], tables: set[str]) -> bool:
    whole = node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
    return whole or any(_scanned(child, tables) for child in node.get("Plans", ()))
