"""Files made to be difficult: each is taken in whole, or refused with a reason and nothing of it
stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.corpus import EDGE_CASES
from tests.data.place import DATA, content
from tests.fhirstore.fhir_client import Fhir
from tests.fhirstore.store import everything

FOLDER = DATA / "fhir-r4-examples" / "edge-cases"
FILES = [
    file
    for name in EDGE_CASES
    if (FOLDER / name).exists()
    for file in sorted((FOLDER / name).iterdir())
    if ".json" in file.name
]

REFUSED: dict[str, str] = json.loads((Path(__file__).parent / "refused.json").read_text())
"""What is not taken in, and a piece of the reason: files made to be wrong, of other releases (STU3
in R4), not of FHIR at all, or about resources that the server is expected to have."""


def post(fhir: Fhir, raw: bytes) -> Any:
    """Post a file to where its resource belongs: a batch or a transaction to the base."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    rtype = body.get("resourceType", "Patient")
    bundled = rtype == "Bundle" and body.get("type") in ("batch", "transaction")
    return fhir.call("POST", "/fhir/r4" if bundled else f"/fhir/r4/{rtype}", raw, expect=None)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_difficult_file_is_taken_in_or_refused_with_a_reason(fhir: Fhir, file: Path) -> None:
    before = everything(fhir.owner)
    raw = content(file)
    answer = post(fhir, raw)
    status = fhir.last.status_code
    assert status in (200, 201, 400, 404, 409, 412, 422), answer
    if status >= 400:
        assert answer["resourceType"] == "OperationOutcome"
        assert all(issue["diagnostics"] for issue in answer["issue"])
        assert everything(fhir.owner) == before
    elif "id" in answer:
        again = fhir.get(f"/fhir/r4/{answer['resourceType']}/{answer['id']}")
        assert again == answer
    said = " ".join(issue["diagnostics"] for issue in answer.get("issue", ()))
    assert (status >= 400) == (file.name in REFUSED), answer
    assert REFUSED.get(file.name, "") in said
