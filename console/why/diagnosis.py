"""The answer to "Why is my data missing?": one sentence, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors.models import Connection
from console.connection_state import State, state_of
from console.moments import enumeration
from console.why import arrived, obstacles
from console.why.case import Case, Finding
from console.why.resting import resting
from console.words import grouped


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The answer in one sentence, the state in a word, and the findings, the worst first; where the
    answer is a finding's title, the finding only adds to it.
    """

    answer: str
    state: State
    findings: list[Finding]


def diagnose(case: Case) -> Diagnosis:
    """Look at everything that keeps data away."""
    still = resting(case)
    troubles = [
        *still,
        *obstacles.failing(case),
        *obstacles.refused(case),
        *obstacles.overdue(case),
        *obstacles.unreadable(case),
        *obstacles.never_asked(case),
    ]
    rest = [*arrived.filling(case)]
    if not still:
        rest += arrived.complete(case)
    rest += arrived.nothing_there(case)
    answer = _answer(case, [*troubles, *rest], still=bool(still), troubled=bool(troubles))
    return Diagnosis(
        answer=answer,
        state=_state(case),
        findings=[
            finding
            for finding in [*troubles, *rest]
            if finding.title != answer or finding.text or finding.cure
        ],
    )


def _answer(case: Case, findings: list[Finding], *, still: bool, troubled: bool) -> str:
    """The types that are incomplete, each with its reason, where that is the trouble; else the
    first finding.
    """
    if not findings:
        return _("Nothing has been asked yet.")
    incomplete = case.incomplete
    if still or not troubled or not incomplete:
        return findings[0].title
    words = {
        "number": grouped(len(incomplete)),
        "types": case.types(len(case.keys)),
        "names": enumeration([f"{key.name} ({key.reason})" for key in incomplete]),
    }
    return (
        ngettext(
            "%(number)s of %(types)s is incomplete: %(names)s.",
            "%(number)s of %(types)s are incomplete: %(names)s.",
            len(incomplete),
        )
        % words
    )


def _state(case: Case) -> State:
    """As in the lists; of a connection that works, how many types do not."""
    state = state_of(case.connection, now=case.now)
    number = len(case.incomplete)
    if number and state.state != "off" and case.connection.status == Connection.CONNECTED:
        words = _("%(types)s incomplete") % {"types": case.types(number)}
        return State(state="warn", word=words)
    return state
