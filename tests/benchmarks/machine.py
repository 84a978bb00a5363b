"""What a run ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

_PACKAGES = ("django", "djangorestframework", "psycopg", "gunicorn", "orjson")


def described(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Machine and versions, as words."""
    settings = ("server_version", "shared_buffers", "synchronous_commit", "fsync")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        **{f"PostgreSQL {name}": _shown(connection, name) for name in settings},
        "load of the machine at the end": f"{os.getloadavg()[1]:.1f}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _shown(connection: psycopg.Connection[Any], setting: str) -> str:
    row = connection.execute(f"show {setting}").fetchone()
    assert row is not None
    return str(row[0])
