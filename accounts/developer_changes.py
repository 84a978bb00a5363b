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
    where the developer is gone.
    """

    at: datetime
    email: str
    what: str


def note_change(*, developer: User, application: Application, what: str, now: datetime) -> None:
    """Record a change; `what` is a short word such as "secret-rotated", at most 32 characters.
    Call it in the transaction of the change."""
    AuditRecord.objects.create(
        at=now,
        application=application.pk,
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
    found = list(rows.values_list("at", "resource_id", "interaction"))
    known = {str(pk): email for pk, email in _emails({int(who) for _, who, _ in found})}
    return [Change(at=at, email=known.get(who, ""), what=what) for at, who, what in found]


def _emails(ids: set[int]) -> list[tuple[int, str]]:
    return list(User.objects.filter(pk__in=ids).values_list("pk", "email"))
