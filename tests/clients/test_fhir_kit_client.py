"""fhir-kit-client, as JavaScript apps use it, against the running server; where node and npm
exist."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.clients import people
from tests.contract.api import User

SOURCES = Path(__file__).parent / "fhir_kit"
NODE, NPM = shutil.which("node"), shutil.which("npm")
INSTALL_SECONDS, SESSION_SECONDS = 120, 60


@pytest.fixture(scope="module")
def program() -> Path:
    """The session's program beside the library it needs, installed once per machine."""
    if not (NODE and NPM):
        pytest.skip("fhir-kit-client is not tried: there is no node or no npm")
    folder = Path(tempfile.gettempdir()) / f"careweave-fhir-kit-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.getuid(), f"{folder} belongs to somebody else"
    for name in ("package.json", "session.mjs"):
        shutil.copyfile(SOURCES / name, folder / name)
    if not (folder / "node_modules" / "fhir-kit-client").exists():
        done = subprocess.run(
            [NPM, "install", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"fhir-kit-client is not tried: npm cannot install it: {done.stderr[:300]}")
    return folder / "session.mjs"


@pytest.fixture
def told(program: Path, person: User) -> dict[str, Any]:
    """What the program told of its session."""
    bodies = {
        "patient": people.patient("r4", "Lovelace"),
        "pulses": [people.pulse("", day, 60 + day) for day in range(1, 13)],
    }
    done = subprocess.run(
        [str(NODE), str(program)],
        cwd=program.parent,
        env={
            "PATH": os.environ["PATH"],
            "FHIR_BASE": f"{person.app.base}/fhir/r4",
            "FHIR_TOKEN": person.access_token,
            "FHIR_BODIES": json.dumps(bodies),
        },
        capture_output=True,
        text=True,
        timeout=SESSION_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_session_of_fhir_kit_client(told: dict[str, Any]) -> None:
    assert told == {
        "metadata": "CapabilityStatement",
        "createStatus": 201,
        "readEqualsCreated": True,
        "updated": False,
        "vread": True,
        "history": [False, True],
        "batch": ["201 Created"] * 12,
        "pages": [5, 5, 2],
        "total": 12,
        "oneDay": 1,
        "posted": 1,
        "badDate": {"status": 400, "type": "OperationOutcome"},
        "deleted": "OperationOutcome",
        "gone": {"status": 410, "type": "OperationOutcome"},
        "compartment": 3,
        "system": True,
        "typeHistory": 4,
        "systemHistory": "history",
        "patched": False,
        "everything": 4,
        "validated": "OperationOutcome",
    }
