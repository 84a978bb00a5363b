"""The access log: a JSON line a request, in the form of all our logs, made for little.

The logging module's way (a record, its redaction, a formatter) costs twice as much, more than a
third of all that the web server does for a small answer.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from gunicorn.glogging import Logger

from config.logs import redact

STDERR = 2
_HARMLESS = re.compile(r"/(?:fhir/)?(?:dstu2|stu3|r4)(?:/[A-Za-z0-9.$_*-]{0,64}){0,6}")
"""Paths of the FHIR API that have no place for a secret; all others are looked through."""


def line(
    *, method: str, path: str, status: int, sent: int, took: timedelta, now: datetime
) -> bytes:
    """The line of a request. `path` is without its query, where tokens may be."""
    shown = path if _HARMLESS.fullmatch(path) else redact(path)
    milliseconds = int(took.total_seconds() * 1000)
    said = {
        "level": "INFO",
        "logger": "gunicorn.access",
        "message": f"{redact(method)} {shown} {status} {sent} bytes {milliseconds} ms",
        "at": now.isoformat(),
    }
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


class AccessLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger with an access log of ours."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        written = line(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            status=resp.status_code or 0,
            sent=resp.sent or 0,
            took=request_time,
            now=datetime.now(UTC),
        )
        # In one piece, so that the lines of several processes do not mix.
        os.write(STDERR, written)
