"""`manage.py create_client`: a new app with its client id and secret."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts import clock
from accounts.applications import create_client
from accounts.redirects import BadRedirectUri

_EXAMPLE = """Example:
  manage.py create_client --email dana@example.org --name "My app" \\
    --redirect-uri http://localhost:3000/callback --redirect-uri https://app.example.org/back
"""


class Command(BaseCommand):
    help = (
        "Make a new app in test mode for a developer, who is made if new, and print its client id "
        "and secret. The secret is shown this once and stored nowhere.\n\n" + _EXAMPLE
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the developer's e-mail address")
        parser.add_argument("--name", required=True, help="the app's name")
        parser.add_argument(
            "--redirect-uri",
            action="append",
            required=True,
            metavar="URL",
            help="where users return to after a connection; repeatable, the first is the default",
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )

    def handle(
        self, *, email: str, name: str, redirect_uri: list[str], json: bool, **options: Any
    ) -> None:
        try:
            validate_email(email)
            made = create_client(
                email=email, name=name, redirect_uris=redirect_uri, now=clock.now()
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except BadRedirectUri as error:
            raise CommandError(str(error)) from error
        told = {
            "client_id": made.client_id,
            "client_secret": made.client_secret,
            "name": made.application.name,
            "developer": made.developer.email,
            "redirect_uris": made.application.redirect_uris.split(),
        }
        self.stdout.write(_as_json(told) if json else _as_text(told))


def _as_json(told: dict[str, Any]) -> str:
    return json.dumps(told)


def _as_text(told: dict[str, Any]) -> str:
    return (
        f"App {told['name']!r} of {told['developer']} in test mode\n"
        f"client_id      {told['client_id']}\n"
        f"client_secret  {told['client_secret']}   (shown this once)"
    )
