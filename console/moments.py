"""Instants and names inside sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.words import calendar_day, grouped, relative_time

LISTED = 4


def clock_time(at: datetime, *, now: datetime) -> str:
    """ "11:02" on the day of `now`, else "24 Nov, 11:02"; UTC, as on all pages."""
    time = f"{at:%H:%M}"
    return time if at.date() == now.date() else f"{calendar_day(at, now=now)}, {time}"


def ahead(at: datetime, *, now: datetime) -> str:
    """When something will happen: "at 11:02 (in 12 min)", or "now" where it is due."""
    if at <= now:
        return _("now")
    words = {"time": clock_time(at, now=now), "in": relative_time(at=at, now=now)}
    if at - now >= timedelta(days=1):
        return _("at %(time)s") % words
    return _("at %(time)s (%(in)s)") % words


def day_heading(at: datetime, *, now: datetime) -> str:
    """ "Today", "Yesterday", or the date."""
    days = (now.date() - at.date()).days
    if days == 0:
        return _("Today")
    return _("Yesterday") if days == 1 else calendar_day(at, now=now)


def enumeration(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; from the fifth name on "A, B, C and 3 more"."""
    if len(names) > LISTED:
        shown, rest = names[: LISTED - 1], len(names) - LISTED + 1
        return _("%(names)s and %(rest)s more") % {"names": ", ".join(shown), "rest": grouped(rest)}
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def counted(number: int, *, device: bool) -> str:
    """ "3 types" of a hospital, "3 measures" of a wearable."""
    words = (
        ngettext("%(number)s measure", "%(number)s measures", number)
        if device
        else ngettext("%(number)s type", "%(number)s types", number)
    )
    return words % {"number": grouped(number)}


def key_name(key: str) -> str:
    """A ledger's key as people read it: FHIR's own name of a type, "Heart rate" for a measure."""
    return key if key[:1].isupper() else key.replace("-", " ").capitalize()
