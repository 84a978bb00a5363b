"""Alice, who takes in whole folders of test data."""

from __future__ import annotations

from datetime import datetime

import pytest

from accounts.models import AppUser
from tests.data.place import DATA
from tests.fhirstore.fhir_client import Fhir


@pytest.fixture
def fhir(alice: AppUser, alice_token: str, now: datetime) -> Fhir:
    if not DATA.exists():
        pytest.skip(f"there is no test data at {DATA}")
    return Fhir(alice_token, alice.pk, now)
