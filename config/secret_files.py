"""Secrets that the demo makes for itself: one file each in VAR_DIR/secrets (folder 0700, files
0600).

Every process that knows VAR_DIR reads the same values. Production brings its own by the environment
and never comes here for them.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path


def kept(folder: Path, name: str, make: Callable[[], str]) -> str:
    """The secret of that name; made and stored at the first call. Of several processes at once, all
    get the same."""
    target = folder / name
    if not target.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{name}.{secrets.token_hex(4)}"
        write(draft, make())
        try:
            os.link(draft, target)
        except FileExistsError:
            pass  # another process was faster: its value counts
        finally:
            draft.unlink()
    return target.read_text().strip()


def write(target: Path, value: str) -> None:
    """Write a file that only its owner may read, in one step."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(value + "\n")
    draft.replace(target)


def random_text() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def fernet_key() -> str:
    """A key for `accounts.encryption`."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()
