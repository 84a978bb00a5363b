"""The asking half of a run: drives a connector's Pull and tells what came as events. No storing
happens here, and no transaction is open: this is the half that waits for the network, in a thread
of its own (sync/batch.py).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Flag

from connectors.connector import Link, Page, Pull, Window
from connectors.errors import (
    ConnectorError,
    Denied,
    NeedsReauthorization,
    RateLimited,
    ScopeMissing,
    Unavailable,
)
from connectors.registry import connector_for
from connectors.tokens import authorized_session

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = 3
"""So many windows failing in a row end the run: the source is down, not one resource type."""

Opener = Callable[..., Pull]
"""`opener(link, now=now)` starts a run over a link and answers its Pull; `open_link` is the one in
use.
"""


@dataclass(frozen=True, kw_only=True)
class Received:
    """A page to store."""

    window: Window
    page: Page


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A window was answered whole; its checkpoint may move to `checkpoint` once its pages are
    stored.
    """

    window: Window
    checkpoint: str
    resources: int


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A window was refused (`error` is a ScopeMissing) or failed; the run goes on."""

    window: Window
    error: ConnectorError


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The run is over: complete, cut short from outside (`stopped`), or ended by `error`, in
    `window` where it was inside one.
    """

    error: ConnectorError | None = None
    window: Window | None = None
    stopped: bool = False


Event = Received | Answered | Unanswered | Ended


class Internal(ConnectorError):
    """A fault of ours: the text names no data."""

    code = "internal"


def open_link(link: Link, *, now: datetime) -> Pull:
    """Open the registered connector over an authorized session: tokens are refreshed here where
    needed.
    """
    session = authorized_session(link.connection_id, now=now)
    return connector_for(link.slug, link.kind).open(link, session, now=now)


def pull(
    *, link: Link, checkpoints: Mapping[str, str], opener: Opener, now: datetime, stop: Flag
) -> Iterator[Event]:
    """Ask every window in order and yield what came; the last event is always `Ended`. Raises
    nothing. After a window that was not answered no other of its key is asked: a checkpoint must
    not move past what is missing.

    `stop` set from outside ends the run before the next page.
    """
    try:
        ask = opener(link, now=now)
        windows = ask.windows(checkpoints=checkpoints, now=now)
    except Exception as error:
        yield Ended(error=_named(error, link))
        return
    failed_in_a_row = 0
    unanswered: set[str] = set()
    for window in windows:
        if window.key in unanswered:
            continue
        checkpoint, resources = None, 0
        try:
            for page in ask.fetch(window):
                if stop.is_set():
                    yield Ended(stopped=True)
                    return
                checkpoint, resources = page.checkpoint, resources + len(page.resources)
                yield Received(window=window, page=page)
        except ScopeMissing as error:
            failed_in_a_row = 0
            unanswered.add(window.key)
            yield Unanswered(window=window, error=error)
        except Exception as error:
            named = _named(error, link)
            failed_in_a_row += 1
            if _ends_the_run(named) or failed_in_a_row == GIVE_UP_AFTER:
                yield Ended(error=named, window=window)
                return
            unanswered.add(window.key)
            yield Unanswered(window=window, error=named)
        else:
            failed_in_a_row = 0
            yield Answered(
                window=window,
                checkpoint=checkpoint or window.end.isoformat(),
                resources=resources,
            )
        if stop.is_set():
            yield Ended(stopped=True)
            return
    yield Ended()


def _ends_the_run(error: ConnectorError) -> bool:
    """Whether the source said that nothing more should be asked now."""
    if isinstance(error, Unavailable):
        return error.until is not None
    return isinstance(error, NeedsReauthorization | RateLimited | Denied)


def _named(error: Exception, link: Link) -> ConnectorError:
    """The error itself where it is one of ours; anything else becomes Internal and is logged by
    type and place, without its text.
    """
    if isinstance(error, ConnectorError):
        return error
    logger.error(
        "a pull failed: %s\n%s",
        type(error).__name__,
        "".join(traceback.format_tb(error.__traceback__)),
        extra={"connection": link.connection_id},
    )
    return Internal(f"unexpected {type(error).__name__}")
