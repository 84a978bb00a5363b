"""Systems an operator adds himself: numbered from 1000000 on (wire contract 16.1)."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.db import transaction

from connectors.errors import Misconfigured
from connectors.models import CLINICAL, DEVICE, System, SystemNumber
from connectors.registry import connector_for

VERSIONS = ("dstu2", "stu3", "r4")
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
_PORTS = {"http": 80, "https": 443}


class BadSystem(ValueError):
    """What was given makes no system; the text says why."""


def add_system(
    *,
    kind: str,
    name: str,
    platform: str,
    base: str,
    fhir_version: str,
    client_id: str,
    client_secret: str = "",
    auth_method: str = "",
    scope: str = "",
) -> System:
    """A new system with its client credentials, ready to be connected.

    `base` is the FHIR base of a clinical system or the API base of a device; its host and port
    become an allowed outbound host, plain http on this machine only. `fhir_version` is `dstu2`,
    `stu3` or `r4`, and empty for a device. Without a secret it is a public client, by PKCE. Raises
    `BadSystem`.
    """
    base, host = _checked(base)
    if kind == CLINICAL and fhir_version not in VERSIONS:
        raise BadSystem(f"a clinical system needs a FHIR version: {', '.join(VERSIONS)}")
    if kind == DEVICE and fhir_version:
        raise BadSystem("a device has no FHIR version")
    if not client_id:
        raise BadSystem("a system needs a client id")
    if bool(client_secret) == (auth_method == "none") and (client_secret or auth_method):
        raise BadSystem("a client secret goes with every method but none, and with no method none")
    try:
        connector_for(platform, kind)
    except Misconfigured as error:
        raise BadSystem(str(error)) from error
    with transaction.atomic():
        return System.objects.create(
            id=next_system_id(),
            kind=kind,
            name=name,
            slug=platform,
            resource_url=base,
            fhir_version=fhir_version,
            client_id=client_id,
            client_secret=client_secret,
            # Empty with a secret: what the system itself publishes decides.
            auth_method=auth_method or ("" if client_secret else "none"),
            scope=scope,
            allow_host=host,
        )


def next_system_id() -> int:
    """A number no system ever had."""
    return SystemNumber.FIRST - 1 + SystemNumber.objects.create().pk


def _checked(base: str) -> tuple[str, str]:
    """The base without its trailing slash, and its host:port."""
    base = base.strip().rstrip("/")
    try:
        parts = urlsplit(base)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadSystem("the base URL cannot be read") from error
    if parts.scheme not in _PORTS or not host:
        raise BadSystem("the base URL begins with https://, or on this machine http://")
    if parts.query or parts.fragment or parts.username is not None or any(c <= " " for c in base):
        raise BadSystem("the base URL has no user name, query, fragment or space")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise BadSystem("plain http is for this machine only; use https")
    shown = f"[{host}]" if ":" in host else host
    return base, f"{shown}:{port or _PORTS[parts.scheme]}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
