"""Every folder of test data is taken in, and every resource is found again by every parameter it
can be found by. A sample of each; `ALL_DATA=folder` tries all of it and leaves the figures there
(tests/data/report.py)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fhirstore import database
from tests.data import report as figures
from tests.data.corpus import FOLDERS, Folder, resources, sample
from tests.data.finding import look_for
from tests.data.loading import Loaded, put_all, send
from tests.fhirstore.fhir_client import Fhir
from tests.fhirstore.store import bodies

ALL = os.environ.get("ALL_DATA", "")
FILES, PER_TYPE, VALUES = 1, 2, 3
# A large folder is taken in a transaction a batch: in a single one every write would look through
# all earlier versions of the rows that it changes.
pytestmark = pytest.mark.django_db(transaction=bool(ALL))


def load(fhir: Fhir, folder: Folder) -> Loaded:
    files = folder.files()
    if folder.sent:
        return send(fhir, folder.version, files if ALL else files[-FILES:])
    if ALL:
        return put_all(fhir, folder.version, resources(files))
    return put_all(fhir, folder.version, sample(resources(files), per_type=PER_TYPE))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.path)
def test_everything_loads_and_is_found_again(fhir: Fhir, folder: Folder) -> None:
    loaded = load(fhir, folder)
    database.cursor().execute("analyze")
    stored = bodies(fhir.owner, folder.version)
    report = look_for(fhir, folder.version, stored.values(), most_values=0 if ALL else VALUES)
    if ALL:
        figures.write(Path(ALL), folder.path, loaded, report)
    assert loaded.stored
    assert len(report.resources) > 5
    assert [name for name, reason in loaded.refused if name not in folder.refused] == []
    assert report.errors == {}
    assert report.missing == {}
