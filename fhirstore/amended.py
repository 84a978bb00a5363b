"""A final wearable reading whose value changes later is `amended` (wire contract 14)."""

from __future__ import annotations

from typing import Any

from fhirstore import digits

_FINAL = ("final", "amended")


def amend(arriving: dict[str, Any], stored: bytes) -> None:
    """Set `status` of the Observation that is about to replace `stored`, where the source calls it
    final and it was so before: `amended` if its value is another one, or was amended already."""
    if arriving.get("resourceType") != "Observation" or arriving.get("status") != "final":
        return
    before = digits.loads(stored)
    if before.get("status") in _FINAL and (
        before["status"] == "amended" or _measured(before) != _measured(arriving)
    ):
        arriving["status"] = "amended"


def _measured(observation: dict[str, Any]) -> bytes:
    """What was measured: `value[x]` and the components."""
    return digits.canonical(
        {k: v for k, v in observation.items() if k.startswith("value") or k == "component"}
    )
