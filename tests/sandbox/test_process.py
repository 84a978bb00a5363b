"""The sandbox as a process of its own, over real sockets."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox.visitor import CALLBACK, CHALLENGE, JASON, VERIFIER


def test_a_person_connects_and_an_app_reads(address: str) -> None:
    query = {
        "response_type": "code",
        "client_id": "careweave-sandbox",
        "redirect_uri": CALLBACK,
        "scope": "patient/*.read",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "aud": f"{address}/hospital/4706/fhir",
    }
    form = {"username": "fhirjason", "password": "epicepic1", "decision": "allow"}
    back = requests.post(
        f"{address}/hospital/4706/oauth/authorize",
        params=query,
        data=form,
        allow_redirects=False,
        timeout=10,
    )
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    token = requests.post(
        f"{address}/hospital/4706/oauth/token",
        auth=("careweave-sandbox", "sandbox-secret"),
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        },
        timeout=10,
    ).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json+fhir"}
    link, found = f"{address}/hospital/4706/fhir/Observation?patient={JASON}&_count=100", 0
    while link:
        page = requests.get(link, headers=headers, timeout=10).json()
        found += len(page["entry"])
        link = next((li["url"] for li in page["link"] if li["relation"] == "next"), "")
        assert link == "" or link.startswith(address)
    assert found == page["total"] > 100


def test_the_state_outlives_the_process_and_the_start_is_quick(tmp_path: object) -> None:
    program = (
        "import time, sys; t = time.perf_counter();"
        "from connectors.sandbox.wsgi import application;"
        "from django.test import Client;"
        "c = Client(); ahead = c.get('/control/people').json()['ahead_seconds'];"
        "print(ahead, time.perf_counter() - t);"
        "c.post('/control/advance', {'seconds': 60}, content_type='application/json')"
    )
    environment = {**os.environ, "SANDBOX_STATE_DIR": str(tmp_path), "SANDBOX_SECRET": "x"}
    lines = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.split()
        for _ in range(2)
    ]
    assert [float(ahead) for ahead, _ in lines] == [0, 60]
    assert min(float(seconds) for _, seconds in lines) < 1.5


def test_the_command_explains_itself() -> None:
    began = time.monotonic()
    found = subprocess.run(
        [sys.executable, "-m", "connectors.sandbox", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    assert "--port" in found
    assert "--state-dir" in found
    assert "Example:" in found
    assert time.monotonic() - began < 30


def test_it_imports_nothing_of_the_product() -> None:
    program = (
        "import sys; import connectors.sandbox.wsgi, connectors.sandbox.urls;"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in"
        " ('accounts', 'config', 'console', 'fhirstore', 'sync')"
        " or m.startswith('connectors.') and not m.startswith('connectors.sandbox')))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert found.strip() == "[]"
