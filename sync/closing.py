"""The end of an application: at once for everybody outside, in the background for its data.

`close` makes it nobody's and takes every key away. `erase_application` is the task that follows:
user by user it disconnects, gives tokens back at the sources, erases the data and deletes the user;
the application's row goes last. It may be stopped at any point and run again, and `erase_leftovers`
(daily) starts it again for applications whose task was lost.
"""

from __future__ import annotations

from datetime import datetime
from time import monotonic

from django.db import transaction
from django_q.tasks import async_task

from accounts import clock
from accounts.models import Application, AppUser
from accounts.tokens import revoke_application
from connectors.connections import erase_user
from sync.models import SubscriptionState

TASK = "sync.closing.erase_application"
WORK_FOR = 40.0
"""Seconds after which a task hands the rest to a follower."""


def close(*, application: Application, now: datetime) -> None:
    """Take the application from its developer and from its users: its secrets and all codes and
    tokens work no more. Its data goes after commit, in the background. Safe to repeat.
    """
    with transaction.atomic():
        Application.objects.filter(pk=application.pk).update(
            user=None,
            closing=now,
            redirect_uris="",
            secret_digest="",
            secret_ending="",
            previous_secret_digest="",
            previous_secret_ending="",
            previous_secret_expires=None,
        )
        AppUser.objects.filter(application=application).update(active=False)
        revoke_application(application=application, now=now)
        pk = application.pk
        transaction.on_commit(lambda: queue(pk), robust=True)


def erase_application(application_id: int) -> int:
    """The task. Answers how many users it erased; where time ran out, a follower is queued."""
    begun, erased = monotonic(), 0
    chosen = Application.objects.filter(pk=application_id).exclude(closing=None)
    if not chosen.exists():
        return 0
    for user in AppUser.objects.filter(application_id=application_id).order_by("pk").iterator():
        if monotonic() - begun > WORK_FOR:
            queue(application_id)
            return erased
        erase_user(app_user_id=user.pk, now=clock.now())
        with transaction.atomic():
            SubscriptionState.objects.filter(owner=user.pk).delete()
            user.delete()
        erased += 1
    chosen.delete()
    return erased


def erase_leftovers() -> int:
    """Queue the task again for applications that are closing still. Answers their number."""
    left = list(Application.objects.exclude(closing=None).values_list("pk", flat=True))
    for pk in left:
        queue(pk)
    return len(left)


def queue(application_id: int) -> None:
    """Queue the task; twice does no harm."""
    async_task(TASK, application_id)
