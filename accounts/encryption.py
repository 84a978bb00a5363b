"""Encryption at rest for what must be read back: vendor tokens, PKCE verifiers, the refresh replay
record.

Fernet with several keys: the first of `settings.TOKEN_ENCRYPTION_KEYS` encrypts, all decrypt, so
that an operator rotates by putting a new key in front.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Encrypt under the newest key. The empty string stays empty."""
    return (
        _fernet(tuple(settings.TOKEN_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()
        if text
        else ""
    )


def decrypt(stored: str) -> str:
    """Decrypt under any known key. Raises `cryptography.fernet.InvalidToken` when none fits."""
    return (
        _fernet(tuple(settings.TOKEN_ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
        if stored
        else ""
    )


class Secret(str):
    """A decrypted value that does not print itself: `repr` and formatting show dots, `reveal()` the
    text.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'•••'"

    def __str__(self) -> str:
        return "•••" if self else ""

    def __format__(self, spec: str) -> str:
        return str(self)

    def reveal(self) -> str:
        return str.__str__(self)


if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Text stored encrypted; read as a `Secret`, to be opened with `.reveal()`."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(decrypt(value))

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return encrypt(
            value.reveal() if isinstance(value, Secret) else super().get_prep_value(value)
        )
