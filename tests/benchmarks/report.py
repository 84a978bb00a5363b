"""A run's results as JSON, as Markdown tables and as plots."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style

from tests.benchmarks.flat import Flat
from tests.benchmarks.goals import SHIPPED, Goal
from tests.benchmarks.heavy import Heavy
from tests.benchmarks.web import RAW, Served
from tests.benchmarks.writing import Written

_SERVERS = {
    RAW: "raw server: sockets, one statement, spliced bytes",
    "wsgi": "the same as a WSGI function in gunicorn",
    "view": "the same as a Django view",
    "neither": "Careweave without audit and middleware",
    "no_audit": "Careweave without audit",
    "no_middleware": "Careweave without middleware",
    SHIPPED: "Careweave as shipped",
}
_STYLE = Style(background="white", plot_background="white", font_family="sans-serif")


@dataclass(kw_only=True)
class Results:
    """Everything one run measured."""

    name: str
    small: int
    large: int
    seconds: float = 0.0
    machine: dict[str, str] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    flat: list[Flat] = field(default_factory=list)
    web: list[Served] = field(default_factory=list)
    writing: list[Written] = field(default_factory=list)
    heavy: list[Heavy] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


def write(results: Results, folder: Path) -> list[Path]:
    """Write `<name>.json`, `.md` and two `.svg` into a folder; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        f"{results.name}.json": _json(results),
        f"{results.name}.md": markdown(results),
        f"{results.name}-flat.svg": _flat_plot(results),
        f"{results.name}-page.svg": _page_plot(results),
    }
    for name, content in contents.items():
        (folder / name).write_text(content)
    return [folder / name for name in contents]


def _json(results: Results) -> str:
    goals = [{**asdict(goal), "holds": goal.holds} for goal in results.goals]
    return json.dumps({**asdict(results), "goals": goals}, indent=1) + "\n"


def markdown(results: Results) -> str:
    """The tables of a run."""
    parts = [
        f"Sizes: {' and '.join(f'{n:,}' for n in (results.small, results.large) if n)} resources."
        f" {results.seconds / 60:.0f}"
        " minutes. " + " · ".join(f"{name}: {value}" for name, value in results.machine.items()),
        *(f"{name}: {said}" for name, said in results.notes.items()),
        _table(
            ("Goal", "What", "Wanted", "By the clock", "By CPU time", "Holds"),
            [
                (
                    goal.goal,
                    goal.what,
                    f"{'≤' if goal.at_most else '≥'} {goal.wanted:g}",
                    f"{goal.by_time:.2f}",
                    f"{goal.by_cpu:.2f}",
                    "yes" if goal.holds else "no",
                )
                for goal in results.goals
            ],
        ),
        _flat_table(results),
        _web_tables(results.web) if results.web else "",
        _table(
            ("Writing", "Processes", "Resources/s", "Program µs", "PostgreSQL µs"),
            [
                (w.way, w.processes, f"{w.rate:,.0f}", f"{w.program:.0f}", f"{w.postgres:.0f}")
                for w in results.writing
            ],
        ),
        _table(
            ("Heavy user, ms", "Median", "CPU", "Asked again", "A user with 1,000"),
            [
                (h.query, _ms(h.median), _ms(h.cpu), _ms(h.again), _ms(h.usual))
                for h in results.heavy
            ],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _flat_table(results: Results) -> str:
    head = (
        f"Query, ms in the database at {results.small:,}",
        "median",
        "p95",
        "CPU",
        f"at {results.large:,}",
        "p95",
        "CPU",
        "all users",
        "p95",
    )
    return _table(
        head,
        [
            (
                each.query,
                *map(_ms, (each.small.median, each.small.p95, each.small.cpu)),
                *map(_ms, (each.large.median, each.large.p95, each.large.cpu)),
                *map(_ms, (each.everybody.median, each.everybody.p95)),
            )
            for each in results.flat
        ],
    )


def _web_tables(web: Sequence[Served]) -> str:
    found = {(each.server, each.kind): each for each in web}
    rows: list[tuple[Any, ...]] = []
    for server, words in _SERVERS.items():
        cells: list[str] = []
        for kind in ("page", "newest", "read"):
            each = found[server, kind]
            ratio = found[RAW, kind].cpu / each.cpu
            cells += [f"{each.rate:,.0f}", f"{each.program:.0f} + {each.postgres:.0f}"]
            cells.append(f"{ratio:.2f}")
        rows.append((words, *cells))
    served = _table(
        (
            "Requests a second; µs of CPU, server + PostgreSQL; CPU ratio",
            "page/s",
            "µs",
            "ratio",
            "newest/s",
            "µs",
            "ratio",
            "read/s",
            "µs",
            "ratio",
        ),
        rows,
    )
    return f"{served}\n\n{_costs(found)}"


def _costs(found: dict[tuple[str, str], Served]) -> str:
    """What each layer adds, in microseconds of CPU."""
    steps = (
        ("HTTP by gunicorn", "wsgi", RAW),
        ("Django's view and routing", "view", "wsgi"),
        ("reading the query, compiling, its own statements, links", "neither", "view"),
        ("middleware", SHIPPED, "no_middleware"),
        ("audit", SHIPPED, "no_audit"),
    )
    return _table(
        ("What a layer costs, µs of CPU", "page", "newest", "read"),
        [
            (
                words,
                *(
                    f"{found[more, kind].cpu - found[less, kind].cpu:+.0f}"
                    for kind in ("page", "newest", "read")
                ),
            )
            for words, more, less in steps
        ],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _flat_plot(results: Results) -> str:
    chart = pygal.HorizontalBar(
        style=_STYLE,
        title="Median ms in the database",
        x_title="ms",
        height=420,
        js=[],
        disable_xml_declaration=True,
    )
    chart.x_labels = [each.query for each in results.flat]
    chart.add(f"{results.small:,}", [round(each.small.median, 3) for each in results.flat])
    chart.add(f"{results.large:,}", [round(each.large.median, 3) for each in results.flat])
    return _drawn(chart)


def _page_plot(results: Results) -> str:
    chart = pygal.HorizontalStackedBar(
        style=_STYLE,
        title="µs of CPU for a page of 50",
        x_title="µs",
        height=420,
        js=[],
        disable_xml_declaration=True,
    )
    found = {each.server: each for each in results.web if each.kind == "page"}
    chart.x_labels = list(_SERVERS.values())
    chart.add("server", [round(found[name].program) for name in _SERVERS])
    chart.add("PostgreSQL", [round(found[name].postgres) for name in _SERVERS])
    return _drawn(chart)


def _drawn(chart: Any) -> str:
    """The picture without the scripts and remote names that pygal puts in."""
    drawn = chart.render(is_unicode=True)
    drawn = re.sub(r"<script.*?</script>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    return str(drawn).strip() + "\n"
