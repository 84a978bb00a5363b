from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.access_log import line


def told(path: str, method: str = "GET") -> dict[str, Any]:
    written = line(
        method=method,
        path=path,
        status=200,
        sent=1234,
        took=timedelta(milliseconds=5, microseconds=700),
        now=datetime(2026, 11, 24, tzinfo=UTC),
    )
    assert written.endswith(b"}\n")
    return dict(json.loads(written))


def test_a_request_is_told_like_everything_else() -> None:
    assert told("/fhir/r4/Patient/p1/_history") == {
        "level": "INFO",
        "logger": "gunicorn.access",
        "message": "GET /fhir/r4/Patient/p1/_history 200 1234 bytes 5 ms",
        "at": "2026-11-24T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/connect/session/S3CRET",
        "/connect/push/fitbit/S3CRET",
        "/fhir/r4/Patient/access_token=S3CRET",
        "/r4/token=S3CRET",
        "/r4/Bearer S3CRETS3CRET",
        "/fhir/r4/x/authorization: S3CRET",
    ],
)
def test_secrets_in_paths_are_left_out(path: str) -> None:
    assert "S3CRET" not in told(path)["message"]


def test_a_line_is_one_line_whatever_is_asked_for() -> None:
    assert told('/x"\n{"level": "ERROR"}', method="G\nT")["logger"] == "gunicorn.access"
