"""A health system in a developer's words: platform, FHIR version, what it gives, whether it can be
connected and whether it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from connectors.catalog.shown import place
from connectors.errors import Misconfigured
from connectors.models import CLINICAL, System
from connectors.registry import smart_for, wearable_for
from connectors.smart.search_plan import PLANS
from console.queries.systems import Answers
from console.words import relative_time


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A line of the table. `state` and `word` are a pill's."""

    system: System
    where: str
    platform: str
    version: str
    gives: list[str]
    state: str
    word: str
    connections: int

    @property
    def gives_line(self) -> str:
        """The first three, and how many more."""
        first = ", ".join(self.gives[:3])
        more = len(self.gives) - 3
        return f"{first} {_('and %(n)s more') % {'n': more}}" if more > 0 else first


def shown(system: System, answers: Answers | None, *, now: datetime) -> Shown:
    """Ready for a page."""
    state, word = _health(system, answers, now)
    clinical = system.kind == CLINICAL
    return Shown(
        system=system,
        where=place(system) or (_("Hospital") if clinical else _("Device")),
        platform=(_("Sandbox") if system.simulator else system.ehr or _("Any SMART on FHIR"))
        if clinical
        else _("Wearable"),
        version=system.fhir_version.upper() or _("all"),
        gives=gives(system),
        state=state,
        word=word,
        connections=answers.connections if answers else 0,
    )


def gives(system: System) -> list[str]:
    """Resource types of a hospital, measures of a wearable; empty where no connector is built."""
    try:
        if system.kind == CLINICAL:
            smart_for(system.slug)
            return [query.rtype for query in PLANS.get(system.fhir_version, ())]
        return [metric.measure.text for metric in wearable_for(system.slug).metrics]
    except Misconfigured:
        return []


def can_be_read(system: System) -> bool:
    """Whether a connector is built for it."""
    return bool(gives(system))


def _health(system: System, answers: Answers | None, now: datetime) -> tuple[str, str]:
    if not can_be_read(system):
        return "off", _("No connector yet")
    if not system.configured:
        return "off", _("Credentials missing")
    if answers is None:
        return "ok", _("Ready")
    if answers.failing and answers.failing == answers.connections:
        return "bad", _("Failing")
    if answers.last is None:
        return "wait", _("Not asked yet")
    return "ok", _("Answered %(when)s") % {"when": relative_time(at=answers.last, now=now)}
