"""How far a resource type was read: the checkpoint of a SMART window, as the engine keeps it.

`_lastUpdated` is only trusted where a probe has shown that the server understands it; and since a
server may change a resource without touching that date, everything is swept once a day all the
same. The referenced resources that were read are remembered by a short hash; those that could not
be read just then are owed, by name.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

OVERLAP = timedelta(minutes=10)
SWEEP_EVERY = timedelta(hours=24)
PROBE_EVERY = timedelta(days=30)
DIRECTORY_EVERY = timedelta(days=30)
MOST_READ = 5000
MOST_OWED = 500
_DOCUMENT = "d"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`since` is the server's own clock at the last complete answer less an overlap; `swept` and
    `probed` are ours. `updates` is the probe's verdict. `split`: the type has to be asked in parts.
    """

    since: str = ""
    swept: str = ""
    probed: str = ""
    updates: bool = False
    split: bool = False
    read: tuple[str, ...] = ()
    read_from: str = ""
    owed: tuple[str, ...] = ()

    def changes_only(self, now: datetime) -> bool:
        """Whether to ask only for what changed since `since`."""
        return self.updates and bool(self.since) and not _due(self.swept, SWEEP_EVERY, now)

    def probe_due(self, now: datetime) -> bool:
        """Whether the server's use of `_lastUpdated` is unknown or long ago."""
        return _due(self.probed, PROBE_EVERY, now)

    def at_sweep(self, now: datetime) -> Progress:
        """As a sweep begins: practitioners and the like are read anew once in a while, documents
        never, which do not change.
        """
        if not _due(self.read_from, DIRECTORY_EVERY, now):
            return self
        kept = tuple(known for known in self.read if known.startswith(_DOCUMENT))
        return replace(self, read=kept, read_from=now.isoformat())

    def having_read(self, targets: Iterable[str], *, owed: Iterable[str]) -> Progress:
        """With these referenced resources marked as read, and those still to be read."""
        read = dict.fromkeys((*self.read, *(mark(target) for target in targets)))
        return replace(self, read=tuple(read)[-MOST_READ:], owed=tuple(owed)[:MOST_OWED])

    def dump(self) -> str:
        """As the engine stores it."""
        return json.dumps(asdict(self), separators=(",", ":"))


def load(text: str | None) -> Progress:
    """A stored checkpoint; anything unreadable means: from the beginning."""
    try:
        values = json.loads(text or "{}")
        lists = {name: tuple(values.get(name, ())) for name in ("read", "owed")}
        return Progress(**{**values, **lists})
    except (ValueError, TypeError, AttributeError):
        return Progress()


def mark(target: str) -> str:
    """A referenced resource in twelve characters, the first telling documents from directory
    entries.
    """
    digest = blake2b(target.encode(), digest_size=8).digest()
    document = target.startswith("Binary/") or "://" in target
    return (_DOCUMENT if document else "e") + urlsafe_b64encode(digest).decode().rstrip("=")


def fhir_instant(moment: datetime) -> str:
    """As a search value: UTC, seconds, Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _due(at: str, every: timedelta, now: datetime) -> bool:
    return not at or now - datetime.fromisoformat(at) >= every
