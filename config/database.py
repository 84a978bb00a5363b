"""Which database: the one of DATABASE_URL, or the embedded PostgreSQL of VAR_DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url

from config import postgres_server, secret_files
from config.postgres_place import Place, place

COMMON: dict[str, Any] = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
"""A new connection costs milliseconds, and with django-q's broker in the database eleven times the
whole work."""
PREPARE_WHAT_ASKS_FOR_IT = {"prepare_threshold": 1 << 30}
"""Django's None would make psycopg ignore `prepare=True` too; so high a threshold prepares nothing
else."""


GENERIC_PLANS = "-c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0"
"""The statements of the store are written so that one plan serves every owner; left to itself,
PostgreSQL plans some of them anew for every page, which costs as much as running them, and for some
of a large store starts processes, which costs ten times as much."""


def for_requests(settings: dict[str, Any], *, seconds: int) -> dict[str, Any]:
    """The settings with a limit on how long one statement may take, and with plans made once; 0:
    neither."""
    if not seconds:
        return settings
    options = dict(settings["OPTIONS"])
    given = options.get("options", "")
    said = f"{given} -c statement_timeout={seconds}s {GENERIC_PLANS}".strip()
    return {**settings, "OPTIONS": {**options, "options": said}}


def from_url(url: str) -> dict[str, Any]:
    """Django's settings for a database URL."""
    given = dj_database_url.parse(url)
    options = {**PREPARE_WHAT_ASKS_FOR_IT, **given.get("OPTIONS", {})}
    return {**given, **COMMON, "OPTIONS": options}


def embedded_place(var_dir: Path) -> Place:
    """Where the embedded server of this VAR_DIR lives."""
    return place(var_dir)


def embedded_password(var_dir: Path) -> str:
    """Its password."""
    return secret_files.kept(var_dir / "secrets", "database_password", secret_files.random_text)


def from_place(home: Place, password: str) -> dict[str, Any]:
    """Django's settings for an embedded server."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(home.sockets),
        "PORT": postgres_server.PORT,
        "USER": postgres_server.USER,
        "PASSWORD": password,
        "NAME": postgres_server.DATABASE,
        "OPTIONS": PREPARE_WHAT_ASKS_FOR_IT,
        **COMMON,
    }


def databases(*, url: str, var_dir: Path, statement_seconds: int = 0) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. An empty `url` means the embedded server, running or not."""
    if url:
        settings = from_url(url)
    else:
        settings = from_place(embedded_place(var_dir), embedded_password(var_dir))
    return {"default": for_requests(settings, seconds=statement_seconds)}
