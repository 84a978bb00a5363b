"""Which spans of time a wearable is asked for in a run, and how far it was answered.

Vendors change what they said: the running day every minute, yesterday when the band syncs late,
last week when the user edits. So every run asks the hot span again, once an hour the warm one, once
a day the cold one; after an outage all of it. The past before the link is filled in newest first, a
few pieces a run.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from connectors.local_time import LocalTime

HOT, WARM, COLD = timedelta(hours=26), timedelta(days=3), timedelta(days=14)
WARM_EVERY, COLD_EVERY = timedelta(hours=1), timedelta(hours=24)
PAST = timedelta(days=365)
PIECES = 4
"""Pieces of the past asked in one run, for each metric."""

Pieces = list[tuple[datetime, datetime]]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A metric's checkpoint: when it was last answered up to the present, with which depth, and how
    far back the past is filled without a gap. Instants as ISO text; empty: never.
    """

    hot: str = ""
    warm: str = ""
    cold: str = ""
    back: str = ""

    def depth(self, now: datetime) -> timedelta:
        """How far back to ask now."""
        if _due(self.cold, COLD_EVERY, now):
            return COLD
        return WARM if _due(self.warm, WARM_EVERY, now) else HOT

    def recent(self, now: datetime) -> datetime:
        """Where the recent span begins: the depth, or the last answer if that is longer ago."""
        start = now - self.depth(now)
        return min(start, datetime.fromisoformat(self.hot) - HOT) if self.hot else start

    def answered(self, start: datetime, now: datetime) -> Reach:
        """After everything from `start` to now was answered."""
        depth, moment = self.depth(now), now.isoformat()
        return replace(
            self,
            hot=moment,
            warm=moment if depth >= WARM else self.warm,
            cold=moment if depth >= COLD else self.cold,
            back=self.back or start.isoformat(),
        )

    def filled(self, start: datetime, end: datetime) -> Reach:
        """After a piece of the past was answered; it counts if it touches what is filled."""
        touches = bool(self.back) and datetime.fromisoformat(self.back) <= end
        return replace(self, back=start.isoformat()) if touches else self

    def dump(self) -> str:
        """As the engine stores it."""
        return json.dumps(asdict(self), separators=(",", ":"))


def load(text: str | None) -> Reach:
    """A stored checkpoint; anything unreadable means: from the beginning."""
    try:
        return Reach(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return Reach()


def pieces(start: datetime, end: datetime, *, most: timedelta, local: LocalTime) -> Pieces:
    """[start, end) cut at local midnights into pieces of at most `most`, the newest first."""
    found: Pieces = []
    while start < end:
        begin = max(start, local.floor_day(end - most) if end - most > start else start)
        if begin < end - most:  # a day of 25 hours
            begin = local.next_day(begin)
        if begin >= end:
            begin = max(start, end - most)
        found.append((begin, end))
        end = begin
    return found


def past(reach_back: datetime, *, until: datetime, most: timedelta, local: LocalTime) -> Pieces:
    """The next few pieces of the past, from `reach_back` down to `until`."""
    return pieces(local.floor_day(until), reach_back, most=most, local=local)[:PIECES]


def _due(at: str, every: timedelta, now: datetime) -> bool:
    return not at or now - datetime.fromisoformat(at) >= every
