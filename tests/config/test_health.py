from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts import clock
from sync.models import Tick

pytestmark = pytest.mark.django_db


def test_healthz_is_200_when_the_database_answers() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "up"})
    assert answer["Cache-Control"] == "no-store"


def test_readyz_names_what_is_missing() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "down",
        "database": "up",
        "cluster": "down",
        "tick": "down",
    }


@pytest.mark.parametrize("age, tick", [(0, "up"), (170, "up"), (190, "down")])
def test_a_tick_is_recent_for_three_minutes(age: int, tick: str) -> None:
    Tick.objects.create(pk=1, at=clock.now() - timedelta(seconds=age))
    assert Client().get("/readyz").json()["tick"] == tick
