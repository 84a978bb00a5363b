"""This thread's database connection for statements of our own.

Django tries a persistent connection with a statement before every request: as much work as the
request's own. It is enough to try one that was left alone for a while: a connection that breaks
between two requests fails one call, which is answered with 503, and is then replaced.
"""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

ALONE_SECONDS = 5.0
"""A connection unused for so long is tried before it is used."""


class _Used(threading.local):
    at = float("-inf")


_used = _Used()


def connected() -> psycopg.Connection[tuple[Any, ...]]:
    """The connection, open; a new one where the old one is gone."""
    at = monotonic()
    mine = connections[DEFAULT_DB_ALIAS]
    if at - _used.at > ALONE_SECONDS:
        mine.close_if_health_check_failed()
    mine.health_check_done = True  # type: ignore[attr-defined]
    mine.ensure_connection()
    _used.at = at
    return cast("psycopg.Connection[tuple[Any, ...]]", mine.connection)
