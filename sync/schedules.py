"""The Schedule rows we own. django-q's scheduler looks at them about every 30 seconds."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

TICK = "careweave.tick"
PRUNE = "careweave.prune"
REINDEX = "careweave.reindex"


def ensure() -> None:
    """Make our schedules exist exactly once each, and be due now. Safe to call at every start.

    The tick comes every minute, twice as often as the shortest period: a period checked by a clock
    of the same period becomes twice as long. The instants are the scheduler's own (real time), not
    the demo's clock.
    """
    _one(name=TICK, func="sync.tasks.tick", schedule_type=Schedule.MINUTES, minutes=1)
    _one(name=PRUNE, func="sync.tasks.prune", schedule_type=Schedule.DAILY, minutes=None)
    _one(name=REINDEX, func="sync.tasks.reindex", schedule_type=Schedule.DAILY, minutes=None)


def _one(*, name: str, func: str, schedule_type: str, minutes: int | None) -> None:
    """Names are not unique in django-q's table: keep the oldest row of the name, bring it up to
    date, delete the others.
    """
    values = {
        "func": func,
        "schedule_type": schedule_type,
        "minutes": minutes,
        "repeats": -1,
        "args": None,
        "kwargs": None,
        "next_run": timezone.now(),
    }
    with transaction.atomic():
        rows = list(Schedule.objects.select_for_update().filter(name=name).order_by("pk"))
        for extra in rows[1:]:
            extra.delete()
        if rows:
            Schedule.objects.filter(pk=rows[0].pk).update(**values)
        else:
            Schedule.objects.create(name=name, **values)
