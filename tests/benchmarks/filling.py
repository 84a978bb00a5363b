"""Filling a database with many users' Observations, fast and as ingest would have laid them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.rows import SEARCHED, Template, copy_rows, template

EACH = 1_000
"""Observations a user has."""
BATCH = 100
TEMPLATES = 4
TOGETHER = 100
"""Users whose first batches lie beside each other, then their second ones, and so on: a user's rows
are in ten places, as if they had come over time."""

BYTES_EACH = 4_100
"""Disk that a resource takes with its index rows, and some room."""

Say = Callable[[str], None]


def check_room(folder: Path, resources: int) -> None:
    """Refuse to begin what the disk has no room for."""
    wanted, free = resources * BYTES_EACH + 3 * 2**30, shutil.disk_usage(folder).free
    if wanted > free:
        raise SystemExit(
            f"{resources:,} resources need about {wanted / 2**30:.0f} GB in {folder};"
            f" {free / 2**30:.0f} GB are free there (VAR_DIR chooses another place)"
        )


def templates(*, now: datetime, each: int = EACH, batch: int = BATCH) -> Sequence[Template]:
    """The rows that `fill` puts down."""
    return [template(n, resources=each, batch=batch, now=now) for n in range(1, TEMPLATES + 1)]


def fill(
    connection: psycopg.Connection[Any],
    *,
    users: int,
    templates: Sequence[Template],
    say: Say,
) -> float:
    """Give the users from 1 on their resources, in one transaction with all indexes in place;
    returns the seconds it took. What was in the tables is gone."""
    begun = told = time.monotonic()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = off")
        cursor.execute(f"truncate fhir_owner, {', '.join(SEARCHED)}")
        for first in range(1, users + 1, TOGETHER):
            group = range(first, min(first + TOGETHER, users + 1))
            for rows in _batches(group, templates):
                copy_rows(cursor, rows, options=", freeze")
            if time.monotonic() - told > 20:
                told = time.monotonic()
                say(f"  {group.stop - 1:,} of {users:,} users after {told - begun:.0f} s")
        cursor.execute(
            "insert into fhir_owner (owner, seq) select n, 2 * %s from generate_series(1, %s) n",
            (templates[0].resources, users),
        )
    connection.execute(f"vacuum (analyze) fhir_owner, fhir_tally, {', '.join(SEARCHED)}")
    return time.monotonic() - begun


def _batches(
    users: Iterable[int], templates: Sequence[Template]
) -> Iterator[dict[str, list[bytes]]]:
    users = list(users)
    for place in range(len(templates[0].batches)):
        rows: dict[str, list[bytes]] = {
            table: [] for table in SEARCHED if templates[0].batches[place].parts[table]
        }
        for user in users:
            batch = templates[user % len(templates)].batches[place].of(user)
            for table, parts in rows.items():
                parts.append(batch[table])
        yield rows


def make_heavy(connection: psycopg.Connection[Any], *, user: int, times: int) -> None:
    """Give a user that was filled so many times as many resources: copies at other moments, under
    other ids."""
    copies = "generate_series(1, %(times)s - 1) k"
    shift = "k * 37000::bigint"
    fid = "left(r.fid, 12) || left(md5(r.fid || k) || md5(k::text), 36)"
    columns = ("self", "updated", "conn", "src", "present", "version", "rtype", "vers", "hash")
    same = ", ".join(f"r.{name}" for name in (*columns, "also", "keys"))
    values = {"user": user, "times": times}
    with connection.transaction(), connection.cursor() as cursor:
        # A vacuum marks as visible to all only what is known to be on disk.
        cursor.execute("set local synchronous_commit = on")
        cursor.execute(
            f"insert into fhir_resource (owner, rid, lo, hi, fid, body, {', '.join(columns)}, also,"
            f" keys) select r.owner, r.rid + ({shift} << 19), r.lo + {shift} * 1000,"
            f" r.hi + {shift} * 1000, {fid}, replace(r.body, r.fid, {fid}), {same}"
            f" from fhir_resource r, {copies} where r.owner = %(user)s",
            values,
        )
        cursor.execute(
            f"insert into fhir_token (owner, key, rid, sys, vers) select owner, key, rid + ({shift}"
            f" << 19), sys, vers from fhir_token, {copies} where owner = %(user)s",
            values,
        )
        cursor.execute(
            "insert into fhir_range (owner, key, lo, hi, rid) select owner, key, lo, hi,"
            f" rid + ({shift} << 19) from fhir_range, {copies} where owner = %(user)s",
            values,
        )
        cursor.execute(
            "insert into fhir_string (owner, key, rid, val, raw) select owner, key, rid + ("
            f"{shift} << 19), val, raw from fhir_string, {copies} where owner = %(user)s",
            values,
        )
        cursor.execute("update fhir_owner set seq = seq + 1 where owner = %(user)s", values)
    connection.execute("vacuum (analyze) fhir_resource, fhir_token, fhir_range, fhir_string")
