"""How much of a resource is shown: `_summary` and `_elements`
(hl7.org/fhir/R4/search.html#summary). What is shown in part has the tag SUBSETTED, so that nobody
writes it back, and keeps its mandatory elements, so that it stays valid, and those that change the
meaning of others, so that nothing refuted is taken for true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhirstore import digits
from fhirstore.rtypes import NUMBERS
from fhirstore.search.controls import Controls
from fhirstore.structures import Property, children, properties

_ALWAYS = frozenset(("resourceType", "id", "meta", "implicitRules", "modifierExtension"))
"""What tells which resource it is, and what may change the meaning of all the rest."""
_SYSTEMS = {
    "dstu2": "http://hl7.org/fhir/v3/ObservationValue",
    "stu3": "http://hl7.org/fhir/v3/ObservationValue",
    "r4": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
}

Keep = Callable[[str, Property | None], bool]
"""Whether a property of a resource, by its name and definition (None: unknown), is shown."""


def show(body: bytes, *, version: str, controls: Controls, came_along: bool = False) -> bytes:
    """A stored body as the controls want it shown; the same bytes where they want all of it.

    `came_along`: an included resource, to which plain `_elements` do not apply.
    """
    if controls.whole:
        return body
    resource = digits.loads(body)
    elements = _names(controls.elements, resource.get("resourceType"), came_along=came_along)
    summary = "" if controls.summary == "count" else controls.summary
    if elements is None and not summary:
        return body
    if summary:
        resource = _SUMMARIES[summary](version, resource)
    if elements is not None:
        resource = _part(version, resource, _listed(elements))
    return digits.dumps(_marked(version, resource))


def _names(asked: tuple[str, ...], rtype: Any, *, came_along: bool) -> frozenset[str] | None:
    """The names that `_elements` has for a type; None for no restriction."""
    names = set()
    for name in asked:
        first, dot, rest = name.partition(".")
        typed = bool(dot) and first in NUMBERS
        if typed and first == rtype:
            names.add(rest.partition(".")[0])
        elif not typed and not came_along:
            names.add(first)
    return frozenset(name.removesuffix("[x]") for name in names) if names else None


def _listed(names: frozenset[str]) -> Keep:
    def keep(name: str, known: Property | None) -> bool:
        if name in names:
            return True
        return known is not None and (
            known.element.min > 0
            or known.element.modifier
            or known.name.removesuffix("[x]") in names
        )

    return keep


def _part(version: str, resource: dict[str, Any], keep: Keep) -> dict[str, Any]:
    known = properties(version, resource["resourceType"])
    return {
        name: value
        for name, value in resource.items()
        if name in _ALWAYS or keep(name.removeprefix("_"), known.get(name.removeprefix("_")))
    }


def _text(version: str, resource: dict[str, Any]) -> dict[str, Any]:
    return _part(version, resource, _listed(frozenset(("text",))))


def _data(_version: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "text"}


def _summary(version: str, resource: dict[str, Any]) -> dict[str, Any]:
    return _summed(version, resource["resourceType"], resource)


def _summed(version: str, path: str, node: dict[str, Any]) -> dict[str, Any]:
    """What the definitions mark as part of a summary, down into the elements of the resource's
    own."""
    known = properties(version, path)
    found: dict[str, Any] = {}
    for name, value in node.items():
        there = known.get(name.removeprefix("_"))
        wanted = there is not None and (there.element.summary or there.element.min > 0)
        if name in _ALWAYS or wanted:
            found[name] = _inside(version, f"{path}.{name}", value)
    return found


def _inside(version: str, path: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_inside(version, path, item) for item in value]
    if not isinstance(value, dict) or not children(version, path):
        return value
    # An element none of whose parts is marked is meant as a whole.
    return _summed(version, path, value) or value


_SUMMARIES = {"true": _summary, "text": _text, "data": _data}


def _marked(version: str, resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with the tag that tells it is not whole; its `meta` is left alone."""
    meta = resource.get("meta")
    meta = dict(meta) if isinstance(meta, dict) else {}
    tags = meta.get("tag")
    tag = {"system": _SYSTEMS[version], "code": "SUBSETTED"}
    meta["tag"] = [*(tags if isinstance(tags, list) else ()), tag]
    if "meta" in resource:
        return {**resource, "meta": meta}
    first: dict[str, Any] = {
        name: resource[name] for name in ("resourceType", "id") if name in resource
    }
    return {**first, "meta": meta, **resource}
