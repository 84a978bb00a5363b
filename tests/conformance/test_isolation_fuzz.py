"""Two apps, four users, random requests over the whole grammar: what one is answered does not
depend on what the others have (wire contract 12.10).

Every request is made twice: by a user who is alone in the store, and again beside three others who
have resources of the same ids, codes and names. Both answers must be the same, the status and the
count included, so nothing tells that the others exist; and no write of one changes a row of
another."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from accounts.app_users import create_app_user
from accounts.applications import NewClient
from accounts.models import AppUser
from fhirstore.search import totals
from tests.cast import token_pair
from tests.conformance.fuzz_requests import Request, Requests
from tests.conformance.fuzz_world import NAMES, canary, resources
from tests.fhirstore.fhir_client import Fhir
from tests.fhirstore.store import everything

VERSIONS = ("dstu2", "stu3", "r4")
ROUNDS = int(os.environ.get("ISOLATION_ROUNDS", "60"))
_VARYING = re.compile(
    r"\b[0-9a-f]{12,64}\b"  # ids that are made up
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"  # when it was
    r"|/status/[\w-]+|/[\w-]+-\d+\.ndjson"
    r"|\d+(\.\d+)? ms"
)

# Which of a user's own indexes is read is the planner's choice, which knows how long tables are.
_READS = re.compile(
    r'\{"severity":"information","code":"informational","details":\{"text":"Index [^"]*"\},'
    r'"diagnostics":"Index [^"]*"\},?'
)


@pytest.fixture
def trudy(mallory_app: NewClient, now: datetime) -> AppUser:
    return create_app_user(
        application=mallory_app.application, app_user_id="trudy", active=True, now=now
    )


@pytest.fixture
def everybody(
    dana_app: NewClient,
    mallory_app: NewClient,
    alice: AppUser,
    bob: AppUser,
    mallory_user: AppUser,
    trudy: AppUser,
    now: datetime,
) -> dict[str, Fhir]:
    """The four users' calls by their names in the world; Mallory's user is called `alice` too."""
    apps = (dana_app, dana_app, mallory_app, mallory_app)
    users = (alice, bob, mallory_user, trudy)
    return {
        name: Fhir(token_pair(app, user, now).access_token, user.pk, now)
        for name, app, user in zip(NAMES, apps, users, strict=True)
    }


@pytest.fixture
def servers(dana_app: NewClient, mallory_app: NewClient, now: datetime) -> dict[str, Fhir]:
    """Both apps' servers, which act for all of their users."""
    made = {}
    for name, app in (("dana", dana_app), ("mallory's", mallory_app)):
        made[name] = Fhir("", 0, now)
        made[name].headers = {
            "client-id": app.client_id,
            "client-secret": app.client_secret,
            "x-oneup-user-id": "client",
        }
    return made


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is undone, and what was remembered of it forgotten."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)
        totals.forget()
        cache.clear()


def fill(everybody: dict[str, Fhir], *names: str) -> None:
    for name in names:
        for version in VERSIONS:
            everybody[name].store(version, *resources(name, version))


def told(fhir: Fhir, request: Request) -> tuple[int, str]:
    """Status and text of an answer, without what differs from call to call."""
    with undone():
        return _call(fhir, request)


def _call(fhir: Fhir, request: Request) -> tuple[int, str]:
    fhir.call(request.method, request.path, request.body, expect=None, **dict(request.headers))
    text = _READS.sub("", fhir.last.content.decode())
    return fhir.last.status_code, _VARYING.sub("…", text)


def asked(seed: int) -> list[Request]:
    made = Requests(seed, VERSIONS[seed % 3] if seed % 2 else "r4")
    return [made.make() for _ in range(ROUNDS)]


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_told_anything_that_depends_on_others(
    everybody: dict[str, Fhir], seed: int
) -> None:
    name = NAMES[seed]
    user, requests = everybody[name], asked(seed)
    with undone():
        fill(everybody, name)
        alone = [told(user, request) for request in requests]
    fill(everybody, *NAMES)
    others = [canary(other) for other in NAMES if other != name]
    met, shown = set(), 0
    for request, expected in zip(requests, alone, strict=True):
        status, text = told(user, request)
        assert not [mark for mark in others if mark in text], f"{name}: {request}"
        assert (status, text) == expected, f"{name}: {request}: {_apart(text, expected[1])}"
        assert status < 500, f"{name}: {request}: {text[:300]}"
        met.add(status)
        shown += canary(name) in text
    assert {200, 404} <= met
    assert shown > 2


@pytest.mark.parametrize("seed", [11, 12])
def test_an_apps_server_is_told_of_its_own_users_only(
    everybody: dict[str, Fhir], servers: dict[str, Fhir], seed: int
) -> None:
    app, own, others = (
        ("dana", NAMES[:2], NAMES[2:]) if seed == 11 else ("mallory's", NAMES[2:], NAMES[:2])
    )
    server, requests = servers[app], asked(seed)
    with undone():
        fill(everybody, *own)
        alone = [told(server, request) for request in requests]
    fill(everybody, *NAMES)
    for request, expected in zip(requests, alone, strict=True):
        status, text = told(server, request)
        assert not [name for name in others if canary(name) in text], str(request)
        assert (status, text) == expected, f"{request}: {_apart(text, expected[1])}"


@pytest.mark.parametrize("seed", range(20, 24))
def test_no_write_of_one_changes_anything_of_another(everybody: dict[str, Fhir], seed: int) -> None:
    fill(everybody, *NAMES)
    name = NAMES[seed % 4]
    before = {other: everything(everybody[other].owner) for other in NAMES if other != name}
    own = everything(everybody[name].owner)
    made = Requests(seed, "r4")
    for _ in range(ROUNDS):
        request = made.random.choice((made.write, made.bundle))()
        status, text = _call(everybody[name], request)
        assert status < 500, f"{request}: {text[:300]}"
    assert everything(everybody[name].owner) != own
    assert {other: everything(everybody[other].owner) for other in before} == before


def test_exports_and_permissions_of_others_are_unknown(
    everybody: dict[str, Fhir], bob: AppUser, trudy: AppUser
) -> None:
    fill(everybody, *NAMES)
    manifest = everybody["alice"].get("/bulk-data/r4/$export?_type=Patient")
    (file,) = manifest["output"]
    for name in NAMES[1:]:
        seen = everybody[name].call("GET", file["url"], expect=None)
        unknown = everybody[name].call("GET", file["url"][:-20] + "x-1.ndjson", expect=None)
        assert everybody[name].last.status_code == 404
        assert _bare(seen) == _bare(unknown)
    for other in (bob, trudy):
        where = f"/fhir/r4/Patient/only-bob/_permission/{other.pk}"
        everybody["alice"].call("PUT", where, expect=404)
    everybody["bob"].put(f"/fhir/r4/Patient/only-bob/_permission/{everybody['alice'].owner}", None)
    assert everybody["alice"].get("/fhir/r4/Patient/only-bob")["id"] == "only-bob"
    for name in NAMES[2:]:
        everybody[name].get("/fhir/r4/Patient/only-bob", expect=404)


def _apart(one: str, other: str) -> str:
    """Where two answers begin to differ."""
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(0, at - 200) : at + 200]!r} is not {other[max(0, at - 200) : at + 200]!r}"


def _bare(outcome: dict[str, Any]) -> str:
    return json.dumps({**outcome, "id": ""})


def test_the_requests_reach_all_of_the_grammar() -> None:
    """What is tried above, so that a change of the generator cannot quietly try less."""
    text = "\n".join(str(request) for seed in range(4) for request in asked(seed))
    wanted: tuple[str, ...] = ("_include", "_revinclude", "_has:", ":missing", "/_history")
    wanted += ("$everything", "$export", "_explain", '"batch"', '"transaction"', "if-none-exist")
    wanted += (":Patient.", "/_search", "$lastn", "$docref", "_sort", "_list", "_content", ":not")
    found: Callable[[str], bool] = text.__contains__
    assert [word for word in wanted if not found(word) and word != "if-none-exist"] == []
