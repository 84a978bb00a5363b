"""What is recognised by its text, or made ready before the lock is taken, is stored as what is read
and looked at as a whole: the same rows, the same bytes, the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirstore import arrival, database, sorting, writes
from fhirstore.ingest import ingest
from fhirstore.source import IngestSummary, Source
from tests.benchmarks.observations import observation as measured
from tests.benchmarks.observations import source as measured_by
from tests.fhirstore.odd import RESOURCES
from tests.fhirstore.store import (
    ALICE,
    BOB,
    EPIC,
    LATER,
    NOW,
    bodies,
    everything,
    hospital,
    observation,
    take_in,
    wearable,
)

pytestmark = pytest.mark.django_db

Sent = Sequence[bytes | dict[str, Any]]


@contextmanager
def carefully() -> Iterator[None]:
    """Each batch is read first and looked at as a whole."""

    def sort(self: sorting.Sorting, raws: Sent) -> None:
        raise sorting.Doubtful

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting.Sorting, "sort", sort)
        yield


@contextmanager
def never_carefully() -> Iterator[None]:
    def refuse(*args: Any, **kwargs: Any) -> IngestSummary:
        raise AssertionError("looked at as a whole")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhirstore.ingest._Batch._carefully", refuse)
        yield


_STORED = (
    "select rtype, fid, vers, rid >> 19, self, updated, lo, hi, conn, src, present, version, hash,"
    " also, (select array_agg(k order by k) from unnest(keys) k), convert_to(body, 'UTF8')"
    " from fhir_resource where owner = %s",
    "select rtype, fid, key, sys, t.vers from fhir_token t join fhir_resource r using (owner, rid)"
    " where owner = %s",
    "select rtype, fid, key, t.lo, t.hi from fhir_range t join fhir_resource r using (owner, rid)"
    " where owner = %s",
    "select rtype, fid, key, val, raw from fhir_string t join fhir_resource r using (owner, rid)"
    " where owner = %s",
    "select rtype, fid, vers, version, updated, convert_to(body, 'UTF8') from fhir_history"
    " where owner = %s",
    "select rtype, fid, vers, version, deleted, hidden, conn, src, hash from fhir_tombstone"
    " where owner = %s",
    "select rtype, fid, vers, version, at, action from fhir_outbox where owner = %s",
    "select src, vers, fid from fhir_alias where owner = %s",
)
"""All that is stored, but for the numbers of the changes: what is new has the first ones."""


def stored(owner: int) -> list[list[str]]:
    cursor = database.cursor()
    return [sorted(map(str, cursor.execute(sql, (owner,)).fetchall())) for sql in _STORED]


def both_ways(*rounds: Sent, source: Source) -> list[IngestSummary]:
    """Each round stored for Alice, and carefully for Bob; what is there and what was told must be
    the same, after each."""
    told = []
    for number, sent in enumerate(rounds):
        now = LATER if number else NOW
        summary = ingest(owner=ALICE, source=source, resources=sent, now=now)
        with carefully():
            other = ingest(owner=BOB, source=source, resources=sent, now=now)
        assert summary == other
        assert stored(ALICE) == stored(BOB)
        told.append(summary)
    return told


PATIENT = {"resourceType": "Patient", "id": "P1", "name": [{"family": "Ödegård", "given": ["A"]}]}
DEVICE = {"resourceType": "Device", "id": "D1", "type": {"text": "pump"}}
ODD: dict[str, dict[str, Any]] = {
    "contained": observation(
        "c",
        contained=[{"resourceType": "Patient", "id": "x", "link": [{"reference": "Patient/P1"}]}],
        performer=[{"reference": "#x"}, {"reference": "Practitioner/1"}],
    ),
    "extensions": observation(
        "e",
        extension=[{"url": "urn:e", "valueReference": {"reference": "Location/1"}}],
        _status={"extension": [{"url": "urn:s", "valueReference": {"reference": "Patient/P1"}}]},
        note=[{"authorReference": {"reference": f"{EPIC}/Practitioner/1"}, "text": "\u00e9\u0000"}],
    ),
    "absolute": observation("a", subject={"reference": f"{EPIC}/Patient/P1/_history/3"}),
    "elsewhere": observation("f", encounter={"reference": "https://other.example/Encounter/1"}),
    "of another patient": observation("o", subject={"reference": "Patient/P2"}),
    "of nobody": {"resourceType": "Organization", "id": "org", "partOf": {"reference": "x"}},
    "a device without owner": DEVICE,
    "refers to the device": observation("d", device={"reference": "Device/D1"}),
    "of a device": {
        "resourceType": "Device",
        "id": "D2",
        "patient": {"reference": "Patient/P1"},
        "location": {"reference": "Location/1"},
    },
    "a reference at the top": {"resourceType": "Basic", "id": "b", "reference": "Patient/P1"},
    "identifiers": observation(
        "i",
        identifier=[
            {"value": "i", "system": "urn:a"},
            {"value": "I", "system": "urn:b"},
            {"assigner": {"reference": "Organization/org"}},
        ],
    ),
    "an identifier of our own": observation("own", identifier=[{"system": EPIC, "value": "own"}]),
    "an identifier of no shape": observation("n", identifier={"value": 5}),
    "meta": observation(
        "m",
        meta={
            "lastUpdated": "x",
            "tag": [{"code": "t"}],
            "extension": [{"url": "u", "valueReference": {"reference": "Patient/P1"}}],
        },
    ),
    "meta of no shape": observation("m2", meta=["Patient/P1"]),
    "a document": {
        "resourceType": "DocumentReference",
        "id": "doc",
        "subject": {"reference": "Patient/P1"},
        "content": [{"attachment": {"url": "Binary/1"}}, {"attachment": {"url": "https://x/y"}}],
    },
    "a binary": {"resourceType": "Binary", "id": "bin", "contentType": "a/b", "content": "AA=="},
    "two dates": observation("t", effectiveInstant="2020-01-01T00:00:00.000+01:00"),
    "no id": {k: v for k, v in observation().items() if k != "id"},
    "an empty id": observation(""),
    "an escaped id": observation('q"\\u'),
    "a long id": observation("x" * 300),
    "not of this kind": {"resourceType": "Nothing", "id": "1"},
    "directs the server": {"resourceType": "Subscription", "id": "1"},
    "a bad id": {"resourceType": "Observation", "id": 5},
}


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_odd_resources_are_stored_the_same(version: str) -> None:
    sent = [PATIENT, *ODD.values()]
    printed = [json.dumps(one, indent=2).encode() for one in sent]
    source = hospital(version=version, also_bases=("https://open-ic.epic.com:443/alias",))

    first, again, reprinted = both_ways(sent, sent, printed, source=source)

    assert first.created > 20
    assert (again.created, again.updated, again.rejected) == (0, 0, first.rejected)
    assert (reprinted.created, reprinted.updated) == (0, 0)


def test_what_is_new_or_known_is_not_looked_at_as_a_whole() -> None:
    sent = [measured(1, number) for number in range(30)]
    with never_carefully():
        for source in (measured_by(1), hospital(patient="patient-1", version="stu3")):
            summaries = [
                ingest(owner=ALICE, source=source, resources=sent, now=now) for now in (NOW, LATER)
            ]
            assert [(s.created, s.unchanged) for s in summaries] == [(30, 0), (0, 30)]
        changed = [measured(1, number, change=number % 2) for number in range(40)]
        summary = ingest(owner=ALICE, source=measured_by(1), resources=changed, now=LATER)
        assert (summary.created, summary.updated, summary.unchanged) == (10, 15, 15)


def test_what_is_stored_as_it_was_sent_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [orjson.dumps(observation(str(number))) for number in range(5)]
    take_in(*sent)

    def receive(self: Any, text: bytes, name: Any = None) -> Any:
        raise AssertionError("read")

    monkeypatch.setattr(arrival.Reception, "receive", receive)
    assert take_in(*sent, now=LATER).unchanged == 5
    with pytest.raises(AssertionError, match="read"):
        take_in(observation("0", status="amended"), now=LATER)
    with pytest.raises(AssertionError, match="read"):
        take_in(*sent, source=hospital(connection=8), now=LATER)


def test_a_batch_of_everything_at_once() -> None:
    first = [PATIENT, observation("1"), observation("2"), observation("3"), DEVICE]
    second: Sent = [
        observation("1"),
        observation("2", status="amended", device={"reference": "Device/D1"}),
        json.dumps(observation("3"), indent=1).encode(),
        observation("4", device={"reference": "Device/D3"}),
        {"resourceType": "Device", "id": "D3"},
        b"{",
        {"resourceType": "Observation", "id": "5"},
    ]

    _, summary = both_ways(first, second, source=hospital())

    assert (summary.created, summary.updated, summary.unchanged) == (3, 1, 2)
    assert summary.problems == ("not JSON",)


@pytest.mark.parametrize("wrong", ["", "x"])
def test_doubled_resources_are_counted_the_same(wrong: str) -> None:
    one, other = observation(), observation(status="amended")
    bad = b'{"resourceType":"Observation","id":"bad",' + wrong.encode()

    told = both_ways(
        [one, one, bad, bad],
        [other, one, observation("O2")],
        [one, other, one, bad, observation("O3")],
        [json.dumps(one).encode(), one, other, observation("O4"), observation("O4")],
        source=hospital(),
    )

    assert [(s.created, s.updated) for s in told] == [(1, 0), (1, 0), (1, 0), (1, 1)]


def test_a_name_that_misleads_is_no_harm() -> None:
    inner = b'{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"O1"}],'
    misleading = inner + b'"status":"final","id":"O9"}'
    twice = b'{"resourceType":"Observation","id":"O1","status":"final","id":"O8"}'

    both_ways(
        [observation(), misleading, twice],
        [misleading, observation(status="amended"), twice],
        [observation("O9"), twice, misleading],
        source=hospital(),
    )


def test_an_apps_edit_and_a_deletion_stand_against_the_same_text() -> None:
    sent = orjson.dumps(observation())
    for owner in (ALICE, BOB):
        take_in(sent, owner=owner)
        (name,) = bodies(owner)
        edited = observation(status="amended")
        fid = name.removeprefix("Observation/")
        writes.update(
            owner=owner, version="dstu2", rtype="Observation", fid=fid, body=edited, now=NOW
        )
    both_ways([sent], source=hospital())
    assert [body["status"] for body in bodies().values()] == ["amended"]
    for owner in (ALICE, BOB):
        writes.delete(owner=owner, version="dstu2", rtype="Observation", fid=fid, now=NOW)
    (summary,) = both_ways([sent], source=hospital())
    assert (summary.unchanged, bodies()) == (1, {})


def test_rows_of_earlier_releases_are_recognised_by_their_content() -> None:
    take_in(observation())
    cursor = database.cursor()
    cursor.execute("update fhir_resource set hash = substr(hash, 1, 16)")
    before = everything()

    assert take_in(observation(), now=LATER).unchanged == 1
    assert everything() == before


def test_a_writer_in_between_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sort = sorting.Sorting.sort

    def meanwhile(self: sorting.Sorting, raws: Sent) -> None:
        sort(self, raws)
        with carefully():
            ingest(owner=ALICE, source=hospital(), resources=[observation()], now=NOW)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting.Sorting, "sort", meanwhile)
        summary = take_in(observation(), observation("O2"))

    assert (summary.created, summary.unchanged, len(bodies())) == (1, 1, 2)
    assert [body["meta"]["versionId"] for body in bodies().values()] == ["9000000000000"] * 2


def test_wearable_data_is_stored_the_same() -> None:
    reading = observation("w", valueQuantity={"value": 72, "unit": "/min"})
    changed = reading | {"valueQuantity": {"value": 73, "unit": "/min"}}
    device = {"resourceType": "Device", "id": "watch", "deviceName": [{"name": "Watch"}]}
    referring = reading | {"id": "r", "device": {"reference": "Device/watch"}}

    told = both_ways(
        [reading, device, referring], [reading, device], [changed, device], source=wearable()
    )

    assert [(s.created, s.updated, s.unchanged) for s in told] == [(3, 0, 0), (0, 0, 2), (0, 1, 1)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rounds=st.lists(st.lists(RESOURCES, max_size=5), min_size=1, max_size=3),
    version=st.sampled_from(["dstu2", "stu3", "r4"]),
    printed=st.booleans(),
    number=st.sampled_from(["1.10", "100", "0.50", "1e2"]),
)
def test_whatever_comes_is_stored_the_same(
    rounds: list[list[dict[str, Any]]], version: str, printed: bool, number: str
) -> None:
    for table in ("resource", "token", "range", "string", "history", "outbox", "alias", "owner"):
        database.cursor().execute(f"delete from fhir_{table}")
    sent = [
        [json.dumps(one).replace(" 1,", f" {number},").encode() if printed else one for one in each]
        for each in rounds
    ]
    both_ways(*sent, sent[0], source=hospital(version=version))
