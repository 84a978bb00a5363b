"""Whose a resource is: the patients in whose compartments it lies (wire contract 12.5, 13)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fhirstore import keys
from fhirstore.rtypes import NUMBERS
from fhirstore.search import values
from fhirstore.search.definitions import types
from fhirstore.search.gathered import IndexRows
from fhirstore.search.paths import Values, compile_path, split_type

NOT_IN_EVERYTHING = frozenset(
    (
        "Binary",
        "Organization",
        "Location",
        "Medication",
        "Provenance",
        "Linkage",
        "AuditEvent",
    )
)
"""Types that $everything never shows (wire contract 12.5)."""


def memberships(
    rows: IndexRows, resource: dict[str, Any], version: str, *, wearable: bool = False
) -> None:
    """The rows of the patients' compartments that a resource is in."""
    rtype = resource["resourceType"]
    if rtype not in NOT_IN_EVERYTHING:
        for patient in compartments(resource, version, wearable=wearable):
            rows.mark(keys.compartment_key(patient), NUMBERS[rtype], keys.VERSION_BITS[version])


def compartments(resource: dict[str, Any], version: str, *, wearable: bool = False) -> list[str]:
    """The patients ("Patient/id") in whose compartment a stored resource is; a Patient is in its
    own.

    A wearable's Device belongs to its patient in every version, though R4's compartment leaves
    Devices out."""
    rtype = resource["resourceType"]
    found = {f"Patient/{resource['id']}": None} if rtype == "Patient" and "id" in resource else {}
    for read in _patient_readers(version, rtype, wearable):
        for value in read(resource):
            for target in values.targets("Reference", value, version):
                if target.startswith("Patient/"):
                    found[target] = None
    return list(found)


@lru_cache(maxsize=1024)
def _patient_readers(version: str, rtype: str, every: bool) -> tuple[Values, ...]:
    return tuple(map(compile_path, patient_paths(version, rtype, every=every)))


def patient_paths(version: str, rtype: str, *, every: bool = False) -> list[str]:
    """Paths of the references that put a resource into a patient's compartment; `every`: of those
    too that only tell whose it is."""
    definition = types(version).get(rtype)
    if definition is None:
        return []
    found = {
        names.replace("?Patient", ""): None
        for code in (definition.patient if every else definition.compartment)
        for names, kind in map(split_type, definition.params[code].paths)
        if kind == "Reference"
    }
    return list(found)


def patient_readers(version: str, rtype: str) -> tuple[Values, ...]:
    """What reads those references, the most telling parameter first."""
    return _patient_readers(version, rtype, True)


def patient_references(resource: dict[str, Any], version: str) -> Iterator[str]:
    """References by which a resource may belong to a patient, as written, the most telling
    parameter first."""
    for read in patient_readers(version, resource["resourceType"]):
        for value in read(resource):
            yield from values.targets("Reference", value, version)
