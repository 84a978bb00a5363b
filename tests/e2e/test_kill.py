"""`kill -9` of the worker, then of the web server, during a first sync: all arrives, nothing twice.

Ten seeded runs against one real stack, each with a new user, each killing at another moment. Leases
are made short, so that a run
takes seconds instead of minutes; nothing else differs from what ships.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
import requests

from tests.contract.api import App, User, wait_for
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("kill")

EPIC = "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(env={"SYNC_LEASE_SECONDS": "5", "ONEUP_SYNC_SECONDS": "120"}) as running:
        yield running


def kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


def kill_worker(stack: Stack, dice: random.Random) -> None:
    """Kill one process of the cluster, or all of them at once."""
    main = psutil.Process(stack.pids()["cluster"])
    family = [*main.children(recursive=True)]
    for victim in [main, *family] if dice.random() < 0.5 else dice.sample(family, 1):
        kill(victim)


def kill_web(stack: Stack) -> None:
    main = psutil.Process(stack.pids()["web"])
    for victim in [main, *main.children(recursive=True)]:
        kill(victim)


def status(person: User) -> list[str]:
    try:
        answer = person.get("/connect/api/connections")
    except requests.ConnectionError:
        return []
    return [row["status"] for row in answer.json()["entry"]] if answer.ok else []


@pytest.mark.parametrize("seed", range(10))
def test_a_killed_first_sync_loses_and_doubles_nothing(stack: Stack, seed: int) -> None:
    dice = random.Random(seed)
    app = App(stack.base_url, stack.client_id, stack.client_secret)
    person = app.user(f"victim-{seed}")
    browser = Browser(stop_at=stack.redirect_uri)
    # A first sync takes a second or so; once the hospital is so slow that whole
    # pages are in before the kill and others are not.
    slow = seed == 0
    account = "fhirjason+slow" if slow else "fhirjason"
    browser.open(person.connect_url("clinical", 4706)).sign_in(account, "epicepic1")

    time.sleep(dice.uniform(4, 14) if slow else dice.uniform(0, 1.5))
    kill_worker(stack, dice)
    time.sleep(dice.uniform(0, 0.5))
    kill_web(stack)
    wait_for(lambda: status(person), seconds=30, what="the web server is back")
    stack.queue_tick_until(
        lambda: status(person) == ["connected"], seconds=150, what="the first sync was completed"
    )

    events = person.pages("/r4/AuditEvent?_count=100")
    told = Counter(entry["resource"]["subtype"][0]["code"] for entry in events)
    ends = told["member-data-ingestion-completed"] + told["member-data-ingestion-timeout"]
    assert (told["data-transfer-initiated"], ends) == (1, 1), told

    expected = stack.sandbox_expected("4706", "fhirjason")
    for rtype, sources in expected.items():
        if rtype == "Binary":
            continue
        entries = person.pages(f"/fhir/dstu2/{rtype}?_count=200")
        arrived = Counter(
            identifier["value"]
            for entry in entries
            for identifier in entry["resource"].get("identifier", ())
            if identifier.get("system") == EPIC
        )
        assert set(sources) <= set(arrived), f"{rtype}: something is missing"
        assert max(arrived.values()) == 1, f"{rtype}: something arrived twice"
        for entry in entries:
            assert entry["resource"]["meta"]["versionId"] == "9000000000000", rtype
