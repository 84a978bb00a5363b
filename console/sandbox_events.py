"""The ledger's lines as the sandbox page tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from console.applications import SLUG_LENGTH
from console.queries.sandbox import Event
from console.words import grouped
from sync.models import Window


@dataclass(frozen=True, kw_only=True)
class Told:
    """A moment of the timeline; `kind` is one of parts/moment.html."""

    kind: str
    at: datetime
    title: str
    text: str
    href: str
    link: str


def told(event: Event) -> Told:
    """In words: "Observation answered"."""
    kinds = {Window.ANSWERED: "good", Window.EMPTY: "none"}
    titles = {
        Window.ANSWERED: _("%(key)s: answered"),
        Window.EMPTY: _("%(key)s: answered, nothing there"),
        Window.REFUSED: _("%(key)s: refused"),
        Window.FAILED: _("%(key)s: failed"),
    }
    times = (
        _("asked once")
        if event.times == 1
        else _("the same %(times)s times") % {"times": grouped(event.times)}
    )
    resources = _("%(count)s resources") % {"count": grouped(event.resources)}
    text = f"{times}, {event.error or resources}"
    slug = event.client_id[:SLUG_LENGTH]
    return Told(
        kind=kinds.get(event.state, "bad"),
        at=event.at,
        title=titles[event.state] % {"key": event.key},
        text=text,
        href=reverse("console:user", args=(slug, event.user)),
        link=event.app_user_id,
    )
