"""Why is my data missing? The answer in one sentence, and what can be done, from a connection and
its ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors import spans
from connectors.models import DEVICE, Connection
from console.connection_state import State, is_asked, is_stale, next_question, state_of
from console.lanes import short_reason
from console.moments import ahead, clock_time, counted, enumeration, key_name
from console.words import calendar_day, grouped
from sync.due import interval_of
from sync.models import Window

BAD, NOTICE, WAIT, GOOD = "bad", "notice", "wait", "good"
LINK, SYNC, ACTIVATE = "link", "sync", "activate"
_ANSWERED = (Window.ANSWERED, Window.EMPTY)
_FILLED = timedelta(days=2)


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
class Diagnosis:
    """The answer: one sentence, a state in a word, and the findings, the worst first."""

    answer: str
    state: State
    findings: list[Finding]


def diagnose(
    connection: Connection,
    keys: Sequence[KeyState],
    *,
    running: bool,
    not_permitted: Sequence[str] = (),
    now: datetime,
) -> Diagnosis:
    """Look at everything that keeps data away. `not_permitted` are the types that are never asked,
    for the grant does not include them.
    """
    patient = _Patient(connection=connection, keys=list(keys), running=running, now=now)
    stopped = patient.stopped()
    troubles = [
        *([stopped] if stopped else []),
        *patient.failing(),
        *patient.refused(),
        *patient.without_cause(),
        *patient.unreadable(),
        *_never_asked(not_permitted),
    ]
    rest = [*patient.filling(), *patient.complete(), *patient.nothing_there()]
    return Diagnosis(
        answer=patient.answer(troubles, rest),
        state=patient.state(),
        findings=[*troubles, *rest],
    )


@dataclass(frozen=True, kw_only=True)
class _Patient:
    connection: Connection
    keys: list[KeyState]
    running: bool
    now: datetime

    @property
    def device(self) -> bool:
        return self.connection.system.kind == DEVICE

    @property
    def name(self) -> str:
        return self.connection.system.name or _("The source")

    def state(self) -> State:
        incomplete = sum(1 for key in self.keys if not key.complete)
        if incomplete and self.connection.status == Connection.CONNECTED:
            types = counted(incomplete, device=self.device)
            found = state_of(self.connection, now=self.now)
            return (
                State(state="warn", word=_("%(types)s incomplete") % {"types": types})
                if (found.state != "off")
                else found
            )
        return state_of(self.connection, now=self.now)

    def answer(self, troubles: list[Finding], rest: list[Finding]) -> str:
        """The types that are incomplete, each with its reason, where that is the trouble; else the
        first finding.
        """
        incomplete = [key for key in self.keys if not key.complete]
        if not troubles:
            return rest[0].title if rest else _("Nothing has been asked yet.")
        if not incomplete or self.stopped():
            return troubles[0].title
        names = enumeration([f"{key.name} ({short_reason(key.latest)})" for key in incomplete])
        words = {"number": grouped(len(incomplete)), "types": self._all_types(), "names": names}
        return (
            ngettext(
                "%(number)s of %(types)s is incomplete: %(names)s.",
                "%(number)s of %(types)s are incomplete: %(names)s.",
                len(incomplete),
            )
            % words
        )

    def _all_types(self) -> str:
        return counted(len(self.keys), device=self.device)

    def stopped(self) -> Finding | None:
        """What keeps everything away."""
        row, words = self.connection, {"name": self.name, "since": self._since()}
        if row.status == Connection.DISCONNECTED:
            return Finding(
                kind=NOTICE,
                title=_("Nothing new arrives%(since)s: this connection was ended.") % words,
                text=_(
                    "What had arrived before stays, until it is deleted. To go on, the person "
                    "connects again."
                ),
                cure=LINK,
            )
        if not row.app_user.active:
            return Finding(
                kind=NOTICE,
                title=_("Nothing new arrives%(since)s: this user is deactivated.") % words,
                text=_(
                    "Nothing is asked while the user is deactivated; afterwards the gap is "
                    "refilled."
                ),
                cure=ACTIVATE,
            )
        if row.status == Connection.NEEDS_REAUTHORIZATION:
            return Finding(
                kind=BAD,
                title=_("Nothing new arrives%(since)s: %(name)s no longer lets us in.") % words,
                text=_(
                    "Only the person can renew the access, by connecting again; the gap is "
                    "refilled then."
                ),
                cure=LINK,
            )
        if row.parked:
            return Finding(
                kind=NOTICE,
                title=_("Nothing new arrives%(since)s: staff have paused this connection.") % words,
                text=_("Ask whoever runs this server to resume it; the gap is refilled then."),
            )
        if not row.system.enabled:
            return Finding(
                kind=NOTICE,
                title=_("Nothing new arrives%(since)s: %(name)s is switched off on this server.")
                % words,
                text=_("Ask whoever runs this server to switch it on; the gap is refilled then."),
            )
        return None

    def failing(self) -> list[Finding]:
        """Types whose last answer failed, by reason; or the whole connection where no single type
        is to blame.
        """
        groups: dict[str, list[KeyState]] = {}
        for key in self.keys:
            if key.latest.state == Window.FAILED:
                groups.setdefault(short_reason(key.latest), []).append(key)
        if groups or self.connection.status != Connection.FAILING:
            return [self._failed(group) for group in groups.values()]
        return [self._all_failing()]

    def _failed(self, group: list[KeyState]) -> Finding:
        latest = group[0].latest
        words = {
            "names": enumeration([key.name for key in group]),
            "name": self.name,
            "reason": _message(latest),
            "since": self._gap_words(group),
            "times": _attempts(max(key.latest.times for key in group)),
        }
        return Finding(
            kind=BAD,
            title=_("%(names)s: what came%(since)s is not here yet.") % words,
            text=_("%(name)s: %(reason)s. Asked %(times)s.") % words + " " + self._again(),
            cure=SYNC if is_asked(self.connection) else "",
        )

    def _all_failing(self) -> Finding:
        row = self.connection
        words = {"name": self.name, "since": self._since()}
        titles = {
            "rate_limited": _("Nothing new arrives%(since)s: %(name)s asked us to wait."),
            "source_unavailable": _("Nothing new arrives%(since)s: %(name)s does not answer."),
            "bad_data": _("Nothing new arrives%(since)s: what %(name)s answers cannot be read."),
        }
        ours = _("Nothing new arrives%(since)s: this server could not ask %(name)s.")
        text = _sentence(row.last_error_message)
        cure = SYNC
        if row.last_error_code == "rate_limited":
            cure = ""
        elif row.last_error_code not in titles:
            text = f"{text} {_('Whoever runs this server has to look into it.')}".strip()
        return Finding(
            kind=BAD,
            title=titles.get(row.last_error_code, ours) % words,
            text=f"{text} {self._again()}".strip(),
            cure=cure if is_asked(row) else "",
        )

    def refused(self) -> list[Finding]:
        group = [key for key in self.keys if key.latest.state == Window.REFUSED]
        if not group:
            return []
        since = min(key.latest.first_at for key in group)
        words = {
            "names": enumeration([key.name for key in group]),
            "name": self.name,
            "since": clock_time(since, now=self.now),
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

    def without_cause(self) -> list[Finding]:
        """The first answer, or the next one, is due and nobody asks."""
        row = self.connection
        due = next_question(row)
        if self.running or due is None:
            return []
        late = self.now - due > 3 * interval_of(row.system)
        if late or (row.status == Connection.CONNECTED and is_stale(row, now=self.now)):
            return [
                Finding(
                    kind=BAD,
                    title=_("Nothing was asked%(since)s, although it is due.")
                    % {"since": self._since()},
                    text=_(
                        "The background work of this server is behind or not running: whoever runs "
                        "it looks at /readyz. Nothing is lost; what is missed is refilled."
                    ),
                    cure=SYNC,
                )
            ]
        return []

    def unreadable(self) -> list[Finding]:
        row = self.connection
        if row.status != Connection.CONNECTED or row.last_error_code != "bad_data":
            return []
        if any(key.latest.state == Window.FAILED for key in self.keys):
            return []
        return [
            Finding(
                kind=NOTICE,
                title=_("Some of what %(name)s sent cannot be read and is left out.")
                % {"name": self.name},
                text=_sentence(row.last_error_message),
            )
        ]

    def filling(self) -> list[Finding]:
        """The first data, or a wearable's past, is on its way."""
        row = self.connection
        good = [key for key in self.keys if key.good]
        if row.status == Connection.PENDING and is_asked(row):
            words = {
                "name": self.name,
                "types": counted(len(good), device=self.device),
                "when": ahead(row.next_sync_at, now=self.now),
            }
            if self.running:
                title = _("The first data is arriving: %(types)s answered so far.") % words
            else:
                title = _("The first data has not arrived yet: %(name)s is asked %(when)s.") % words
            return [Finding(kind=WAIT, title=title)]
        wanted = row.connected_at - spans.PAST + _FILLED
        short = [key for key in good if not key.whole and key.back and key.back > wanted]
        if not self.device or not short or not is_asked(row):
            return []
        back = max(key.back for key in short if key.back)
        return [
            Finding(
                kind=WAIT,
                title=_("The past is still being filled in, back to %(day)s so far.")
                % {"day": calendar_day(back, now=self.now)},
                text=_("A year is read piece by piece, the newest first: %(names)s.")
                % {"names": enumeration([key.name for key in short])},
            )
        ]

    def complete(self) -> list[Finding]:
        """What is not missing."""
        good = [key for key in self.keys if key.complete and key.good]
        if not good:
            return []
        words = {
            "types": counted(len(good), device=self.device),
            "time": clock_time(min(key.latest.last_at for key in good), now=self.now),
        }
        if len(good) == len(self.keys):
            title = _("Nothing is missing: all %(types)s are complete up to %(time)s.") % words
        else:
            title = _("Everything else, %(types)s, is complete up to %(time)s.") % words
        return [Finding(kind=GOOD, title=title)]

    def nothing_there(self) -> list[Finding]:
        empty = [key.name for key in self.keys if key.complete and not key.resources]
        if not empty:
            return []
        return [
            Finding(
                kind=GOOD,
                title=_("%(name)s has nothing of: %(names)s.")
                % {"name": self.name, "names": ", ".join(empty)},
                text=_("It was asked, and the answer was empty."),
            )
        ]

    def _since(self) -> str:
        """ " since 10:42", or nothing where nothing ever came."""
        last = self.connection.last_success_at
        return _(" since %(time)s") % {"time": clock_time(last, now=self.now)} if last else ""

    def _gap_words(self, group: list[KeyState]) -> str:
        known = [key.complete_to for key in group if key.complete_to]
        if len(known) < len(group):
            return ""
        return _(" after %(time)s") % {"time": clock_time(min(known), now=self.now)}

    def _again(self) -> str:
        due = next_question(self.connection)
        if due is None:
            return ""
        if self.running:
            return _("We are asking again right now; nothing is lost.")
        return _("We ask again %(when)s; nothing is lost.") % {"when": ahead(due, now=self.now)}


def _never_asked(names: Sequence[str]) -> list[Finding]:
    if not names:
        return []
    return [
        Finding(
            kind=NOTICE,
            title=_(
                "%(names)s: never asked, for the permission that was given does not include it."
            )
            % {"names": enumeration(names)},
            text=_("The person can add it by connecting again."),
            cure=LINK,
        )
    ]


def _message(row: Window) -> str:
    return row.error_message.removeprefix(f"{row.key}: ") or short_reason(row)


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:].rstrip('.')}." if message else ""


def _attempts(number: int) -> str:
    return ngettext("once", "%(number)s times", number) % {"number": grouped(number)}
