from __future__ import annotations

import pytest
from django.core.management import call_command

from fhirstore import database, reindex
from fhirstore.keys import INDEX_GENERATION
from sync import tasks
from tests.fhirstore.store import BOB, everything, observation, take_in, wearable

pytestmark = pytest.mark.django_db

SPOILT = (
    "update fhir_resource set keys = keys || 77::bigint, present = 0",
    "insert into fhir_token select owner, 77, rid, 0, 1 from fhir_resource",
    "delete from fhir_string",
)


def test_a_spoilt_index_is_made_as_ingest_makes_it() -> None:
    patient = {"resourceType": "Patient", "id": "P1", "name": [{"text": "Ann"}]}
    take_in(patient, *(observation(f"O{n}") for n in range(250)))
    take_in(observation(), owner=BOB)
    take_in({"resourceType": "Observation", "id": "steps/1"}, source=wearable())
    before = everything()
    for statement in SPOILT:
        database.cursor().execute(statement)
    assert everything() != before

    call_command("reindex")

    assert everything() == before


def test_owners_indexed_by_an_earlier_release_are_caught_up_with() -> None:
    take_in(observation("O1"))
    take_in(observation("O1"), owner=BOB)
    before = everything()
    assert reindex.behind(limit=9) == []  # what is new is of this generation
    cursor = database.cursor()
    cursor.execute("update fhir_owner set indexed = %s", (INDEX_GENERATION - 1,))
    cursor.execute("delete from fhir_token")

    assert tasks.reindex() == 2

    assert everything() == before
    assert reindex.behind(limit=9) == []
    assert tasks.reindex() == 0
