"""Public ids from source URLs (wire contract 13), and ids of app writes (13.4)."""

from __future__ import annotations

import secrets
from hashlib import blake2b, sha256

SHORT = 12
LONG = 36
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def source_url(*, base: str, rtype: str, source_id: str) -> str:
    """`U` of section 13.1. A Binary whose id is an absolute URL (an attachment of no source Binary)
    is that URL."""
    if rtype == "Binary" and "://" in source_id:
        return source_id
    return f"{base}/{rtype}/{source_id}"


def numbered(url: str, attempt: int) -> str:
    """`U`, `U#2`, `U#3`: what to hash at the n-th attempt (13.3)."""
    return url if attempt == 1 else f"{url}#{attempt}"


def short_id(url: str) -> str:
    """The id of a Patient and of what belongs to no patient: 12 hex characters."""
    return sha256(url.encode()).hexdigest()[:SHORT]


def long_id(patient: str, url: str) -> str:
    """The id of a patient's resource: the patient's 12 characters and 36 of its own."""
    return patient_prefix(patient) + sha256(url.encode()).hexdigest()[:LONG]


def patient_prefix(patient: str) -> str:
    """The 12 characters a patient's resources begin with: its id, or of one that an app chose in
    another length, its hash."""
    return patient if len(patient) == SHORT else hashed(patient)


def hashed(ident: str) -> str:
    """What `WRITE_ID_STYLE=hashed` makes of an id that a client sent."""
    return sha256(ident.encode()).hexdigest()[:SHORT]


def made_up(canonical: bytes) -> str:
    """The 11-character base-36 source id of a resource that came without one.

    It follows from the content, so the next pull finds the same row.
    """
    number = int.from_bytes(blake2b(canonical, digest_size=7).digest(), "big")
    digits = ""
    for _ in range(11):
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits


def random_id(patient: str | None) -> str:
    """An id for an app's write without one: 12 random hex characters, or the patient's 12 and 36
    random ones."""
    if patient is None:
        return secrets.token_hex(SHORT // 2)
    return patient_prefix(patient) + secrets.token_hex(LONG // 2)
