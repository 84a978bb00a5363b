from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_an_embedded_postgresql_18() -> None:
    with connection.cursor() as cursor:
        cursor.execute("show server_version_num")
        assert cursor.fetchone()[0].startswith("18")
