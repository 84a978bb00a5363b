"""`manage.py qcluster`: django-q's cluster with config/cluster.py's guard."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config import cluster


class Command(BaseCommand):
    help = (
        "Runs a queue cluster in the foreground until SIGTERM or Ctrl-C. Ends with status 75, to be"
        " started again, when one of its processes was killed. Example: manage.py qcluster"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        cluster.run()
