"""The ledger as lanes: for every type a thread through time that shows what was asked, and how the
source answered. A gap is what was asked too late, in vain, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.moments import clock_time, enumeration, key_name
from console.words import calendar_day
from sync.models import Window

ANSWERED, EMPTY = "answered", "empty"
REFILLED, FAILED, REFUSED, UNASKED = "refilled", "failed", "refused", "unasked"
GOOD = (ANSWERED, EMPTY)
_OPEN = (FAILED, REFUSED, UNASKED)
LEGEND = {
    ANSWERED: gettext_lazy("answered"),
    EMPTY: gettext_lazy("answered, empty"),
    REFILLED: gettext_lazy("gap, refilled later"),
    FAILED: gettext_lazy("failed, will be asked again"),
    REFUSED: gettext_lazy("refused"),
    UNASKED: gettext_lazy("not asked"),
}
_KINDS = {Window.ANSWERED: ANSWERED, Window.EMPTY: EMPTY, Window.REFUSED: REFUSED}
_SHORTEST = timedelta(minutes=5)
_HTTP = re.compile(r"\bHTTP (\d{3})\b")
_NARROW, _SEEN, _ROOM = 0.4, 0.9, 9.0  # percent of the lane's width
_STEPS = [
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 5, 10, 20, 30, 60, 90, 180, 365)),
]
_MOST_TICKS = 6


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A piece of a lane. `kind` is one of this module's names, `label` fits into a box; `left` and
    `width` are percents of the lane.
    """

    kind: str
    start: datetime
    end: datetime
    label: str = ""
    left: float = 0.0
    width: float = 0.0

    @property
    def end_at(self) -> float:
        return round(self.left + self.width, 2)

    @property
    def centre(self) -> float:
        return round(self.left + self.width / 2, 2)

    @property
    def roomy(self) -> bool:
        """Whether the label has room."""
        return bool(self.label) and self.width >= max(_ROOM, 1.6 * len(self.label))


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One type's thread. `troubled`: its last answer is not a good one. `words` say what is
    drawn.
    """

    key: str
    name: str
    troubled: bool
    stretches: list[Stretch]
    words: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark of the time axis, at `left` percent. `minor` ones are left out on a phone."""

    left: float
    label: str
    minor: bool


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """The drawing of a connection's ledger from `begin` to `end`."""

    begin: datetime
    end: datetime
    lanes: list[Lane]
    ticks: list[Tick]

    @property
    def kinds(self) -> set[str]:
        """Which kinds occur, for the legend."""
        return {stretch.kind for lane in self.lanes for stretch in lane.stretches}


def drawn(
    rows: Mapping[str, Sequence[Window]],
    *,
    begin: datetime,
    now: datetime,
    quiet: timedelta,
) -> Lanes:
    """The lanes of these ledger rows (each key's in the order written). A silence longer than
    `quiet` between two answers is a gap.
    """
    begin = min(begin, now - _SHORTEST)
    lanes = []
    for key, its_rows in sorted(rows.items(), key=lambda item: item[0].casefold()):
        found = [_placed(piece, begin, now) for piece in pieces(its_rows, now=now, quiet=quiet)]
        seen = _simplified([piece for piece in found if piece.end > begin])
        lanes.append(
            Lane(
                key=key,
                name=key_name(key),
                troubled=bool(its_rows) and its_rows[-1].state in (Window.FAILED, Window.REFUSED),
                stretches=seen,
                words=_words(seen, now),
            )
        )
    return Lanes(begin=begin, end=now, lanes=lanes, ticks=_ticks(begin, now))


def pieces(rows: Sequence[Window], *, now: datetime, quiet: timedelta) -> list[Stretch]:
    """One key's rows as stretches without holes, oldest first. What a later good answer reached
    back over is `refilled`.
    """
    found: list[Stretch] = []
    for row in rows:
        kind = _KINDS.get(row.state, FAILED)
        start = row.first_at
        if found:
            last = found[-1]
            silence = row.first_at - last.end
            if silence > quiet:
                found.append(Stretch(kind=UNASKED, start=last.end, end=row.first_at))
            elif last.kind in GOOD and kind not in GOOD:
                start = last.end
            else:
                found[-1] = replace(last, end=row.first_at)
        if kind in GOOD:
            _refill(found, reaching=row.asked_from)
        label = "" if kind in GOOD else short_reason(row)
        found.append(Stretch(kind=kind, start=start, end=max(row.last_at, start), label=label))
    if found and now - found[-1].end > quiet:
        found.append(Stretch(kind=UNASKED, start=found[-1].end, end=now))
    elif found:
        found[-1] = replace(found[-1], end=max(found[-1].end, now))
    return _merged(found)


def short_reason(row: Window) -> str:
    """Why a row is not a good answer, in a word: "503" where the source gave a status."""
    status = _HTTP.search(row.error_message)
    if status:
        return status[1]
    words = {
        "scope_missing": _("refused"),
        "rate_limited": _("asked to wait"),
        "source_unavailable": _("no answer"),
        "bad_data": _("not readable"),
        "authorization_expired": _("access ended"),
    }
    return words.get(row.error_code, _("failed"))


def _refill(found: list[Stretch], *, reaching: datetime | None) -> None:
    """Open stretches at the end that a good answer reached back over are refilled by it."""
    for index in range(len(found) - 1, -1, -1):
        stretch = found[index]
        if stretch.kind not in _OPEN or (reaching and reaching > stretch.start):
            return
        found[index] = replace(stretch, kind=REFILLED)


def _merged(found: list[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for stretch in found:
        if merged and merged[-1].kind == stretch.kind:
            last = merged[-1]
            merged[-1] = replace(last, end=stretch.end, label=last.label or stretch.label)
        else:
            merged.append(stretch)
    return merged


def _placed(stretch: Stretch, begin: datetime, end: datetime) -> Stretch:
    """With its place in percent; what is no good answer is never too narrow to be seen."""
    whole = (end - begin).total_seconds()
    left = max((stretch.start - begin).total_seconds() / whole, 0.0) * 100
    right = min((stretch.end - begin).total_seconds() / whole, 1.0) * 100
    width = max(right - left, 0.0)
    if stretch.kind not in GOOD:
        width = max(width, _SEEN)
        left = min(left, 100 - width)
    return replace(stretch, left=round(left, 2), width=round(width, 2))


def _simplified(found: list[Stretch]) -> list[Stretch]:
    """Good answers too short to tell apart become one; gaps come last, to lie on top."""
    kept: list[Stretch] = []
    for stretch in found:
        last = kept[-1] if kept else None
        both_good = last is not None and last.kind in GOOD and stretch.kind in GOOD
        if last is not None and both_good and min(last.width, stretch.width) < _NARROW:
            kind = ANSWERED if ANSWERED in (last.kind, stretch.kind) else EMPTY
            width = round(stretch.left + stretch.width - last.left, 2)
            kept[-1] = replace(last, kind=kind, end=stretch.end, width=width)
        else:
            kept.append(stretch)
    return sorted(kept, key=lambda stretch: stretch.kind not in GOOD)


def _words(stretches: Sequence[Stretch], now: datetime) -> str:
    """The lane as a sentence, for who does not see it."""
    gaps = [stretch for stretch in stretches if stretch.kind not in GOOD]
    if not gaps:
        return _("answered without a gap")
    return enumeration(
        [
            _("%(what)s from %(start)s to %(end)s")
            % {
                "what": LEGEND[gap.kind],
                "start": clock_time(gap.start, now=now),
                "end": clock_time(gap.end, now=now),
            }
            for gap in sorted(gaps, key=lambda gap: gap.start, reverse=True)
        ]
    )


def _ticks(begin: datetime, end: datetime) -> list[Tick]:
    whole = end - begin
    step = next((step for step in _STEPS if whole / step <= _MOST_TICKS), _STEPS[-1])
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first = epoch + -((epoch - begin) // step) * step
    found: list[Tick] = []
    at = first if first >= begin else first + step
    while at <= end:
        left = round((at - begin) / whole * 100, 2)
        label = f"{at:%H:%M}" if step < timedelta(days=1) else calendar_day(at, now=end)
        if step < timedelta(days=1) and at.time() == datetime.min.time():
            label = calendar_day(at, now=end)
        if left <= 94:
            found.append(Tick(left=left, label=label, minor=len(found) % 2 == 1))
        at += step
    return found
