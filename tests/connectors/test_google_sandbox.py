"""The wearable's account of the sandbox, over HTTP: days, hours, nights and weighings."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from pytest_django import Settings

from accounts.models import AppUser
from connectors.catalog.load import load_catalogue
from connectors.models import Connection, System
from tests.connectors.runs import Harvest, run
from tests.connectors.sandbox_process import connected

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def band(address: str, settings: Settings, db: None) -> System:
    settings.SANDBOX, settings.SANDBOX_URL = True, address
    load_catalogue(sandbox_url=address)
    return System.objects.get(pk=4709)


@pytest.fixture
def walker(band: System, alice: AppUser, now: datetime) -> Connection:
    return connected(band, alice, username="demo", password="demo", now=now)


def test_the_grant_names_the_vendors_account(walker: Connection) -> None:
    assert walker.account == "AB12CD"
    assert walker.base == "https://api.fitbit.com/user/AB12CD"
    assert walker.iss == "https://api.fitbit.com"


def test_a_year_arrives_within_a_few_runs(walker: Connection, now: datetime) -> None:
    found = run(walker, now=now)
    assert (found.refused, found.problems) == ({}, [])
    yesterday = (now.astimezone(NEW_YORK) - timedelta(days=1)).date()
    steps = found.by_id()[f"Observation/steps/{yesterday}"]
    assert steps["status"] == "final"
    codes = [coding["code"] for coding in steps["code"]["coding"]]
    assert codes == ["66334-4", "41950-7"]
    assert steps["effectivePeriod"]["start"].startswith(f"{yesterday}T00:00:00-0")
    assert steps["valueQuantity"]["value"] > 1000
    today = found.by_id()[f"Observation/steps/{now.astimezone(NEW_YORK).date()}"]
    assert today["status"] == "preliminary"
    assert [coding["code"] for coding in today["code"]["coding"]] == ["66334-4", "55423-8"]
    kinds = {o["id"].partition("/")[0] for o in found.of("Observation")}
    assert kinds == {
        "steps",
        "distance",
        "floors",
        "active-energy",
        "heart-rate",
        "resting-heart-rate",
        "weight",
        "body-fat",
        "sleep",
    }
    assert [d["id"] for d in found.of("Device")] == ["account"]
    days = _days(found)
    for minutes in range(2, 40, 2):
        found = run(walker, now=now + timedelta(minutes=minutes), checkpoints=found.checkpoints)
        days |= _days(found)
    assert len(days) >= 365
    windows = [key for key, _, _ in found.windows]
    assert len(windows) == len(set(windows)), "the past is asked again and again"


def test_two_minutes_later_there_is_a_newer_count(walker: Connection, now: datetime) -> None:
    first = run(walker, now=now)
    address = walker.system.api_base.partition("/wearable")[0]
    answer = requests.post(f"{address}/control/advance", json={"seconds": 120}, timeout=20)
    assert answer.ok, answer.text
    later = now + timedelta(minutes=2)
    second = run(walker, now=later, checkpoints=first.checkpoints)
    name = f"Observation/steps/{now.astimezone(NEW_YORK).date()}"
    before = first.by_id()[name]["valueQuantity"]["value"]
    assert second.by_id()[name]["valueQuantity"]["value"] > before


def test_a_refused_measure_leaves_the_others_whole(
    band: System, alice: AppUser, now: datetime
) -> None:
    other = connected(band, alice, username="demo+403", password="demo", now=now)
    found = run(other, now=now)
    assert set(found.refused) == {"sleep"}
    assert f"Observation/steps/{now.astimezone(NEW_YORK).date()}" in found.by_id()


def _days(harvest: Harvest) -> set[str]:
    return {o["id"] for o in harvest.of("Observation") if o["id"].startswith("steps/")}
