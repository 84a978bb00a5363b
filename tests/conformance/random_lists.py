"""Random Lists and ValueSets beside the resources of a world, moments at which its resources were
stored, and searches that ask for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.conformance import random_values as values
from tests.conformance.oracle.escapes import escape
from tests.conformance.oracle.prefixes import PREFIXES
from tests.conformance.oracle.world import name_of
from tests.conformance.random_queries import Grammar, Pair, filters, sorts

URLS = ["http://example.org/vs/a", "http://example.org/vs/b"]
_MINUTES = [0, 1, 90, 60 * 30, 60 * 24 * 40]
"""How long before now something was stored."""


@st.composite
def lists(draw: st.DrawFn, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Up to two Lists of these resources and of others that are not there."""
    there = [name_of(resource) for resource in resources]
    names = st.sampled_from([*there * 4, "Patient/none", "Observation/none"])
    made = []
    for number in range(draw(st.integers(1, 2))):
        items = draw(st.lists(names, max_size=6))
        entry = [{"item": {"reference": name}} for name in items]
        made.append(
            {
                "resourceType": "List",
                "id": f"list{number}",
                "status": "current",
                **({"entry": entry} if entry else {}),
            }
        )
    return made


_concepts = st.lists(values.codes.map(lambda code: {"code": code}), min_size=1, max_size=3)
_listed = values.record(system=st.sampled_from(values.SYSTEMS), concept=_concepts)
_whole = values.record(system=st.sampled_from(values.SYSTEMS))


@st.composite
def value_sets(draw: st.DrawFn, version: str) -> list[dict[str, Any]]:
    """Two ValueSets: the second may take in the first, or say what it is expanded to."""
    first = {"include": draw(st.lists(_listed | _whole, min_size=1, max_size=2))}
    if all("concept" in part for part in first["include"]) and draw(st.booleans()):
        first["exclude"] = [draw(_listed)]
    second: dict[str, Any] = {"compose": {"include": [draw(_listed)]}}
    if draw(st.booleans()):
        inner = [{"system": values.LOINC, "code": code} for code in draw(st.sets(values.codes))]
        second["expansion"] = {"contains": inner} if inner else {}
    elif version == "dstu2":
        second["compose"]["import"] = [URLS[0]]
    else:
        second["compose"]["include"].append({"valueSet": [URLS[0]]})
    return [
        {"resourceType": "ValueSet", "id": "vs0", "url": URLS[0], "compose": first},
        {"resourceType": "ValueSet", "id": "vs1", "url": URLS[1], **second},
    ]


@st.composite
def moments(draw: st.DrawFn, number: int, now: datetime) -> list[datetime]:
    """When each of so many resources was stored."""
    back = st.sampled_from(_MINUTES).map(lambda minutes: timedelta(minutes=minutes))
    return [now - draw(back) for _ in range(number)]


def _asked_moments(now: datetime) -> st.SearchStrategy[str]:
    """Moments in every precision around those at which something was stored."""
    known = [now - timedelta(minutes=minutes) for minutes in _MINUTES]
    texts = [
        text
        for moment in known
        for text in (
            f"{moment:%Y}",
            f"{moment:%Y-%m}",
            f"{moment:%Y-%m-%d}",
            f"{moment:%Y-%m-%dT%H:%MZ}",
            f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
    ]
    return st.builds("{}{}".format, st.sampled_from(["", *PREFIXES]), st.sampled_from(texts))


@st.composite
def queries(draw: st.DrawFn, grammar: Grammar, now: datetime) -> tuple[str, list[Pair]]:
    """(type, pairs) of a search by Lists, value sets and moments, and by what there is else."""
    rtype = draw(st.sampled_from(sorted({r["resourceType"] for r in grammar.resources})))
    coded = [
        code
        for code, parameter in sorted(grammar.parameters(rtype).items())
        if parameter.type == "token" and code != "deceased" and not code.startswith("_")
    ]
    used = [code for code in grammar.used(rtype) if code in coded]
    sets = st.sampled_from([escape(url) for url in URLS] + ["ValueSet/vs0", "ValueSet/vs1"])
    ways = [
        st.tuples(
            st.just("_list"), st.sampled_from(["list0", "list1", "List/list0", "list0,none"])
        ),
        st.tuples(
            st.just("_lastUpdated"),
            st.lists(_asked_moments(now), min_size=1, max_size=2).map(",".join),
        ),
    ]
    if coded:
        names = st.builds(
            "{}{}".format,
            st.sampled_from([*used * 8, *coded]),
            st.sampled_from([":in", ":in", ":not-in"]),
        )
        ways += [st.tuples(names, st.lists(sets, min_size=1, max_size=2).map(",".join))] * 2
    found = draw(st.lists(st.one_of(ways), min_size=1, max_size=2))
    if draw(st.booleans()):
        found = [*found, draw(filters(grammar, rtype))]
    order = draw(st.sampled_from([[], [("_sort", "_lastUpdated")], [("_sort", "-_lastUpdated")]]))
    return rtype, [*found, *(order or draw(sorts(grammar, rtype)))]
