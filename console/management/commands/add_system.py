"""`manage.py add_system`: a hospital or device of the operator's own."""

from __future__ import annotations

import json as jsonlib
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.catalog.add import AUTH_METHODS, VERSIONS, BadSystem, add_system
from connectors.models import CLINICAL, DEVICE

_EXAMPLE = """Example:
  manage.py add_system --kind clinical --name "Lakeside Clinic" --platform generic \\
    --fhir-base https://fhir.lakeside.example/r4 --fhir-version r4 \\
    --client-id 3f9c --client-secret ...
"""


class Command(BaseCommand):
    help = (
        "Add a system that users can connect, and print its id. The host and port of its address "
        "become an allowed outbound host. Without --client-secret it is a public client with "
        "PKCE.\n\n" + _EXAMPLE
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=(CLINICAL, DEVICE))
        parser.add_argument("--name", required=True, help="as people know it")
        parser.add_argument(
            "--platform",
            default="generic",
            help="the platform's quirk sheet (generic, epic, ...), or a device's vendor (fitbit)",
        )
        parser.add_argument("--fhir-base", required=True, metavar="URL", help="its FHIR base")
        parser.add_argument("--fhir-version", default="", choices=("", *VERSIONS))
        parser.add_argument("--client-id", required=True, help="what the system knows us by")
        parser.add_argument("--client-secret", default="", help="leave out for a public client")
        parser.add_argument("--auth-method", default="", choices=("", *AUTH_METHODS))
        parser.add_argument("--scope", default="", help="instead of the platform's own scopes")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )

    def handle(
        self,
        *,
        kind: str,
        name: str,
        platform: str,
        fhir_base: str,
        fhir_version: str,
        client_id: str,
        client_secret: str,
        auth_method: str,
        scope: str,
        json: bool,
        **options: Any,
    ) -> None:
        try:
            system = add_system(
                kind=kind,
                name=name,
                platform=platform,
                base=fhir_base,
                fhir_version=fhir_version,
                client_id=client_id,
                client_secret=client_secret,
                auth_method=auth_method,
                scope=scope,
            )
        except BadSystem as error:
            raise CommandError(str(error)) from error
        told = {
            "id": system.pk,
            "kind": system.kind,
            "name": system.name,
            "resource_url": system.resource_url,
            "allowed_host": system.allow_host,
        }
        if json:
            self.stdout.write(jsonlib.dumps(told))
        else:
            self.stdout.write(f"id {told['id']}  ({system.name}, {system.resource_url})")
