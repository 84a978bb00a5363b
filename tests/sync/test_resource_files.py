from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from fhirstore.digits import dumps
from sync.resource_files import Found, Unreadable, read_resources

PATIENT = {"resourceType": "Patient", "id": "a"}
GOAL = {"resourceType": "Goal", "id": "b"}
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"resource": GOAL}]}


def line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def pretty(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()


@pytest.mark.parametrize(
    "content, told",
    [
        (line(PATIENT), ["Patient f:1"]),
        (line(PATIENT) + b"\n" + line(GOAL), ["Patient f:1", "Goal f:3"]),
        (pretty(PATIENT), ["Patient f"]),
        (b"\n" + pretty(PATIENT), ["Patient f"]),
        (b"\xef\xbb\xbf" + line(PATIENT), ["Patient f:1"]),
        (line(BUNDLE), ["Patient f:1 entry 0", "Goal f:1 entry 1"]),
        (pretty(BUNDLE), ["Patient f entry 0", "Goal f entry 1"]),
        (line(PATIENT) + b"{oops\n" + line(GOAL), ["Patient f:1", "f:2: not JSON", "Goal f:3"]),
        (b"{oops\n" + line(GOAL), ["f:1: not JSON", "Goal f:2"]),
        (line([PATIENT]), ["f:1: not a FHIR resource"]),
        (line({"id": "x"}), ["f:1: not a FHIR resource"]),
        (b"once upon a time\nthere was\n", ["f: neither JSON nor NDJSON"]),
        (b"\xff\xfe\x00", ["f: neither JSON nor NDJSON"]),
        (b"", []),
        (line({"resourceType": "Bundle"}), []),
        (
            line({"resourceType": "Bundle", "entry": {}}),
            ["f:1: a Bundle whose entry is not a list"],
        ),
        (
            line({"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {}, 7]}),
            ["Patient f:1 entry 0", "f:1 entry 1: no resource", "f:1 entry 2: no resource"],
        ),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_file_is_read(tmp_path: Path, content: bytes, told: list[str], packed: bool) -> None:
    path = tmp_path / "f"
    path.write_bytes(gzip.compress(content) if packed else content)
    read: list[int] = []
    said = [
        f"{one.resource['resourceType']} {one.place}"
        if isinstance(one, Found)
        else f"{one.place}: {one.reason}"
        for one in read_resources(path=path, advance=read.append)
    ]
    assert said == told
    assert sum(read) <= path.stat().st_size


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_gzip_keeps_what_came_before(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "f.gz"
    packed = bytearray(gzip.compress(line(PATIENT) * 10))
    if damage == "cut":
        del packed[-8:]
    else:
        packed[-5] ^= 0xFF
    path.write_bytes(bytes(packed))
    *found, last = read_resources(path=path)
    assert last == Unreadable(place="f.gz", reason="damaged gzip")
    assert all(isinstance(one, Found) for one in found)


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path: Path) -> None:
    (missing,) = read_resources(path=tmp_path / "none.json")
    assert missing == Unreadable(place="none.json", reason="No such file or directory")
    (folder,) = read_resources(path=tmp_path)
    assert isinstance(folder, Unreadable)


def test_references_between_entries_follow_their_new_names(tmp_path: Path) -> None:
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "urn:uuid:1"},
        "evidence": [{"detail": [{"reference": "urn:uuid:unknown"}, {"reference": "Goal/b"}]}],
    }
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT},
        {"fullUrl": "https://x.example/Condition/c", "resource": condition},
    ]
    path = tmp_path / "bundle.json"
    path.write_bytes(line({"resourceType": "Bundle", "entry": entries}))
    *_, found = read_resources(path=path)
    assert isinstance(found, Found)
    assert found.resource["subject"] == {"reference": "Patient/a"}
    assert found.resource["evidence"] == condition["evidence"]


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "f.ndjson"
    path.write_bytes(b'{"resourceType":"Observation","valueQuantity":{"value":1.50}}\n')
    (found,) = read_resources(path=path)
    assert isinstance(found, Found)
    assert b"1.50" in dumps(found.resource)
