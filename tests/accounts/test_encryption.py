from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken

from accounts.encryption import Secret, decrypt, encrypt


def test_the_newest_key_encrypts_and_every_key_decrypts(settings: Any) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.TOKEN_ENCRYPTION_KEYS = [old]
    before = encrypt("told")
    settings.TOKEN_ENCRYPTION_KEYS = [new, old]
    assert decrypt(before) == "told"
    after = encrypt("told")
    settings.TOKEN_ENCRYPTION_KEYS = [new]
    assert decrypt(after) == "told"
    with pytest.raises(InvalidToken):
        decrypt(before)


def test_nothing_stays_nothing() -> None:
    assert (encrypt(""), decrypt("")) == ("", "")


def test_a_secret_does_not_print_itself() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret!s:>20} %s" % secret
    assert secret.reveal() == "hunter2"
