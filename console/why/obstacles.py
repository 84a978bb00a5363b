"""What keeps some types away, or all while they are asked: failures, refusals, our own delay."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors.freshness import is_asked, next_question
from connectors.models import Connection
from console.connection_state import is_stale
from console.moments import enumeration
from console.why.case import BAD, LINK, NOTICE, SYNC, Case, Finding, KeyState
from console.words import grouped
from sync.due import interval_of
from sync.models import Window

_LATE = 3
"""So many intervals overdue, and it is our own fault."""


def failing(case: Case) -> list[Finding]:
    """Types whose last answer failed, by reason; or the whole connection where no type is to blame.
    That the access ended is said of the connection, not of the type that met it.
    """
    groups: dict[str, list[KeyState]] = {}
    for key in case.keys:
        latest = key.latest
        if latest.state == Window.FAILED and latest.error_code != "authorization_expired":
            groups.setdefault(key.reason, []).append(key)
    if groups or case.connection.status != Connection.FAILING:
        return [_failed(case, group) for group in groups.values()]
    return [_all_failing(case)]


def refused(case: Case) -> list[Finding]:
    """Types that the source does not give us."""
    group = [key for key in case.keys if key.latest.state == Window.REFUSED]
    if not group:
        return []
    words = {
        "names": enumeration([key.name for key in group]),
        "name": case.name,
        "since": case.time(min(key.latest.first_at for key in group)),
    }
    return [
        Finding(
            kind=NOTICE,
            title=_("%(names)s: %(name)s refuses to give it since %(since)s.") % words,
            text=_(
                "The permission that was given does not include it. The person can add it by "
                "connecting again."
            ),
            cure=LINK,
        )
    ]


def never_asked(case: Case) -> list[Finding]:
    """Types that we know not to be permitted."""
    if not case.not_permitted:
        return []
    title = _("%(names)s: never asked, for the permission that was given does not include it.")
    return [
        Finding(
            kind=NOTICE,
            title=title % {"names": enumeration(case.not_permitted)},
            text=_("The person can add it by connecting again."),
            cure=LINK,
        )
    ]


def overdue(case: Case) -> list[Finding]:
    """The next question is due, and nobody asks it."""
    row, due = case.connection, next_question(case.connection)
    if case.running or due is None:
        return []
    late = case.now - due > _LATE * interval_of(row.system)
    if not late and not (row.status == Connection.CONNECTED and is_stale(row, now=case.now)):
        return []
    return [
        Finding(
            kind=BAD,
            title=_("Nothing was asked%(since)s, although it is due.") % {"since": case.since()},
            text=_(
                "The background work of this server is behind or not running: whoever runs it "
                "looks at /readyz. Nothing is lost; what is missed is refilled."
            ),
            cure=SYNC,
        )
    ]


def unreadable(case: Case) -> list[Finding]:
    """Single resources that could not be stored."""
    row = case.connection
    failed = any(key.latest.state == Window.FAILED for key in case.keys)
    if row.status != Connection.CONNECTED or row.last_error_code != "bad_data" or failed:
        return []
    title = _("Some of what %(name)s sent cannot be read and is left out.") % {"name": case.name}
    return [Finding(kind=NOTICE, title=title, text=_sentence(row.last_error_message))]


def _failed(case: Case, group: Sequence[KeyState]) -> Finding:
    latest = group[0].latest
    known = [key.complete_to for key in group if key.complete_to]
    words = {
        "names": enumeration([key.name for key in group]),
        "name": case.name,
        "reason": latest.error_message.removeprefix(f"{latest.key}: ") or group[0].reason,
        "after": case.time(min(known)) if known else "",
        "times": _times(max(key.latest.times for key in group)),
    }
    if len(known) == len(group):
        title = _("%(names)s: what came after %(after)s is not here yet.")
    else:
        title = _("%(names)s: not everything has arrived yet.")
    asked = is_asked(case.connection)
    text = _("%(name)s: %(reason)s. Asked %(times)s.") % words
    return Finding(
        kind=BAD,
        title=title % words,
        text=f"{text} {case.again()}".strip(),
        cure=SYNC if asked else "",
    )


def _all_failing(case: Case) -> Finding:
    row, words = case.connection, {"name": case.name, "since": case.since()}
    asked, text = is_asked(row), _sentence(row.last_error_message)
    titles = {
        "rate_limited": _("Nothing new arrives%(since)s: %(name)s asked us to wait."),
        "source_unavailable": _("Nothing new arrives%(since)s: %(name)s does not answer."),
        "bad_data": _("Nothing new arrives%(since)s: what %(name)s answers cannot be read."),
    }
    ours = _("Nothing new arrives%(since)s: this server could not ask %(name)s.")
    if row.last_error_code not in titles:
        text = f"{text} {_('Whoever runs this server has to look into it.')}".strip()
    return Finding(
        kind=BAD,
        title=titles.get(row.last_error_code, ours) % words,
        text=f"{text} {case.again()}".strip(),
        cure=SYNC if asked and row.last_error_code != "rate_limited" else "",
    )


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:].rstrip('.')}." if message else ""


def _times(number: int) -> str:
    return ngettext("once", "%(number)s times", number) % {"number": grouped(number)}
