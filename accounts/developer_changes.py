"""What developers changed in the console: who, what, when. Kept with the other audit records."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from accounts.audit import GRANTED
from accounts.models import Application, AuditRecord, User

logger = logging.getLogger(__name__)

VIA = "console"
DEVELOPER = "developer"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A line of an application's change log. `what` is the word it was noted under, `email` empty
    where the developer is gone, `app_user` the user it is about.
    """

    at: datetime
    email: str
    what: str
    app_user: int | None


def note_change(
    *,
    developer: User,
    application: Application,
    what: str,
    now: datetime,
    app_user_id: int | None = None,
) -> None:
    """Record a change of an app, or of one of its users; `what` is a short word such as
    "secret-rotated", at most 32 characters. Call it in the transaction of the change."""
    AuditRecord.objects.create(
        at=now,
        application=application.pk,
        app_user=app_user_id,
        via=VIA,
        interaction=what,
        resource_type=DEVELOPER,
        resource_id=str(developer.pk),
        outcome=GRANTED,
    )
    logger.info(
        "a developer changed an application",
        extra={"change": what, "application": application.pk, "developer": developer.pk},
    )


def changes_of(application: Application, *, most: int) -> list[Change]:
    """The newest changes, newest first."""
    rows = AuditRecord.objects.filter(application=application.pk, via=VIA).order_by("-id")[:most]
    found = list(rows)
    known = dict(_emails({int(row.resource_id) for row in found}))
    return [
        Change(
            at=row.at,
            email=known.get(int(row.resource_id), ""),
            what=row.interaction,
            app_user=row.app_user,
        )
        for row in found
    ]


def _emails(ids: set[int]) -> list[tuple[int, str]]:
    return list(User.objects.filter(pk__in=ids).values_list("pk", "email"))
