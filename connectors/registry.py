"""Every connector, by slug: a tuple each, so that what exists is what can be read here."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.errors import Misconfigured
from connectors.smart.connector import SmartConnector
from connectors.smart.platforms import PLATFORMS
from connectors.vendors.google_health import GoogleHealth
from connectors.wearable import WearableConnector

SMART: tuple[SmartConnector, ...] = tuple(SmartConnector(platform) for platform in PLATFORMS)
WEARABLES: tuple[WearableConnector, ...] = (GoogleHealth(),)


def connector_for(slug: str, kind: str) -> Connector:
    """The connector of a link: `kind` is "clinical" or "device". Raises Misconfigured."""
    return smart_for(slug) if kind == "clinical" else wearable_for(slug)


def smart_for(slug: str) -> SmartConnector:
    """The hospital connector of a platform. Raises Misconfigured for an unknown slug."""
    for connector in SMART:
        if connector.slug == slug:
            return connector
    raise Misconfigured(f"no such platform: {slug}")


def wearable_for(slug: str) -> WearableConnector:
    """A vendor's connector. Raises Misconfigured for an unknown slug."""
    for connector in WEARABLES:
        if connector.slug == slug:
            return connector
    raise Misconfigured(f"no such vendor: {slug}")
