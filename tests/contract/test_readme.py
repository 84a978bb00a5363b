"""The README's walk, run as it is printed: every shell block in order, in one shell."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.contract.api import wait_for
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

README = Path(__file__).resolve().parents[2] / "README.md"
LOGINS = {"4706": ("fhirjason", "epicepic1"), "4709": ("demo", "demo")}


def blocks() -> list[tuple[str, str]]:
    """(kind, shell text) of each marked block."""
    pattern = re.compile(r"<!-- walk: (\w+) -->\n```sh\n(.*?)```", re.S)
    return pattern.findall(README.read_text())


def documents(text: str) -> list[Any]:
    """The JSON documents that curl printed one after the other."""
    decoder, at = json.JSONDecoder(), 0
    found: list[Any] = []
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        found.append(document)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def test_the_walk_of_the_readme_leads_to_data(stack: Stack) -> None:
    steps = blocks()
    assert [kind for kind, _ in steps] == ["set", "run", "run", "connect", "run"]
    lines = [
        f"BASE={stack.base_url}",
        f"CLIENT_ID={stack.client_id}",
        f"CLIENT_SECRET={stack.client_secret}",
        "set -e",
    ]

    def run(text: str) -> str:
        done = subprocess.run(
            ["bash", "-c", "\n".join([*lines, text])], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    clinical, devices = documents(run(steps[1][1]))
    assert 4706 in [s["id"] for s in clinical]
    assert 4709 in [s["id"] for s in devices]

    code, token = run(steps[2][1] + "\necho $CODE $TOKEN").split()
    lines += [f"CODE={code}", f"TOKEN={token}"]

    links = documents(run(steps[3][1]))
    for link, login in zip(links, LOGINS.values(), strict=True):
        browser = Browser(stop_at=stack.redirect_uri)
        browser.open(str(link["url"])).sign_in(*login)
        assert "success=true" in browser.url

    def data() -> list[Any] | None:
        answers = documents(run(steps[4][1]))
        return answers if all(a["total"] for a in answers) else None

    patient, condition, steps_found = wait_for(data, seconds=60, what="the walk's data")
    # Faster than a person: where the wearable answers first, its home Patient is there as well.
    assert "f8fedcd9e6e5" in [entry["resource"]["id"] for entry in patient["entry"]]
    assert condition["entry"][0]["resource"]["resourceType"] == "Condition"
    assert steps_found["entry"][0]["resource"]["valueQuantity"]["unit"] == "steps"
