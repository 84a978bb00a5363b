"""Ids as different makers of hospital software hand them out."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from connectors.sandbox.seeds import digest, source_id


class Ids(Protocol):
    """An id that depends on `key` alone; `length` where the maker's ids have no length of their
    own.
    """

    def __call__(self, *key: object, length: int = 45) -> str: ...


def opaque(*key: object, length: int = 45) -> str:
    """Long and opaque: `Tbt3KuCY0B5PSrJvCu2j-PlK…`."""
    return source_id(*key, length=length)


def numbers(*key: object, length: int = 45) -> str:
    """Twelve digits, never beginning with 0."""
    return str(10**11 + int.from_bytes(digest(*key)[:8], "big") % (9 * 10**11))


def uuids(*key: object, length: int = 45) -> str:
    """UUIDs."""
    return str(UUID(bytes=digest(*key)[:16], version=4))
