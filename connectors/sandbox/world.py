"""The running sandbox: its state and its secret, from the settings of the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from connectors.sandbox.state import State


@dataclass(frozen=True, kw_only=True)
class World:
    """State and signing secret; `now` is the sandbox's own clock."""

    state: State
    secret: str

    def now(self) -> datetime:
        return self.state.now()


@lru_cache(maxsize=8)
def _world(folder: str, secret: str) -> World:
    return World(state=State(folder or None), secret=secret)


def world() -> World:
    """The world of this process, made at the first call."""
    folder = getattr(settings, "SANDBOX_STATE_DIR", None)  # a setting of this process alone
    return _world(str(folder or ""), str(settings.SANDBOX_SECRET))
