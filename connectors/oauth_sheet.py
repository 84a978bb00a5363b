"""From a catalogue row to its token endpoint: what the operator entered, else what the vendor's
sheet says, else what the server publishes.
"""

from __future__ import annotations

from datetime import datetime

from accounts.encryption import Secret
from connectors.address_policy import address_policy
from connectors.errors import Misconfigured
from connectors.http import outbound_session
from connectors.models import CLINICAL, System
from connectors.registry import smart_for, wearable_for
from connectors.smart import discovery, scopes
from connectors.smart.search_plan import PLANS, REFERENCED
from connectors.token_endpoint import BASIC, NONE, POST, TokenEndpoint


def api_base_of(system: System) -> str:
    """The URL really called, without a trailing slash."""
    if system.api_base:
        return system.api_base.rstrip("/")
    if system.kind == CLINICAL:
        return system.resource_url
    return wearable_for(system.slug).api_base


def endpoint_of(system: System, *, now: datetime) -> TokenEndpoint:
    """The system's OAuth endpoints and our client there. May make requests (discovery); raises
    ConnectorError.
    """
    if not system.configured:
        raise Misconfigured("this system is not set up yet")
    return _hospital(system, now) if system.kind == CLINICAL else _wearable(system)


def _wearable(system: System) -> TokenEndpoint:
    vendor = wearable_for(system.slug)
    return TokenEndpoint(
        authorize_url=system.authorize_url or vendor.authorize_url,
        token_url=system.token_url or vendor.token_url,
        revoke_url=system.revoke_url or vendor.revoke_url,
        client_id=system.client_id,
        client_secret=_secret(system),
        auth_method=_method(system, offered=(vendor.auth_method,)),
        scope=system.scope or vendor.scope,
        extra=vendor.authorize_extra,
        policy=address_policy(allow_host=system.allow_host),
    )


def _hospital(system: System, now: datetime) -> TokenEndpoint:
    base = api_base_of(system)
    platform = smart_for(system.slug).platform
    policy = address_policy(allow_host=system.allow_host)
    found = discovery.Endpoints(
        authorize=system.authorize_url, token=system.token_url, revoke=system.revoke_url
    )
    if not (system.authorize_url and system.token_url):
        headers = {"Accept": platform.accept, **dict(platform.headers)}
        with outbound_session(policy) as session:
            found = discovery.endpoints(session, base, headers=headers, now=now)
    types = {"Patient", *REFERENCED, *(row.rtype for row in PLANS[system.fhir_version])}
    return TokenEndpoint(
        authorize_url=system.authorize_url or found.authorize,
        token_url=system.token_url or found.token,
        revoke_url=system.revoke_url or found.revoke,
        client_id=system.client_id,
        client_secret=_secret(system),
        auth_method=_method(system, offered=found.auth_methods),
        scope=system.scope
        or scopes.wanted(types=types, capabilities=found.capabilities, wildcard=platform.wildcard),
        extra=(("aud", base),),
        policy=policy,
    )


def _secret(system: System) -> Secret:
    """The client secret, also of a row that was just made and holds it in clear."""
    secret = system.client_secret
    return secret if isinstance(secret, Secret) else Secret(secret)


def _method(system: System, *, offered: tuple[str, ...]) -> str:
    """How the client proves itself: as the operator says, else the first way that is offered and
    that we know.
    """
    if system.auth_method:
        if system.auth_method not in (BASIC, POST, NONE):
            raise Misconfigured(f"client authentication {system.auth_method} is not supported")
        return system.auth_method
    if not system.client_secret:
        return NONE
    return POST if POST in offered and BASIC not in offered else BASIC
