"""Connections that are not asked at all: ended, refused as a whole, paused."""

from __future__ import annotations

from django.utils.translation import gettext as _

from connectors.models import Connection
from console.why.case import ACTIVATE, BAD, LINK, NOTICE, Case, Finding


def resting(case: Case) -> list[Finding]:
    """What keeps everything away, if anything does."""
    row, words = case.connection, {"name": case.name, "since": case.since()}
    if row.status == Connection.DISCONNECTED:
        title = _("Nothing new arrives%(since)s: this connection was ended.")
        text = _(
            "What had arrived before stays, until it is deleted. To go on, the person connects "
            "again."
        )
        kind, cure = NOTICE, LINK
    elif not row.app_user.active:
        title = _("Nothing new arrives%(since)s: this user is deactivated.")
        text = _("Nothing is asked until the user is activated; then the gap is refilled.")
        kind, cure = NOTICE, ACTIVATE
    elif row.status == Connection.NEEDS_REAUTHORIZATION:
        title = _("Nothing new arrives%(since)s: %(name)s no longer lets us in.")
        text = _(
            "Only the person can renew the access, by connecting again; then the gap is refilled."
        )
        kind, cure = BAD, LINK
    elif row.parked:
        title = _("Nothing new arrives%(since)s: staff have paused this connection.")
        text = _("Ask whoever runs this server to resume it; then the gap is refilled.")
        kind, cure = NOTICE, ""
    elif not row.system.enabled:
        title = _("Nothing new arrives%(since)s: %(name)s is switched off on this server.")
        text = _("Ask whoever runs this server to switch it on; then the gap is refilled.")
        kind, cure = NOTICE, ""
    else:
        return []
    return [Finding(kind=kind, title=title % words, text=text, cure=cure)]
