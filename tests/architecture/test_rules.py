"""The rules that tools can check: import directions, style, types; and some of our own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "config", "connectors", "console", "fhirstore", "sync")
VAGUE = {"utils", "util", "helpers", "helper", "services", "service", "common", "misc"}


def tool(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def sources() -> list[Path]:
    return [file for app in APPS for file in sorted((CHECKOUT / app).rglob("*.py"))]


def test_imports_go_in_one_direction() -> None:
    tool("-c", "from importlinter.cli import lint_imports_command as c; c()")


def test_ruff_finds_nothing() -> None:
    tool("-m", "ruff", "check", ".")


def test_the_formatter_changes_nothing() -> None:
    tool("-m", "ruff", "format", "--check", ".")


@pytest.mark.xdist_group("mypy")
def test_types_are_strict_and_right() -> None:
    tool("-m", "mypy")


def test_no_migration_is_missing() -> None:
    tool("manage.py", "makemigrations", "--check", "--dry-run")


def test_files_are_named_after_the_domain() -> None:
    assert [file for file in sources() if file.stem in VAGUE] == []


@pytest.mark.parametrize("app", APPS)
def test_only_the_environment_reader_touches_the_environment(app: str) -> None:
    reads = {
        str(file.relative_to(CHECKOUT))
        for file in sorted((CHECKOUT / app).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv")
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    # The sandbox is an outside system: it imports nothing of ours and reads its own variables.
    assert {read for read in reads if not read.startswith("connectors/sandbox/")} <= {
        "config/env.py"
    }


@pytest.mark.parametrize("app", APPS)
def test_nothing_happens_by_signal(app: str) -> None:
    found = [
        file
        for file in sorted((CHECKOUT / app).rglob("*.py"))
        if "django.db.models.signals" in file.read_text() or "@receiver(" in file.read_text()
    ]
    assert found == []
