"""What is looked at: a connection, what its ledger says of each type, and the words for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from connectors.freshness import next_question
from connectors.models import DEVICE, Connection
from console.lanes import short_reason
from console.moments import ahead, clock_time, counted, key_name
from sync.models import Window

BAD, NOTICE, WAIT, GOOD = "bad", "notice", "wait", "good"
LINK, SYNC, ACTIVATE = "link", "sync", "activate"
_ANSWERED = (Window.ANSWERED, Window.EMPTY)


@dataclass(frozen=True, kw_only=True)
class KeyState:
    """What the ledger says of one type: its newest row, the newest good one, how far back good
    answers reach (`back` None: to the beginning, where `whole`), and how much arrived.
    """

    latest: Window
    good: Window | None = None
    back: datetime | None = None
    whole: bool = False
    resources: int = 0

    @property
    def key(self) -> str:
        return self.latest.key

    @property
    def name(self) -> str:
        return key_name(self.latest.key)

    @property
    def reason(self) -> str:
        """Why the newest row is not a good answer, in a word."""
        return short_reason(self.latest)

    @property
    def complete_to(self) -> datetime | None:
        """Up to when everything was answered."""
        return self.good.last_at if self.good else None

    @property
    def complete(self) -> bool:
        return self.latest.state in _ANSWERED


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A reason why data is missing, or that none is. `kind` is one of this module's; `cure` names
    what the developer can do: make a link, sync now, activate the user, or nothing (empty).
    """

    kind: str
    title: str
    text: str = ""
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A connection (its `system` and `app_user` loaded) with its types; `running` tells that it is
    being asked at `now`; `not_permitted` are types that the grant does not include.
    """

    connection: Connection
    keys: Sequence[KeyState]
    running: bool
    not_permitted: Sequence[str]
    now: datetime

    @property
    def device(self) -> bool:
        return self.connection.system.kind == DEVICE

    @property
    def name(self) -> str:
        return self.connection.system.name or _("The source")

    @property
    def incomplete(self) -> list[KeyState]:
        return [key for key in self.keys if not key.complete]

    def types(self, number: int) -> str:
        """ "3 types", or "3 measures" of a wearable."""
        return counted(number, device=self.device)

    def time(self, at: datetime) -> str:
        return clock_time(at, now=self.now)

    def since(self) -> str:
        """ " since 10:42", or nothing where nothing ever came."""
        last = self.connection.last_success_at
        return _(" since %(time)s") % {"time": self.time(last)} if last else ""

    def again(self) -> str:
        """When the source is asked again; empty while it is not asked."""
        due = next_question(self.connection)
        if due is None:
            return ""
        if self.running:
            return _("We are asking again right now; nothing is lost.")
        return _("We ask again %(when)s; nothing is lost.") % {"when": ahead(due, now=self.now)}
