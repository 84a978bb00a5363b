"""`manage.py sync_now`: run the sync of some or all connections here and now."""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from accounts import clock
from accounts.models import AppUser
from connectors.models import Connection
from sync.batch import IN_FLIGHT, run_claims
from sync.due import claim_due
from sync.engine import RunSummary
from sync.models import SyncRun


class Command(BaseCommand):
    help = """Sync connections now, in this process, and print what came.

What runs elsewhere, is parked, disconnected or held back by its source is skipped. The exit status
is 1 when a sync failed.

Examples:
  manage.py sync_now
  manage.py sync_now --app-user 17 --json
  manage.py sync_now --connection c_5f0e9a"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--connection", metavar="ID", help="one connection, by its public id (c_…)"
        )
        which.add_argument(
            "--app-user", metavar="N", type=int, help="all connections of one user (oneup_user_id)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = _chosen(connection=options["connection"], app_user=options["app_user"])
        public_ids = dict(chosen.values_list("pk", "public_id"))
        waiting = sorted(public_ids)
        runs: list[RunSummary] = []
        while waiting:
            part, waiting = waiting[:IN_FLIGHT], waiting[IN_FLIGHT:]
            claims = claim_due(
                now=clock.now(), limit=len(part), only=part, force=True, trigger="command"
            )
            runs += run_claims(claims=claims, clock=clock.now)
        ran = {run.connection_id for run in runs}
        rows = [_row(run, public_ids[run.connection_id]) for run in runs]
        skipped = [public_ids[pk] for pk in sorted(public_ids) if pk not in ran]
        self._print(rows, skipped, as_json=options["json"])
        if any(run.outcome in (SyncRun.FAILED, SyncRun.LOST) for run in runs):
            sys.exit(1)

    def _print(self, rows: list[dict[str, Any]], skipped: list[str], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"runs": rows, "skipped": skipped}))
            return
        for row in rows:
            line = (
                "{connection}: {outcome}, {created} new, {updated} changed, {unchanged} unchanged"
            )
            if row["rejected"]:
                line += ", {rejected} rejected"
            if row["irregular"]:
                line += ", {irregular} irregular"
            if row["error"]:
                line += " ({error[code]}: {error[message]})"
            self.stdout.write(line.format(**row))
        for public_id in skipped:
            self.stdout.write(f"{public_id}: skipped (running, parked, disconnected or held back)")
        if not rows and not skipped:
            self.stdout.write("No connection to sync.")


def _chosen(*, connection: str | None, app_user: int | None) -> QuerySet[Connection]:
    rows = Connection.objects.all()
    if connection is not None:
        rows = rows.filter(public_id=connection)
        if not rows.exists():
            raise CommandError(f"unknown connection {connection}")
    elif app_user is not None:
        if not AppUser.objects.filter(pk=app_user).exists():
            raise CommandError(f"unknown app user {app_user}")
        rows = rows.filter(app_user_id=app_user)
    else:
        rows = rows.filter(status__in=Connection.LIVE)
    return rows


def _row(run: RunSummary, public_id: str) -> dict[str, Any]:
    error = {"code": run.error_code, "message": run.error_message} if run.error_code else None
    return {
        "connection": public_id,
        "trigger": run.trigger,
        "outcome": run.outcome,
        "created": run.loaded.created,
        "updated": run.loaded.updated,
        "unchanged": run.loaded.unchanged,
        "rejected": run.loaded.rejected,
        "irregular": run.irregular,
        "error": error,
    }
