"""The ledger as a story: what changed in the answers, day by day, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.lanes import short_reason
from console.moments import clock_time, counted, day_heading, enumeration, key_name
from console.words import grouped
from sync.models import Window

_TOGETHER = timedelta(seconds=60)
_GOOD = (Window.ANSWERED, Window.EMPTY)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A line of parts/moment.html; `connection` is the public id of the one that it is about, where
    the page is about several.
    """

    at: datetime
    kind: str
    title: str
    text: str
    connection: str = ""


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day's moments under its heading."""

    heading: str
    moments: list[Moment]


def told(rows: Sequence[Window], *, device: bool, now: datetime) -> list[Day]:
    """Ledger rows, newest first, as days. Rows that began together with the same answer are one
    moment.
    """
    groups = _groups(rows)
    moments = [
        _moment(group, _missed_since(group, rows), device=device, now=now) for group in groups
    ]
    return by_day(moments, now=now)


def by_day(moments: Sequence[Moment], *, now: datetime) -> list[Day]:
    """Moments, newest first, under the headings of their days."""
    days: list[Day] = []
    for moment in moments:
        heading = day_heading(moment.at, now=now)
        if not days or days[-1].heading != heading:
            days.append(Day(heading=heading, moments=[]))
        days[-1].moments.append(moment)
    return days


def _groups(rows: Sequence[Window]) -> list[list[Window]]:
    found: list[list[Window]] = []
    for row in rows:
        last = found[-1][0] if found else None
        if (
            last is not None
            and _sameness(last) == _sameness(row)
            and last.first_at - row.first_at <= _TOGETHER
            and row.key not in {other.key for other in found[-1]}
        ):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _sameness(row: Window) -> tuple[str, str]:
    return row.state, "" if row.state in _GOOD else f"{row.error_code} {short_reason(row)}"


def _missed_since(group: list[Window], rows: Sequence[Window]) -> datetime | None:
    """Since when the group's types had failed or been refused; None where one of them had not."""
    found: list[datetime] = []
    for row in group:
        before = next((one for one in rows if one.key == row.key and one.pk < row.pk), None)
        if before is None or before.state in _GOOD:
            return None
        found.append(before.first_at)
    return min(found)


def _moment(group: list[Window], missed: datetime | None, *, device: bool, now: datetime) -> Moment:
    row = group[0]
    names = (
        key_name(row.key)
        if len(group) == 1
        else enumeration(sorted(key_name(one.key) for one in group))
    )
    arrived = sum(one.resources for one in group)
    until = max(one.last_at for one in group)
    times = max(one.times for one in group)
    words = {"times": grouped(times), "time": clock_time(until, now=now)}
    text = _("Asked %(times)s times until %(time)s.") % words if times > 1 else _("Asked once.")
    if row.state == Window.FAILED:
        title = _("%(names)s: %(reason)s") % {"names": names, "reason": short_reason(row)}
        return Moment(at=row.first_at, kind="bad", title=title, text=_with_message(group, text))
    if row.state == Window.REFUSED:
        title = _("%(names)s refused") % {"names": names}
        return Moment(at=row.first_at, kind="bad", title=title, text=_with_message(group, text))
    if missed is not None:
        title = _("%(names)s: gap refilled") % {"names": names}
        text = _("What was missed since %(time)s came in: %(resources)s.") % {
            "time": clock_time(missed, now=now),
            "resources": _resources(arrived),
        }
        return Moment(at=row.first_at, kind="refilled", title=title, text=text)
    if row.state == Window.EMPTY:
        subject = names if len(group) < 4 else counted(len(group), device=device)
        title = _("%(names)s: nothing new") % {"names": subject}
        return Moment(at=row.first_at, kind="none", title=title, text=text)
    if len(group) == 1:
        title = f"{names}: {_resources(arrived)}"
    else:
        answered = counted(len(group), device=device)
        title = _("%(types)s answered, %(resources)s") % {
            "types": answered,
            "resources": _resources(arrived),
        }
        text = f"{names}. {text}"
    return Moment(at=row.first_at, kind="good", title=title, text=text)


def _with_message(group: list[Window], text: str) -> str:
    message = group[0].error_message.removeprefix(f"{group[0].key}: ")
    return f"{message[:1].upper()}{message[1:]}. {text}" if message else text


def _resources(number: int) -> str:
    words = ngettext("%(number)s resource", "%(number)s resources", number)
    return words % {"number": grouped(number)}
