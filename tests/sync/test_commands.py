from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AppUser
from connectors.models import Connection, System
from tests.sync.conftest import connect, stored
from tests.sync.hospital import condition, observation

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the one JSON object on stdout."""
    status = 0
    try:
        call_command(*words, "--json")
    except SystemExit as end:
        status = int(str(end.code))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    answer = json.loads(out)
    assert isinstance(answer, dict)
    return status, answer


def test_sync_now_skips_what_may_not_run(
    alice: AppUser, system: System, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    parked = connect(alice, system, now, parked=True)
    busy = connect(alice, system, now, lease_until=now + timedelta(minutes=1))
    status, answer = run(capsys, "sync_now", "--app-user", str(alice.pk))
    assert status == 0
    assert answer == {"runs": [], "skipped": [parked.public_id, busy.public_id]}


def test_sync_now_tells_a_failure_and_ends_with_one(
    transactional_db: None,
    alice: AppUser,
    system: System,
    now: datetime,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = connect(alice, system, now)
    status, answer = run(capsys, "sync_now", "--connection", row.public_id)
    assert status == 1
    (told,) = answer["runs"]
    assert told["connection"] == row.public_id
    assert told["outcome"] == "failed"
    assert told["error"]["code"] == "authorization_expired"


def test_sync_now_without_connections_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sync_now")
    assert capsys.readouterr().out == "No connection to sync.\n"
    assert run(capsys, "sync_now") == (0, {"runs": [], "skipped": []})


@pytest.mark.parametrize("words", [["--connection", "c_none"], ["--app-user", "4711"]])
def test_sync_now_refuses_what_it_does_not_know(words: list[str]) -> None:
    with pytest.raises(CommandError, match="unknown"):
        call_command("sync_now", *words)


def load(capsys: pytest.CaptureFixture[str], user: AppUser, *paths: Path) -> Any:
    words = ["load_resources", "--app-user", str(user.pk), "--fhir-version", "r4"]
    return run(capsys, *words, *map(str, paths))


def test_load_resources_takes_bundles_ndjson_and_gz(
    alice: AppUser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": condition(1)}]}
    lines = "".join(json.dumps(observation(n)) + "\n" for n in range(3))
    first, second = tmp_path / "bundle.json", tmp_path / "observations.ndjson.gz"
    first.write_text(json.dumps(bundle, indent=1))
    second.write_bytes(gzip.compress(lines.encode()))
    status, answer = load(capsys, alice, first, second)
    assert status == 0
    assert answer == {"created": 4, "updated": 0, "unchanged": 0, "rejected": 0, "problems": []}
    assert stored(alice.pk) == (4, 0)


def test_load_resources_keeps_ids_as_sent_and_a_second_load_doubles_nothing(
    alice: AppUser, bob: AppUser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(condition(5)))
    load(capsys, alice, path)
    status, answer = load(capsys, alice, path)
    assert status == 0
    assert (answer["created"], answer["updated"], answer["unchanged"]) == (0, 0, 1)
    assert stored(alice.pk) == (1, 0)
    assert stored(bob.pk) == (0, 0)


def test_load_resources_keeps_the_good_and_tells_the_bad(
    alice: AppUser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed, noise = tmp_path / "mixed.ndjson", tmp_path / "noise.json"
    nowhere = {"resourceType": "Nowhere", "id": "x"}
    mixed.write_text(f"{json.dumps(condition(1))}\n{{oops\n{json.dumps(nowhere)}\n")
    noise.write_text("once upon a time")
    status, answer = load(capsys, alice, mixed, noise, tmp_path / "none.json")
    assert status == 1
    assert (answer["created"], answer["rejected"]) == (1, 4)
    places = sorted(problem.split(": ")[0] for problem in answer["problems"])
    assert places == ["mixed.ndjson:2", "mixed.ndjson:3", "noise.json", "none.json"]


def test_load_resources_refuses_an_unknown_user(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unknown app user"):
        call_command("load_resources", "--app-user", "4711", "--fhir-version", "r4", "x.json")


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("sync_now", "load_resources"):
        with pytest.raises(SystemExit):
            call_command(name, "--help")
        assert f"manage.py {name} " in capsys.readouterr().out


def test_sync_now_prints_lines_for_people(
    alice: AppUser, system: System, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    row = connect(alice, system, now, status=Connection.DISCONNECTED)
    call_command("sync_now", "--connection", row.public_id)
    assert capsys.readouterr().out.startswith(f"{row.public_id}: skipped")
