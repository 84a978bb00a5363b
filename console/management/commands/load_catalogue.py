"""`manage.py load_catalogue`: the systems that come with the product."""

from __future__ import annotations

import json as jsonlib
from argparse import RawDescriptionHelpFormatter
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from connectors.catalog.load import load_catalogue

_EXAMPLE = """Example:
  manage.py load_catalogue
"""


class Command(BaseCommand):
    help = (
        "Load the catalogue of hospitals and devices. May run at every start; what an operator "
        "configured is kept. While the sandbox is on its systems lead to it.\n\n" + _EXAMPLE
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )

    def handle(self, *, json: bool, **options: Any) -> None:
        told = asdict(
            load_catalogue(sandbox_url=settings.SANDBOX_URL if settings.SANDBOX else None)
        )
        if json:
            self.stdout.write(jsonlib.dumps(told))
        else:
            counts = ", ".join(f"{count} {what}" for what, count in told.items())
            self.stdout.write(f"Catalogue: {counts}")
