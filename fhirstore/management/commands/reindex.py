"""Makes the search index anew, owner by owner.

    manage.py reindex
    manage.py reindex --app-user 17

Run it after INDEX_KEY changed. After a release that changed what is indexed the same happens in the
background by itself. The server may go on meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import clock
from fhirstore import reindex

PAGE = 1000


class Command(BaseCommand):
    help = "Make the search index anew. Example: manage.py reindex --app-user 17"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--app-user", type=int, help="only this user (oneup_user_id)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["app_user"] is not None:
            done = reindex.reindex_owner(owner=options["app_user"], now=clock.now())
        else:
            done = self._all()
        self.stdout.write(f"{done} resources indexed")

    def _all(self) -> int:
        done, last = 0, -(2**63)
        while page := reindex.owners(after=last, limit=PAGE):
            done += sum(reindex.reindex_owner(owner=owner, now=clock.now()) for owner in page)
            last = page[-1]
        return done
