"""The crowd itself: as many as it says, and statements are counted whichever cursor sends them."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import AppUser
from fhirstore import database as store
from tests.console.crowd import Crowd, statements

pytestmark = pytest.mark.django_db


def test_the_crowd_has_a_thousand_users_and_a_hundred_thousand_resources(crowd: Crowd) -> None:
    assert AppUser.objects.filter(application=crowd.application).count() == 1000
    row = store.cursor().execute("select count(*) from fhir_resource").fetchone()
    assert row is not None
    assert row[0] >= 100_000


def test_statements_of_both_cursors_are_counted() -> None:
    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        store.cursor().execute("select %s", (2,))
        AppUser.objects.count()

    assert statements(act) == 3
