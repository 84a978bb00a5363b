"""Builds the compact search definitions and structure tables from HL7's files.

    manage.py make_search_definitions path/to/definitions

The folder holds `dstu2`, `stu3` and `r4`, each with `structures.json.gz`, `required-codes.json.gz`,
`search-parameters.json.gz` (a Bundle) and, where the version has them,
`search-parameters-uscore.json.gz` (more parameters, which give way to the version's own) and
`compartmentdefinition-<name>.json.gz`. Run it after HL7's files or a condenser changed, and raise
`fhirstore.keys.INDEX_GENERATION`: then every installation is indexed anew."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fhirstore import structures
from fhirstore.search import definitions
from fhirstore.search.definitions.condense import condense
from fhirstore.structures.condense import condense_structures


class Command(BaseCommand):
    help = (
        "Build the compact search definitions and structure tables from HL7's files. "
        "Example: manage.py make_search_definitions downloads/definitions"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="folder with dstu2, stu3 and r4")
        parser.add_argument(
            "--output",
            type=Path,
            help="a folder to write to (default: into the packages)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path | None = options["output"]
        for version in definitions.VERSIONS:
            folder: Path = options["path"] / version
            known = _read(folder / "structures.json.gz")
            text = condense_structures(known, _read(folder / "required-codes.json.gz"))
            self._write(output or structures.FOLDER, f"{version}.gz", text)
            condensed = condense(
                version=version,
                structures=known,
                parameters=_resources(folder / "search-parameters.json.gz"),
                additional=_resources(folder / "search-parameters-uscore.json.gz"),
                compartments=[
                    _read(path) for path in sorted(folder.glob("compartmentdefinition-*.json.gz"))
                ],
            )
            text = json.dumps(condensed.content, separators=(",", ":"), sort_keys=False)
            self._write(output or definitions.FOLDER, f"{version}.json.gz", text)
            self.stdout.write(f"{version}: parameters without paths:")
            for problem in condensed.problems:
                self.stdout.write(f"  {problem}")

    def _write(self, folder: Path, name: str, text: str) -> None:
        target = folder / name
        target.write_bytes(gzip.compress(text.encode(), mtime=0))
        self.stdout.write(f"{name}: {target.stat().st_size} bytes")


def _resources(path: Path) -> list[Any]:
    return [entry["resource"] for entry in _read(path)["entry"]] if path.exists() else []


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))
