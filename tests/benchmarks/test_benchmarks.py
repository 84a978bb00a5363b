"""The benchmark runs from beginning to end, at a size of seconds, and leaves nothing behind. What
it measures there says nothing about speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.document import HEADINGS, renewed
from tests.benchmarks.place import CHECKOUT

GOALS = {"G1", "G2", "G3", "G4", "G5", "G6", "G9"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """VAR_DIR and the folder of results of a small run."""
    var_dir = tmp_path_factory.mktemp("var")
    results = tmp_path_factory.mktemp("results")
    for folder in (var_dir, *var_dir.parents[:3]):
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o011)  # root's PostgreSQL is another account
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--size", "smoke", "--results", str(results)],
        cwd=CHECKOUT,
        env={**environment, "VAR_DIR": str(var_dir)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return var_dir, results


def test_every_goal_is_measured(finished: tuple[Path, Path]) -> None:
    results = json.loads((finished[1] / "smoke.json").read_text())
    assert {goal["goal"] for goal in results["goals"]} == GOALS
    measured = [goal for goal in results["goals"] if goal["goal"] != "G9"]
    assert all(goal["by_time"] > 0 and goal["by_cpu"] > 0 for goal in measured)


def test_no_plan_of_the_benchmark_scans_a_table(finished: tuple[Path, Path]) -> None:
    results = json.loads((finished[1] / "smoke.json").read_text())
    (plans,) = [goal for goal in results["goals"] if goal["goal"] == "G9"]
    assert plans["by_time"] == 0


def test_tables_and_plots_are_written(finished: tuple[Path, Path]) -> None:
    tables = (finished[1] / "smoke.md").read_text()
    assert "| Goal | What | Wanted |" in tables
    assert "Careweave as shipped" in tables
    for plot in ("smoke-flat.svg", "smoke-page.svg"):
        drawn = (finished[1] / plot).read_text()
        assert drawn.startswith("<svg")
        assert "<script" not in drawn


def test_nothing_is_left_behind(finished: tuple[Path, Path]) -> None:
    assert list(finished[0].iterdir()) == []


@pytest.mark.parametrize("name", HEADINGS)
def test_the_document_takes_a_runs_tables(name: str) -> None:
    text = (CHECKOUT / "docs" / "performance.md").read_text()
    changed = renewed(text, name, "| a table |\n")
    assert f"{HEADINGS[name]}\n\n| a table |\n" in changed
    others = [heading for size, heading in HEADINGS.items() if size != name]
    assert all(heading in changed for heading in others)
    assert changed.count("\n## ") == text.count("\n## ")
