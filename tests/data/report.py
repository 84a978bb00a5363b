"""The figures of a run over all test data: `ALL_DATA=folder pytest tests/data` leaves a JSON file
per folder of data there; `python -m tests.data.report folder` makes one table of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # reading the figures needs nothing of Django
    from tests.data.finding import Report
    from tests.data.loading import Loaded


def write(folder: Path, name: str, loaded: Loaded, report: Report) -> None:
    """Leave the figures of one folder of data."""
    rows = [
        {
            "type": rtype,
            "parameter": code,
            "resources": count,
            "values": report.values[rtype, code],
            "missing": len(report.missing.get((rtype, code), ())),
            "error": report.errors.get((rtype, code), ""),
        }
        for (rtype, code), count in sorted(report.resources.items())
    ]
    content = {
        "name": name,
        "version": report.version,
        "stored": loaded.stored,
        "types": loaded.types,
        "invalid": loaded.invalid,
        "refused": loaded.refused,
        "parameters": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name.replace('/', '-')}.json").write_text(json.dumps(content, indent=1))


def table(folder: Path) -> str:
    """All figures as Markdown: a row per folder, then one per version, type and parameter."""
    found = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    lines = [
        "| Folder | Version | Stored | Invalid, taken in unchecked | Refused | Parameters found |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        rows = one["parameters"]
        good = sum(not (row["missing"] or row["error"]) for row in rows)
        lines.append(
            f"| {one['name']} | {one['version']} | {one['stored']} | {len(one['invalid'])} "
            f"| {len(one['refused'])} | {good} of {len(rows)} |"
        )
    lines += [
        "",
        "| Version | Type | Parameter | Resources | Values asked for | Not found |",
        "|---|---|---|---|---|---|",
    ]
    totals: dict[tuple[str, str, str], list[int]] = {}
    for one in found:
        for row in one["parameters"]:
            key = (one["version"], row["type"], row["parameter"])
            _add(totals.setdefault(key, [0, 0, 0]), row)
    lines += [f"| {' | '.join(key)} | {a} | {b} | {c} |" for key, (a, b, c) in totals.items()]
    return "\n".join(lines) + "\n"


def _add(total: list[int], row: dict[str, Any]) -> None:
    lost = row["resources"] if row["error"] else row["missing"]
    for place, number in enumerate((row["resources"], row["values"], lost)):
        total[place] += number


if __name__ == "__main__":
    print(table(Path(sys.argv[1])), end="")
