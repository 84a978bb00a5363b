"""Alice, Bob and Mallory's user as apps see them through the FHIR API."""

from __future__ import annotations

from datetime import datetime

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.fhirstore.fhir_client import Fhir


@pytest.fixture
def fhir(alice: AppUser, alice_token: str, now: datetime) -> Fhir:
    """Alice's calls."""
    return Fhir(alice_token, alice.pk, now)


@pytest.fixture
def bobs(bob: AppUser, bob_token: str, now: datetime) -> Fhir:
    return Fhir(bob_token, bob.pk, now)


@pytest.fixture
def mallorys(mallory_user: AppUser, mallory_token: str, now: datetime) -> Fhir:
    return Fhir(mallory_token, mallory_user.pk, now)


@pytest.fixture
def server(dana_app: NewClient, now: datetime) -> Fhir:
    """Dana's server: calls with client headers, for all users."""
    client = Fhir("", 0, now)
    client.headers = {
        "client-id": dana_app.client_id,
        "client-secret": dana_app.client_secret,
        "x-oneup-user-id": "client",
    }
    return client
