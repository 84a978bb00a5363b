"""Contained resources as far as others lead to them: "chained parameters will be evaluated inside
contained resources" (hl7.org/fhir/R4/search.html#contained).

What a reference of a resource leads to within it has index rows, as those of the container, under a
name that tells the way: `MedicationRequest.medication#Medication` stands where the type's name
would (fhirstore/keys.py). So a chain asks of a contained resource what it asks of a stored one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhirstore import keys
from fhirstore.search.definitions import parameters, types
from fhirstore.search.paths import compile_path, split_type

LONGEST = 3
"""So many contained resources deep: one refers to the next."""
MOST = 1000
"""Ways into the contained resources of one resource that are indexed."""


def link_name(keyed: str, param: str, rtype: str) -> str:
    """What rows are keyed by of resources of a type that a reference parameter leads to within the
    container; `keyed` is what the rows of whoever refers are keyed by."""
    return f"{keyed}.{param}#{rtype}"


def link_key(link: str) -> int:
    """Key of the token row that says that there is such a contained resource."""
    return keys.param_key(link, "")


def present_key(link: str, param: str) -> int:
    """Key of the token row that says that it has a value of a parameter."""
    return keys.uri_key(link, "", param)


def system_key(link: str, param: str, system: str) -> int:
    """Key of the token row that says that it has a code of a system under a parameter."""
    return keys.uri_key(link, f"{param}|", system)


def linked(resource: dict[str, Any], version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The contained resources that a resource refers to, each with the name of each way there."""
    held = resource.get("contained")
    if type(held) is not list:
        return
    by_id = {
        f"#{one['id']}": one
        for one in held
        if type(one) is dict
        and type(one.get("id")) is str
        and type(one.get("resourceType")) is str
        and one["resourceType"] in types(version)
    }
    found: set[tuple[str, str]] = set()
    ways = [(resource["resourceType"], resource["resourceType"], resource, 0)]
    while ways:
        keyed, rtype, node, depth = ways.pop()
        for param, reference, only in _inward(node, rtype, version):
            inner = by_id.get(reference)
            if inner is None or only not in ("", inner["resourceType"]):
                continue
            link = link_name(keyed, param, inner["resourceType"])
            if (link, reference) in found or len(found) == MOST:
                continue
            found.add((link, reference))
            yield link, inner
            if depth + 1 < LONGEST:
                ways.append((link, inner["resourceType"], inner, depth + 1))


def _inward(node: dict[str, Any], rtype: str, version: str) -> Iterator[tuple[str, str, str]]:
    """The references of a resource to what is contained: the parameter that each is stored under,
    the reference, and the only type that it may lead to ("": any)."""
    for code, parameter in parameters(version, rtype).items():
        if parameter.type != "reference" or parameter.stored != (code,):
            continue
        for path in parameter.paths:
            names, _, only = split_type(path)[0].partition("?")
            for value in compile_path(names)(node):
                reference = value.get("reference") if type(value) is dict else value
                if type(reference) is str and reference.startswith("#"):
                    yield code, reference, only
