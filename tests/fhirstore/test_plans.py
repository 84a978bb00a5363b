"""What ingest asks the database costs by what is asked for, not by what the owner has."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore import database, held, index_rows
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from tests.fhirstore.store import ALICE, observation, take_in

pytestmark = pytest.mark.django_db

IDS = {
    "owner": ALICE,
    "rtypes": [NUMBERS["Observation"]] * 50,
    "fids": ["x"] * 50,
    "vers": VERSION_BITS["dstu2"],
}
ROWS = {"owner": ALICE, "key": [1] * 50, "rid": [2] * 50, "lo": [3] * 50, "val": ["x"] * 50}


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        (held._BRIEF, IDS),
        (held._WHOLE, IDS),
        (held._TOMBSTONES, IDS),
        (index_rows._DELETE_TOKENS, ROWS),
        (index_rows._DELETE_RANGES, ROWS),
        (index_rows._DELETE_STRINGS, ROWS),
    ],
    ids=["brief", "whole", "tombstones", "tokens", "ranges", "strings"],
)
@pytest.mark.parametrize("analysed", [False, True])
def test_a_lookup_goes_by_the_index(
    statement: str, arguments: dict[str, Any], analysed: bool
) -> None:
    take_in(*(observation(f"O{n}", method={"text": "x"}) for n in range(400)))
    cursor = database.cursor()
    if analysed:
        cursor.execute("analyze fhir_resource, fhir_token, fhir_range")

    plan = "\n".join(row[0] for row in cursor.execute(f"explain {statement}", arguments))

    assert "Index" in plan
    assert "Hash" not in plan
    assert "Merge" not in plan
    assert "Seq Scan" not in plan
