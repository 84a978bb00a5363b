"""How rows that several FHIR versions share are shown in each: wearable data is stored once, in
R4's shape (wire contract 14)."""

from __future__ import annotations

from typing import Any

from fhirstore import digits
from fhirstore.keys import VERSION_BITS
from fhirstore.versions import device, observation

_RENDERERS = {"Observation": observation.render, "Device": device.render}


def as_served(*, body: bytes, vers: int, version: str) -> bytes:
    """The body to serve of a row in the version asked for.

    Free where the row has one version only, or R4 is asked for; else it is parsed and rendered.
    `vers` is the row's."""
    if version == "r4" or vers == VERSION_BITS[version]:
        return body
    resource = digits.loads(body)
    rendered = rendering(resource, version)
    return body if rendered is resource else digits.dumps(rendered)


def rendering(resource: dict[str, Any], version: str) -> dict[str, Any]:
    """A shared resource in the shape of a version; the same object where nothing differs. The
    argument is left alone."""
    render = _RENDERERS.get(resource["resourceType"])
    return resource if version == "r4" or render is None else render(resource, version)


def renderings(resource: dict[str, Any], vers: int) -> dict[str, dict[str, Any]]:
    """What each version that the row is visible in shows: as `fhirstore.search.extract` takes
    it."""
    shown = [version for version, bit in VERSION_BITS.items() if vers & bit]
    if len(shown) == 1:
        return {shown[0]: resource}
    return {version: rendering(resource, version) for version in shown}
