"""Checking resources against the structure of their FHIR version: elements, cardinality, types,
required codes, targets of references, contained resources and narrative. Profiles and invariants
beyond that are not looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhirstore.errors import Invalid
from fhirstore.problem import Problem
from fhirstore.validation.walk import walk

__all__ = ["Problem", "errors", "problems", "problems_of_write", "require_valid"]


def problems(version: str, resource: Any) -> list[Problem]:
    """Everything that is wrong with a resource under a version ("dstu2", "stu3", "r4"), in document
    order; [] for nothing. At most a hundred are listed."""
    return walk(version, resource)


def errors(found: Iterable[Problem]) -> list[Problem]:
    """Those that refuse a resource."""
    return [problem for problem in found if problem.severity == "error"]


_NOT_ASKED_FOR = frozenset(("Subscription.reason",))
"""Elements that FHIR requires and the wire contract's own form of a write leaves out (15.2)."""


def problems_of_write(version: str, resource: dict[str, Any]) -> list[Problem]:
    """What a write of the resource would be told. Its own `id` is not looked at: the store says
    which it takes."""
    left_out = _NOT_ASKED_FOR | {f"{resource.get('resourceType')}.id"}
    return [p for p in problems(version, resource) if p.expression not in left_out]


def require_valid(version: str, resource: dict[str, Any]) -> None:
    """Raises `Invalid` where a resource must not be stored as it is."""
    found = errors(problems_of_write(version, resource))
    if found:
        raise Invalid(tuple(found), version=version)
