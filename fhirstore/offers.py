"""Interactions and operations as FHIR names them, and the addresses that would be theirs: what a
CapabilityStatement claims is what has an address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Served = Callable[[str, str], tuple[str, Mapping[str, str]]]
"""(method, path below the base) to the name of the interaction there, "" for none, and what the
path names."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An interaction as FHIR names it, and where it has its address; `{t}` is a type. `name`: as
    scopes name it. `versions`: those that have a code for it."""

    code: str
    method: str
    path: str
    name: str
    versions: tuple[str, ...] = ("dstu2", "stu3", "r4")


OF_TYPES = (
    Offer(code="read", method="GET", path="/{t}/1", name="read"),
    Offer(code="vread", method="GET", path="/{t}/1/_history/1", name="vread"),
    Offer(code="update", method="PUT", path="/{t}/1", name="update"),
    Offer(code="patch", method="PATCH", path="/{t}/1", name="patch", versions=("stu3", "r4")),
    Offer(code="delete", method="DELETE", path="/{t}/1", name="delete"),
    Offer(code="history-instance", method="GET", path="/{t}/1/_history", name="history"),
    Offer(code="history-type", method="GET", path="/{t}/_history", name="history-type"),
    Offer(code="create", method="POST", path="/{t}", name="create"),
    Offer(code="search-type", method="GET", path="/{t}", name="search"),
)
OF_SYSTEM = (
    Offer(code="transaction", method="POST", path="", name="bundle"),
    Offer(code="batch", method="POST", path="", name="bundle", versions=("stu3", "r4")),
    Offer(code="history-system", method="GET", path="/_history", name="history-system"),
    Offer(code="search-system", method="POST", path="/_search", name="search"),
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation and where it has its address. `rtype`: of the one type it is for; "" for the
    whole system, "*" for every type."""

    name: str
    definition: str
    rtype: str
    method: str
    path: str


_HL7 = "http://hl7.org/fhir/OperationDefinition"
_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
OPERATIONS = (
    Operation(
        name="everything",
        definition=f"{_HL7}/Patient-everything",
        rtype="Patient",
        method="GET",
        path="/Patient/1/$everything",
    ),
    Operation(
        name="lastn",
        definition=f"{_HL7}/Observation-lastn",
        rtype="Observation",
        method="GET",
        path="/Observation/$lastn",
    ),
    Operation(
        name="docref",
        definition="http://hl7.org/fhir/us/core/OperationDefinition/docref",
        rtype="DocumentReference",
        method="GET",
        path="/DocumentReference/$docref",
    ),
    Operation(
        name="validate",
        definition=f"{_HL7}/Resource-validate",
        rtype="*",
        method="POST",
        path="/{t}/$validate",
    ),
    Operation(
        name="export",
        definition=f"{_BULK}/patient-export",
        rtype="Patient",
        method="GET",
        path="/Patient/$export",
    ),
    Operation(
        name="export",
        definition=f"{_BULK}/group-export",
        rtype="Group",
        method="GET",
        path="/Group/1/$export",
    ),
)
EXPORT = Operation(
    name="export",
    definition=f"{_BULK}/export",
    rtype="",
    method="GET",
    path="/$export",
)
"""Of all that a user has; it also has addresses beside those of the FHIR versions."""


def interactions(
    offers: tuple[Offer, ...], version: str, served: Served, rtype: str = "Patient"
) -> list[str]:
    """The codes of the interactions that a version has an address for."""
    return [
        offer.code
        for offer in offers
        if version in offer.versions
        and served(offer.method, offer.path.format(t=rtype))[0] == offer.name
    ]


def operations(served: Served) -> list[Operation]:
    """The operations that have an address, in every version the same."""
    return [operation for operation in OPERATIONS if _is_served(operation, served)]


def _is_served(operation: Operation, served: Served) -> bool:
    name, named = served(operation.method, operation.path.format(t="Patient"))
    # Where it has no address of its own, its name would be taken for an id.
    return bool(name) and f"${operation.name}" not in named.values()
