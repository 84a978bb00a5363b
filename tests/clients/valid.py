"""What an answer must satisfy: the models that fhir.resources has of a FHIR version."""

from __future__ import annotations

from typing import Any

from fhir.resources import R4B, STU3

_RELEASES = {"r4": R4B, "stu3": STU3}


def check(version: str, resource: dict[str, Any]) -> None:
    """Raises pydantic's ValidationError where a resource is not valid in its version. Bundles bring
    their entries along. There are no models of DSTU2, and R4B stands for R4."""
    model = _RELEASES[version].get_fhir_model_class(resource["resourceType"])
    model.model_validate(resource)
