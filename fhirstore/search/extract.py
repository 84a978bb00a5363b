"""From a resource to its index rows, driven by the definitions of its FHIR version. What each type
writes: fhirstore/keys.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from fhirstore import keys
from fhirstore.search import values
from fhirstore.search.definitions import primary_date, types
from fhirstore.search.gathered import IndexRows
from fhirstore.search.links import link_key, linked, present_key, system_key
from fhirstore.search.membership import memberships
from fhirstore.search.paths import first_property
from fhirstore.search.plans import Plan, common, compiled, compiled_plans, containing, writes_codes
from fhirstore.search.spellings import CANONICAL, local_of


def extract(renderings: Mapping[str, dict[str, Any]]) -> IndexRows:
    """The index rows of one stored resource, from its rendering in each version that it is visible
    in.

    Nearly always one: `{"dstu2": body}`. Wearable rows give all three.
    """
    rows = IndexRows()
    for version, resource in renderings.items():
        _extract(rows, resource, version, wearable=len(renderings) == len(keys.VERSION_BITS))
    return rows


def _extract(rows: IndexRows, resource: dict[str, Any], version: str, *, wearable: bool) -> None:
    rtype = resource["resourceType"]
    bit = keys.VERSION_BITS[version]
    for plan in _wanted(resource, version):
        if plan.write(rows, plan, resource, bit):
            rows.present |= plan.present
    if wearable:
        _local_periods(rows, rtype, resource, version)
    common(rows, rtype, resource, bit)
    containing(rows, rtype, resource, bit)
    for link, inner in linked(resource, version):
        _linked(rows, link, inner, version)
    memberships(rows, resource, version, wearable=wearable)


def _linked(rows: IndexRows, link: str, inner: dict[str, Any], version: str) -> None:
    """The rows of a contained resource that the resource itself leads to."""
    bit = keys.VERSION_BITS[version]
    rows.mark(link_key(link), 0, bit)
    for plan in _wanted(inner, version):
        own = replace(plan, rtype=link, primary=False)
        if plan.code != CANONICAL and plan.write(rows, own, inner, bit):
            rows.mark(present_key(link, plan.code), 0, bit)
            for system in _systems(plan, inner):
                rows.mark(system_key(link, plan.code, system), 0, bit)
    common(rows, link, inner, bit)


def _systems(plan: Plan, resource: dict[str, Any]) -> set[str]:
    """The systems of the codes that a plan writes."""
    if not writes_codes(plan):
        return set()
    return {
        system
        for kind, read in plan.readers
        for value in read(resource)
        for _, system in values.codes(kind, value)
    }


def _wanted(resource: dict[str, Any], version: str) -> Iterable[Plan]:
    """The plans that may find something in a resource."""
    always, by_property = _plans(version, resource["resourceType"])
    wanted = dict(always)
    for name in resource:
        if plans := by_property.get(name):
            wanted |= plans
    return wanted.values()


Numbered = dict[int, Plan]


@lru_cache(maxsize=512)
def _plans(version: str, rtype: str) -> tuple[Numbered, Mapping[str, Numbered]]:
    """The plans of a type that have rows whatever a resource holds, and the others by the
    properties that they begin with: most resources hold few of those that their type may have."""
    always: Numbered = {}
    by_property: dict[str, Numbered] = {}
    for number, (plan, paths) in enumerate(compiled_plans(version, rtype)):
        if any(path.endswith(":exists") for path in paths):
            always[number] = plan
        for head in {first_property(path) for path in paths}:
            by_property.setdefault(head, {})[number] = plan
    return always, by_property


def _local_periods(rows: IndexRows, rtype: str, resource: dict[str, Any], version: str) -> None:
    """A wearable's day is the day where its wearer was, and a date without time asks for that."""
    primary = primary_date(version, rtype)
    for kind, read in compiled(types(version)[rtype].params[primary].paths) if primary else ():
        for value in read(resource) if kind == "Period" else ():
            for lo, hi in values.local_ranges(value):
                rows.ranges[keys.param_key(rtype, local_of(str(primary))), lo, hi] = None
