"""The systems of values that name none: elements of type code have that of the value set which they
are bound to (hl7.org/fhir/R4/search.html#token)."""

from __future__ import annotations

from collections.abc import Sequence

from fhirstore.remembered import remembered
from fhirstore.search.paths import SEGMENT, split_type
from fhirstore.structures import properties

_BELOW = ("", "BackboneElement", "Element")
"""Types of elements whose own elements lie below their path."""
_NAMED = "http://hl7.org/fhir/ValueSet/"
_HOMES = (
    "http://hl7.org/fhir/",
    "http://hl7.org/fhir/CodeSystem/",
    "http://terminology.hl7.org/CodeSystem/",
)
"""Where FHIR has the code systems of which it makes the value sets of the same name."""
_TYPES = ("http://hl7.org/fhir/data-types", "http://hl7.org/fhir/resource-types")
_LANGUAGES, _MIME_TYPES = ("urn:ietf:bcp:47",), ("urn:ietf:bcp:13",)
_CONFIDENTIALITY = (
    "http://hl7.org/fhir/v3/Confidentiality",
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
)
_EVENTS, _REQUESTS = ("http://hl7.org/fhir/event-status",), ("http://hl7.org/fhir/request-intent",)
_OTHERS = {
    "all-types": _TYPES,
    "defined-types": _TYPES,
    "content-type": _MIME_TYPES,
    "mimetypes": _MIME_TYPES,
    "bcp13.txt": _MIME_TYPES,
    "languages": _LANGUAGES,
    "all-languages": _LANGUAGES,
    "bcp47": _LANGUAGES,
    "currencies": ("urn:iso:std:iso:4217",),
    "v3-Confidentiality": _CONFIDENTIALITY,
    "v3-ConfidentialityClassification": _CONFIDENTIALITY,
    "care-plan-intent": _REQUESTS,
    "task-intent": _REQUESTS,
    "clinicalimpression-status": _EVENTS,
    "immunization-status": _EVENTS,
    "immunization-evaluation-status": (
        "http://terminology.hl7.org/CodeSystem/medication-admin-status",
    ),
}
"""Those of value sets that FHIR makes of another's codes, by the last part of their url."""


@remembered(2048)
def implied_systems(version: str, rtype: str, paths: tuple[str, ...]) -> frozenset[str]:
    """The systems of the codes that lie under those of some search paths that are of type code;
    none where their binding is not known."""
    found: set[str] = set()
    for names, kind in map(split_type, paths):
        if kind == "code":
            found.update(_systems(_binding(version, rtype, names)))
    return frozenset(found)


def _binding(version: str, rtype: str, names: str) -> str:
    path, url = rtype, ""
    for segment in SEGMENT.finditer(names):
        known = properties(version, path).get(segment[1])
        if known is None:
            return ""
        path = f"{path}.{known.name}" if known.type in _BELOW else known.type
        url = known.element.value_set
    return url


def _systems(value_set: str) -> Sequence[str]:
    name = value_set.rpartition("/")[2]
    own = [f"{home}{name}" for home in _HOMES] if value_set == f"{_NAMED}{name}" and name else []
    return [*own, *_OTHERS.get(name, ())]
