"""Queries that show what a search can do, each with something the user has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from console.explorer.examples import Example, Held, best_version
from console.explorer.line import VERSIONS

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"


def grammar(held: Held, *, patients: Mapping[str, str], version: str) -> list[Example]:
    """The queries, in `version` where the user has what they ask for, else in the version with
    most of it; `patients` are ids by version. Those about types that the user has nothing of are
    left out."""
    return [
        *_chains(held, version),
        *_along(held, version),
        *_values(held, version),
        *_orders(held, version),
        *_several(held, patients, version),
    ]


def _chains(held: Held, version: str) -> Iterator[Example]:
    yield from _about(
        held,
        version,
        ("DiagnosticReport", "Observation"),
        _("Reports that hold a glucose result"),
        "DiagnosticReport?result.code=2345-7",
        _("chain"),
    )
    yield from _about(
        held,
        version,
        ("Patient", "Observation"),
        _("The person of whom there are heart rates"),
        f"Patient?_has:Observation:patient:code={LOINC}|8867-4",
        "_has",
    )


def _along(held: Held, version: str) -> Iterator[Example]:
    yield from _about(
        held,
        version,
        ("DiagnosticReport", "Observation"),
        _("Reports together with their results"),
        "DiagnosticReport?_include=DiagnosticReport:result&_count=3",
        "_include",
    )
    yield from _about(
        held,
        version,
        ("Encounter", "DiagnosticReport"),
        _("Visits, the reports made there, and their results"),
        "Encounter?_revinclude=DiagnosticReport:encounter"
        "&_include:iterate=DiagnosticReport:result&_sort=-date&_count=3",
        "_revinclude, :iterate",
    )
    yield from _about(
        held,
        version,
        ("Observation",),
        _("Results with where they come from, if the source says so"),
        "Observation?_revinclude=Provenance:target&_sort=-date",
        "_revinclude",
    )


def _values(held: Held, version: str) -> Iterator[Example]:
    yield from _about(
        held,
        version,
        ("Observation",),
        _("Weights over 100 pounds, whatever unit they were recorded in"),
        f"Observation?code=29463-7&value-quantity=gt100|{UCUM}|[lb_av]&_sort=-date",
        _("quantity with unit"),
    )
    yield from _about(
        held,
        version,
        ("Observation",),
        _("Glucose of 90 and more, code and value of the same result"),
        f"Observation?code-value-quantity={LOINC}|2345-7$ge90",
        _("composite"),
    )
    yield from _about(
        held,
        version,
        ("Observation",),
        _("Observations that hold no measured number"),
        "Observation?value-quantity:missing=true",
        ":missing",
    )


def _orders(held: Held, version: str) -> Iterator[Example]:
    yield from _about(
        held,
        version,
        ("Observation",),
        _("Laboratory results by test, the newest of each first"),
        "Observation?category=laboratory&_sort=code,-date&_count=30",
        _("_sort by two keys"),
    )
    yield from _about(
        held,
        version,
        ("DiagnosticReport",),
        _("Reports in short"),
        "DiagnosticReport?_summary=true&_count=5",
        "_summary",
    )


def _several(held: Held, patients: Mapping[str, str], version: str) -> Iterator[Example]:
    counts = held.get("Observation", {})
    known = {name: counts[name] for name in VERSIONS if name in patients and counts.get(name)}
    if known:
        best = version if version in known else best_version(known)
        yield Example(
            title=_("The newest of each vital sign"),
            line=f"/fhir/{best}/Observation/$lastn?patient={patients[best]}&category=vital-signs",
            shows="$lastn",
        )
        yield Example(
            title=_("All that belongs to the person"),
            line=f"/fhir/{best}/Patient/{patients[best]}/*?_count=20",
            shows=_("compartment"),
        )
    yield from _about(
        held,
        version,
        ("Observation",),
        _("How observations came and changed"),
        "Observation/_history?_count=20",
        _("history"),
    )
    shared = [rtype for rtype in ("Condition", "Procedure", "Immunization") if rtype in held]
    if shared:
        best = _best(held, shared, version)
        yield Example(
            title=_("Several types in one answer"),
            line=f"/fhir/{best}?_type={','.join(shared)}&_sort=-_lastUpdated",
            shows=_("system search"),
        )


def _about(
    held: Held, version: str, rtypes: Sequence[str], title: str, query: str, shows: str
) -> Iterator[Example]:
    if all(rtype in held for rtype in rtypes):
        best = _best(held, rtypes, version)
        if all(held[rtype].get(best) for rtype in rtypes):
            yield Example(title=title, line=f"/fhir/{best}/{query}", shows=shows)


def _best(held: Held, rtypes: Sequence[str], version: str) -> str:
    """`version` where it has some of all of these types, else the one with most of the first."""
    if all(held[rtype].get(version) for rtype in rtypes):
        return version
    return best_version(held[rtypes[0]])
