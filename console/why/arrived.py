"""What is not missing, what is on its way, and what the source does not have."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from connectors import spans
from connectors.freshness import is_asked
from connectors.models import Connection
from console.moments import ahead, enumeration
from console.why.case import GOOD, WAIT, Case, Finding
from console.words import calendar_day

_FILLED = timedelta(days=2)
"""So near to its beginning the past counts as whole: days have zones."""


def filling(case: Case) -> list[Finding]:
    """The first data, or a wearable's past, is on its way."""
    row = case.connection
    good = [key for key in case.keys if key.good]
    if not is_asked(row):
        return []
    if row.status == Connection.PENDING:
        words = {
            "name": case.name,
            "types": case.types(len(good)),
            "when": ahead(row.next_sync_at, now=case.now),
        }
        if case.running:
            title = _("The first data is arriving: %(types)s answered so far.")
        else:
            title = _("The first data has not arrived yet: %(name)s is asked %(when)s.")
        return [Finding(kind=WAIT, title=title % words)]
    wanted = row.connected_at - spans.PAST + _FILLED
    short = [key for key in good if not key.whole and key.back and key.back > wanted]
    if not case.device or not short:
        return []
    back = max(key.back for key in short if key.back)
    return [
        Finding(
            kind=WAIT,
            title=_("The past is still being filled in, back to %(day)s so far.")
            % {"day": calendar_day(back, now=case.now)},
            text=_("A year is read piece by piece, the newest first: %(names)s.")
            % {"names": enumeration([key.name for key in short])},
        )
    ]


def complete(case: Case) -> list[Finding]:
    """What is here, and up to when."""
    good = [key for key in case.keys if key.complete]
    if not good or case.connection.status == Connection.PENDING:
        return []
    words = {
        "types": case.types(len(good)),
        "time": case.time(min(key.latest.last_at for key in good)),
    }
    if len(good) == len(case.keys):
        title = _("Nothing is missing: all %(types)s are complete up to %(time)s.")
    else:
        title = _("Everything else, %(types)s, is complete up to %(time)s.")
    return [Finding(kind=GOOD, title=title % words)]


def nothing_there(case: Case) -> list[Finding]:
    """Types that were asked and have nothing."""
    empty = [key.name for key in case.keys if key.complete and not key.resources]
    if not empty:
        return []
    words = {"name": case.name, "names": ", ".join(empty)}
    return [
        Finding(
            kind=GOOD,
            title=_("%(name)s has nothing of: %(names)s.") % words,
            text=_("It was asked, and the answer was empty."),
        )
    ]
