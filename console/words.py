"""How pages write numbers, sizes, times and names."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

NARROW = "\u202f"


def grouped(value: int | None) -> str:
    """10412 as "10,412"; what is not known is "unknown", never an empty cell."""
    return _("unknown") if value is None else f"{value:,}"


def byte_size(count: int) -> str:
    """Bytes as a person reads them: "512 B", "9.1 kB", "1.2 MB"."""
    if count < 1000:
        return f"{count}{NARROW}B"
    if count < 1_000_000:
        return f"{count / 1000:.1f}{NARROW}kB"
    return f"{count / 1_000_000:.1f}{NARROW}MB"


def relative_time(*, at: datetime | None, now: datetime) -> str:
    """ "41 s ago", "2 min ago", "in 38 s"; from a day on the date, with its year if another."""
    if at is None:
        return _("never")
    distance = now - at
    if abs(distance) >= timedelta(days=1):
        return calendar_day(at, now=now)
    if timedelta(0) <= distance < timedelta(seconds=5):
        return _("just now")
    words = span(abs(distance))
    if distance < timedelta(0):
        return _("in %(span)s") % {"span": words}
    return _("%(span)s ago") % {"span": words}


def span(length: timedelta) -> str:
    """A length of time: "41 s", "9 min", "3 h", "5 days"."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600} h"
    days = seconds // 86_400
    return _("1 day") if days == 1 else _("%(days)d days") % {"days": days}


def calendar_day(at: datetime, *, now: datetime) -> str:
    """ "24 Nov", or "24 Nov 2025" in another year than now's."""
    return f"{at.day} {at:%b}" if at.year == now.year else f"{at.day} {at:%b %Y}"


def initials_of(name: str) -> str:
    """The first letters of the first two words, in capitals."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"
