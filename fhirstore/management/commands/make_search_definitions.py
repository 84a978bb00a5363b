"""Builds the compact search definitions from HL7's files.

    manage.py make_search_definitions path/to/definitions

The folder holds `dstu2`, `stu3` and `r4`, each with `structures.json.gz`,
`search-parameters.json.gz` (a Bundle) and, except DSTU2, `compartmentdefinition-patient.json.gz`.
Run it after HL7's files or the condenser changed, then `manage.py reindex`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fhirstore.search.definitions import FOLDER, VERSIONS
from fhirstore.search.definitions.condense import condense


class Command(BaseCommand):
    help = (
        "Build the compact search definitions from HL7's files. "
        "Example: manage.py make_search_definitions downloads/definitions"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="folder with dstu2, stu3 and r4")
        parser.add_argument(
            "--output",
            type=Path,
            default=FOLDER,
            help="where to write (default: into the package)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for version in VERSIONS:
            folder: Path = options["path"] / version
            compartment = folder / "compartmentdefinition-patient.json.gz"
            condensed = condense(
                structures=_read(folder / "structures.json.gz"),
                parameters=[
                    e["resource"] for e in _read(folder / "search-parameters.json.gz")["entry"]
                ],
                compartment=_read(compartment) if compartment.exists() else None,
                xpath=version == "dstu2",
            )
            text = json.dumps(condensed.types, separators=(",", ":"), sort_keys=False).encode()
            target: Path = options["output"] / f"{version}.json.gz"
            target.write_bytes(gzip.compress(text, mtime=0))
            self.stdout.write(
                f"{target.name}: {len(condensed.types)} types, {target.stat().st_size} bytes; "
                "without paths:"
            )
            for problem in condensed.problems:
                self.stdout.write(f"  {problem}")


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))
