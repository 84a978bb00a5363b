"""`manage.py load_resources`: put FHIR resources from files into one user's store."""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from accounts import clock
from accounts.models import AppUser
from fhirstore import writes
from fhirstore.source import IngestSummary
from sync.resource_files import Found, Unreadable, read_resources

BATCH = 200
TOLD = 20
"""So many problems are printed for a reader; `--json` holds them all."""


class Command(BaseCommand):
    help = """Load FHIR resources into a user's store, as if the user's app had written them.

Ids stay as they are in the file; an id that is there already is updated where its content differs.

A file is a Bundle (its entries are loaded), one resource, or NDJSON, each also gzipped. What cannot
be read or stored is told and left out, the rest is kept; the exit status is then 1.

Examples:
  manage.py load_resources --app-user 17 --fhir-version r4 bundle.json
  manage.py load_resources --app-user 17 --fhir-version stu3 --json export/*.ndjson.gz"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--app-user", metavar="N", type=int, required=True, help="whose store (oneup_user_id)"
        )
        parser.add_argument("--fhir-version", choices=["dstu2", "stu3", "r4"], required=True)
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
        parser.add_argument("paths", metavar="PATH", nargs="+", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        owner = options["app_user"]
        if not AppUser.objects.filter(pk=owner).exists():
            raise CommandError(f"unknown app user {owner}")
        loaded, problems = IngestSummary(), list[str]()
        for batch in _batches(_read(options["paths"])):
            problems += [
                f"{one.place}: {one.reason}" for one in batch if isinstance(one, Unreadable)
            ]
            found = [one for one in batch if isinstance(one, Found)]
            summary = _put(owner, options["fhir_version"], found)
            loaded += summary
            if summary.problems:  # asked again one by one, which changes nothing, to name the place
                for one in found:
                    again = _put(owner, options["fhir_version"], [one])
                    problems += [f"{one.place}: {problem}" for problem in again.problems]
        self._print(loaded, problems, as_json=options["json"])
        if problems:
            sys.exit(1)

    def _print(self, loaded: IngestSummary, problems: list[str], *, as_json: bool) -> None:
        told = {name: getattr(loaded, name) for name in ("created", "updated", "unchanged")}
        if as_json:
            self.stdout.write(json.dumps({**told, "rejected": len(problems), "problems": problems}))
            return
        for problem in problems[:TOLD]:
            self.stderr.write(problem)
        if len(problems) > TOLD:
            self.stderr.write(f"and {len(problems) - TOLD} more problems")
        self.stdout.write(
            "{created} created, {updated} updated, {unchanged} unchanged".format(**told)
        )


def _read(paths: list[Path]) -> Iterator[Found | Unreadable]:
    size = sum(path.stat().st_size for path in paths if path.is_file())
    with tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, disable=None) as bar:
        for path in paths:
            yield from read_resources(path=path, advance=bar.update)


def _batches(found: Iterator[Found | Unreadable]) -> Iterator[list[Found | Unreadable]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def _put(owner: int, version: str, found: list[Found]) -> IngestSummary:
    resources = [one.resource for one in found]
    return writes.put_many(owner=owner, version=version, resources=resources, now=clock.now())
