"""A wearable's Device, stored in R4's shape, as DSTU2 and STU3 have it."""

from __future__ import annotations

from typing import Any

from fhirstore.versions.meta import older_meta

_R4_ONLY = (
    "deviceName",
    "modelNumber",
    "serialNumber",
    "partNumber",
    "distinctIdentifier",
    "definition",
    "statusReason",
    "specialization",
    "version",
    "property",
    "parent",
    "udiCarrier",
)
_DSTU2_STATUS = {"active": "available", "inactive": "not-available"}


def render(resource: dict[str, Any], version: str) -> dict[str, Any]:
    """The Device in "dstu2" or "stu3". Its name goes into `type.text` where it has no type, which
    DSTU2 requires."""
    shown = {key: value for key, value in resource.items() if key not in _R4_ONLY}
    older_meta(shown)
    if model := resource.get("modelNumber"):
        shown["model"] = model
    if versions := [v["value"] for v in resource.get("version", ()) if "value" in v]:
        shown["version"] = versions[0]
    if "type" not in shown:
        names = [n["name"] for n in resource.get("deviceName", ()) if "name" in n]
        shown["type"] = {"text": names[0] if names else resource.get("manufacturer", "wearable")}
    if version == "dstu2":
        status = shown.get("status")
        if status in _DSTU2_STATUS:
            shown["status"] = _DSTU2_STATUS[status]
        elif status == "unknown":
            del shown["status"]
    return shown
