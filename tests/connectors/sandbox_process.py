"""The sandbox as the run command starts it, and a person who signs in there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from accounts.models import AppUser
from connectors import dance
from connectors.models import Connection, System

CALLBACK = "http://127.0.0.1:8000/connect/callback"
VERIFIER = "v" * 64


@contextmanager
def sandbox_process(folder: Path) -> Iterator[str]:
    """A running sandbox; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "connectors.sandbox"),
            *("--port", str(port), "--state-dir", str(folder)),
        ],
        env={**os.environ, "SANDBOX_SECRET": "of-the-process"},
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(base: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{base}/control/people", timeout=5)
        except requests.ConnectionError:
            assert time.monotonic() < end, "the sandbox did not start"
            time.sleep(0.05)
        else:
            return


def connected(
    system: System, user: AppUser, *, username: str, password: str, now: datetime, **form: str
) -> Connection:
    """Dance with the sandbox as that person and store the connection."""
    challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    url = dance.authorization_url(
        system, state="s-1", code_challenge=challenge, redirect_uri=CALLBACK
    )
    signed = {"username": username, "password": password, "decision": "allow", **form}
    answer = requests.post(url, data=signed, allow_redirects=False, timeout=20)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["s-1"]
    grant = dance.exchange_code(
        system, code=back["code"][0], code_verifier=VERIFIER, redirect_uri=CALLBACK, now=now
    )
    return Connection.objects.create(
        public_id=f"c_{username}",
        app_user=user,
        system=system,
        base=grant.base,
        iss=grant.iss,
        account=grant.account,
        scope=grant.scope,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        token_expires_at=grant.expires_at,
        connected_at=now,
        next_sync_at=now,
    )
