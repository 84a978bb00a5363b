"""Settings as another process reads them from its environment."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PRINT = """
import json, config.settings as s
names = [n for n in dir(s) if n.isupper() and n not in ("LOGGING", "LOCALE_PATHS")]
print(json.dumps({n: getattr(s, n) for n in names}, default=str))
"""
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "s" * 50,
    "TOKEN_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "DATABASE_URL": "postgres://u:p@db.example.org/n",
    "ONEUP_PUBLIC_BASE_URL": "https://care.example.org/",
}


def run(var_dir: Path, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=CHECKOUT,
        env={**kept, "VAR_DIR": str(var_dir), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def settings(var_dir: Path, **env: str) -> dict[str, Any]:
    done = run(var_dir, **env)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_demo_keeps_its_secrets_for_every_later_process(tmp_path: Path) -> None:
    first, second = settings(tmp_path / "var"), settings(tmp_path / "var")
    for name in ("SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "INDEX_KEY", "SANDBOX_SECRET", "DATABASES"):
        assert first[name] == second[name]
    assert first["SECRET_KEY"] != settings(tmp_path / "other")["SECRET_KEY"]


def test_secret_files_are_for_their_owner_only(tmp_path: Path) -> None:
    settings(tmp_path / "var")
    folder = tmp_path / "var" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "DATABASE_URL", "ONEUP_PUBLIC_BASE_URL"]
)
def test_production_refuses_to_start_without_its_own(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, **{**PRODUCTION, name: ""})
    assert done.returncode != 0
    assert f"production needs its own {name}" in done.stderr


def test_production_writes_no_secret_files(tmp_path: Path) -> None:
    found = settings(tmp_path, **PRODUCTION)
    assert list(tmp_path.iterdir()) == []
    assert found["SANDBOX"] is False
    assert found["DATABASES"]["default"]["HOST"] == "db.example.org"


def test_https_makes_cookies_secure_and_names_the_host(tmp_path: Path) -> None:
    found = settings(tmp_path, **PRODUCTION)
    assert found["PUBLIC_BASE_URL"] == "https://care.example.org"
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "care.example.org", "localhost"]
    assert settings(tmp_path / "demo")["SESSION_COOKIE_SECURE"] is False


def test_each_of_the_five_hosts_may_be_bound(tmp_path: Path) -> None:
    found = settings(tmp_path, PORT="8123", ONEUP_HOST_BULK="https://bulk.example.org/")
    assert found["HOSTS"] == {
        **dict.fromkeys(("api", "auth", "search", "quick"), "http://127.0.0.1:8123"),
        "bulk": "https://bulk.example.org",
    }
    assert "bulk.example.org" in found["ALLOWED_HOSTS"]


def test_the_sandbox_is_a_thousand_ports_up(tmp_path: Path) -> None:
    assert settings(tmp_path, PORT="8123")["SANDBOX_URL"] == "http://127.0.0.1:9123"
    assert settings(tmp_path, SANDBOX_PORT="7")["SANDBOX_URL"] == "http://127.0.0.1:7"


@pytest.mark.parametrize(
    "name, value, complaint",
    [
        ("ENVIRONMENT", "staging", "ENVIRONMENT must be one of demo, production"),
        ("PORT", "http", "PORT must be a whole number"),
        ("PORT", "0", "PORT must be at least 1"),
        ("SANDBOX", "maybe", "SANDBOX must be on or off"),
        ("ONEUP_CREATE_STATUS", "202", "ONEUP_CREATE_STATUS must be one of by-version, 200, 201"),
        ("ONEUP_PUBLIC_BASE_URL", "care.example.org", "must begin with http:// or https://"),
    ],
)
def test_a_value_that_does_not_parse_stops_the_start(
    tmp_path: Path, name: str, value: str, complaint: str
) -> None:
    done = run(tmp_path, **{name: value})
    assert done.returncode != 0
    assert complaint in done.stderr
