"""Queries to begin with, made from what the user has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from console.explorer.line import VERSIONS
from fhirstore.search.definitions import primary_date, types

PAGE = 50
Held = dict[str, dict[str, int]]
"""Resources by type and FHIR version (`fhirstore.counts.count_by_version`)."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """`line` is the query, `title` what it asks, `shows` the piece of grammar it is there for."""

    title: str
    line: str
    shows: str = ""


def best_version(counts: dict[str, int]) -> str:
    """The version with the most resources of a type; R4 where all have the same."""
    return max(VERSIONS, key=lambda version: (counts.get(version, 0), version == "r4"))


def examples(held: Held, *, version: str, now: datetime) -> list[Example]:
    """Up to six queries that answer something for this user; the last ones always do."""

    def line(rtype: str, query: str = "") -> str:
        chosen = best_version(held[rtype]) if rtype in held else version
        return f"/fhir/{chosen}/{rtype}{f'?{query}' if query else ''}"

    day = f"{now - timedelta(days=1):%Y-%m-%d}"
    prescribed = "MedicationOrder" if "MedicationOrder" in held else "MedicationRequest"
    offered = [
        ("Observation", _("Steps by day, newest first"), "code=66334-4&_sort=-date"),
        ("Observation", _("Laboratory results"), "category=laboratory&_sort=-date"),
        ("Condition", _("Conditions"), ""),
        (prescribed, _("Prescriptions"), ""),
        (
            "Observation",
            _("What changed since yesterday"),
            f"_lastUpdated=ge{day}&_sort=-_lastUpdated",
        ),
    ]
    found = [
        Example(title=title, line=line(rtype, query))
        for rtype, title, query in offered
        if rtype in held
    ]
    return [
        *found,
        Example(title=_("The person"), line=line("Patient")),
        Example(title=_("What the server can do"), line=f"/fhir/{version}/metadata"),
    ]


def newest_first(*, version: str, rtype: str) -> str:
    """A page of all resources of a type, the newest first."""
    date = primary_date(version, rtype)
    known = rtype in types(version)
    order = f"_sort=-{date or '_lastUpdated'}&" if known else ""
    return f"/fhir/{version}/{rtype}?{order}_count={PAGE}"
