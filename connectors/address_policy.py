"""Which addresses this server may call: public ones over https, and whatever an operator named.

Catalogue rows, discovery documents and links in answers all carry addresses chosen by others; none
of them may reach into the network this server stands in. The check is made on the numeric address
that is really connected to (connectors/http.py), so a name that changes its mind gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings

NAT64 = IPv6Network("64:ff9b::/96")
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class AddressPolicy:
    """`named` holds "host" or "host:port" in lower case: allowed although private or http."""

    named: frozenset[str]

    def names(self, *, host: str, port: int) -> bool:
        """Whether an operator named this host, with this port or with none."""
        name = host.strip("[]").lower()
        return bool(self.named & {name, f"{name}:{port}", f"[{name}]:{port}", f"[{name}]"})

    def permits(self, *, scheme: str, host: str, port: int, address: str) -> bool:
        """May `host`, which resolved to the numeric `address`, be called this way?"""
        if self.names(host=host, port=port):
            return True
        return scheme == "https" and is_public(address)


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet, looking through the forms of IPv6
    that carry an IPv4 address."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    for inner in _carried(ip):
        if not inner.is_global or inner.is_multicast:
            return False
    return ip.is_global and not ip.is_multicast


def _carried(ip: IPv4Address | IPv6Address) -> Iterable[IPv4Address]:
    if isinstance(ip, IPv4Address):
        return ()
    inner = [found for found in (ip.ipv4_mapped, ip.sixtofour) if found is not None]
    if ip in NAT64:
        inner.append(IPv4Address(int(ip) & 0xFFFFFFFF))
    return inner


def address_policy(*, allow_host: str = "") -> AddressPolicy:
    """The policy of this installation for one system: `ALLOWED_OUTBOUND_HOSTS`, the sandbox while
    it is on, and the host the system's row names."""
    named = {*settings.ALLOWED_OUTBOUND_HOSTS, allow_host}
    if settings.SANDBOX:
        named.add(urlsplit(settings.SANDBOX_URL).netloc)
    return AddressPolicy(frozenset(name.strip().lower() for name in named if name.strip()))


def origin(url: str) -> str:
    """Scheme, host and port of a URL in one spelling: lower case, the default port written out.
    Raises ValueError for a URL without them."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port or PORTS.get(scheme)
    if not parts.hostname or port is None:
        raise ValueError("not an absolute http or https URL")
    return f"{scheme}://{parts.hostname.lower()}:{port}"
