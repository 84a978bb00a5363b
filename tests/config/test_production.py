"""The web server as an operator runs it, on the database of the test run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.config.web_server import ask, serving


@pytest.fixture
def port(tmp_path: Path, db: None) -> Iterator[int]:
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    production = {
        "ENVIRONMENT": "production",
        "SECRET_KEY": "s" * 50,
        "TOKEN_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": url,
        "ONEUP_PUBLIC_BASE_URL": "https://care.example.org",
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    (tmp_path / "static").mkdir()
    with serving("config.wsgi:application", log=tmp_path / "log", **production) as port:
        yield port


def test_it_serves_its_own_host_over_https_only(port: int) -> None:
    healthy = ask(port, "/healthz/", host="care.example.org").decode()
    assert healthy.startswith("HTTP/1.1 200")
    assert "Strict-Transport-Security: max-age=31536000" in healthy
    assert "Content-Length: 34" in healthy
    assert ask(port, "/healthz").startswith(b"HTTP/1.1 200")
    assert ask(port, "/healthz", host="evil.example.org").startswith(b"HTTP/1.1 400")
    assert ask(port, "/readyz").startswith(b"HTTP/1.1 503")
