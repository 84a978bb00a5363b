"""How answers travel: `_format`, `_pretty`, HEAD, gzip, and parts of what is read."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from fhirstore.api.packing import SMALLEST, takes_gzip
from tests.fhirstore.fhir_client import Fhir, observation

pytestmark = pytest.mark.django_db

LONG = [{"value": f"{n}" * 20} for n in range(100)]


@pytest.fixture(autouse=True)
def stored(fhir: Fhir) -> None:
    fhir.put("/r4/Observation/a", _body("a"), expect=201)
    fhir.put("/r4/Observation/long", _body("long", identifier=LONG), expect=201)


def _body(ident: str, **more: Any) -> bytes:
    resource = observation(ident, code={"text": "c"}, valueQuantity={"value": 1.5}, **more)
    return json.dumps(resource).replace("1.5", "1.50").encode()


@pytest.mark.parametrize(
    "path", ["Observation/a", "Observation", "Observation/a/_history", "Observation/none"]
)
def test_pretty(fhir: Fhir, path: str) -> None:
    plain = fhir.get(f"/r4/{path}", expect=None)
    assert b"\n" not in fhir.last.content
    pretty = fhir.get(f"/r4/{path}?_pretty=true", expect=None)
    assert b"\n  " in fhir.last.content
    assert int(fhir.last.headers["Content-Length"]) == len(fhir.last.content)
    assert set(pretty) == set(plain)
    if path == "Observation/a":
        assert pretty == plain
        assert b"1.50" in fhir.last.content
    fhir.get(f"/r4/{path}?_pretty=false", expect=None)
    assert b"\n" not in fhir.last.content


@pytest.mark.parametrize(
    "path", ["Observation/a", "Observation/long", "Observation", "Observation/none", "metadata"]
)
def test_head_is_get_without_a_body(fhir: Fhir, path: str) -> None:
    fhir.get(f"/r4/{path}", expect=None)
    got = fhir.last
    fhir.call("HEAD", f"/r4/{path}", expect=got.status_code)
    assert fhir.last.content == b""
    # An outcome's id is another every time, and as long.
    for header in ("Content-Length", "Content-Type", "ETag", "Last-Modified"):
        assert fhir.last.headers.get(header) == got.headers.get(header)


def test_gzip_for_who_asks_and_what_is_long(fhir: Fhir) -> None:
    fhir.get("/r4/Observation/long")
    plain = fhir.last.content
    assert len(plain) > SMALLEST
    assert "Content-Encoding" not in fhir.last.headers
    assert "Accept-Encoding" in fhir.last.headers["Vary"]
    packed = _get(fhir, "/r4/Observation/long")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.content) < len(plain)
    assert gzip.decompress(packed.content) == plain
    short = _get(fhir, "/r4/Observation/a")
    assert "Content-Encoding" not in short.headers


def test_the_length_of_what_is_compressed_tells_little(fhir: Fhir) -> None:
    lengths = {len(_get(fhir, "/r4/Observation/long").content) for _ in range(12)}
    assert len(lengths) > 1


def _get(fhir: Fhir, path: str) -> Any:
    headers = {**fhir.headers, "Accept-Encoding": "deflate, gzip"}
    return fhir.http.get(path, headers=headers)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("br, deflate", False),
        ("x-gzipped", False),
    ],
)
def test_who_can_read_gzip(accepted: str, expected: bool) -> None:
    assert takes_gzip(accepted) is expected


@pytest.mark.parametrize(
    ("version", "accept", "wanted", "status"),
    [
        ("r4", "", "json", 200),
        ("r4", "", "text/json", 200),
        ("r4", "", "application/json", 200),
        ("r4", "", "ttl", 406),
        ("r4", "", "text/turtle", 406),
        ("r4", "application/fhir+turtle", "", 406),
        ("r4", "application/fhir+json; fhirVersion=4.0", "", 200),
        ("r4", "application/fhir+json; fhirVersion=3.0", "", 406),
        ("r4", "application/fhir+json;fhirVersion=3.0, application/json;fhirVersion=4.0", "", 200),
        ("stu3", "application/fhir+json; fhirVersion=4.0", "", 200),
        ("dstu2", "", "ttl", 200),
    ],
)
def test_formats(fhir: Fhir, version: str, accept: str, wanted: str, status: int) -> None:
    query = f"?_format={wanted}" if wanted else ""
    fhir.get(f"/{version}/Observation{query}", accept=accept, expect=status)


@pytest.mark.parametrize("path", ["Observation/long", "Observation/long/_history/9000000000000"])
def test_a_read_shows_the_part_that_is_asked_for(fhir: Fhir, path: str) -> None:
    whole = fhir.get(f"/r4/{path}")
    part = fhir.get(f"/r4/{path}?_elements=value")
    assert set(part) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert part["meta"]["versionId"] == whole["meta"]["versionId"]
    assert set(fhir.get(f"/r4/{path}?_summary=data")) == set(whole)
    assert fhir.get(f"/r4/{path}?_summary=false") == whole
    fhir.get(f"/r4/{path}?_summary=nonsense", expect=400)


def test_operations_by_post(fhir: Fhir) -> None:
    fhir.store(
        "r4",
        observation("o", subject={"reference": "Patient/p"}, code={"coding": [{"code": "w"}]}),
        {
            "resourceType": "DocumentReference",
            "id": "d",
            "status": "current",
            "subject": {"reference": "Patient/p"},
            "type": {"coding": [{"system": "http://loinc.org", "code": "34133-9"}]},
            "content": [{"attachment": {"url": "http://example.org/d"}}],
        },
    )
    asked: dict[str, list[dict[str, Any]]] = {
        "Observation/$lastn": [
            {"name": "patient", "valueReference": {"reference": "Patient/p"}},
            {"name": "code", "valueString": "w"},
            {"name": "max", "valuePositiveInt": 2},
        ],
        "DocumentReference/$docref": [
            {"name": "patient", "valueId": "p"},
            {
                "name": "type",
                "valueCodeableConcept": {
                    "coding": [{"system": "http://loinc.org", "code": "34133-9"}]
                },
            },
            {"name": "on-demand", "valueBoolean": False},
        ],
    }
    for path, parameter in asked.items():
        body = {"resourceType": "Parameters", "parameter": parameter}
        assert fhir.post(f"/r4/{path}", body)["total"] == 1
        for wrong in (
            {"resourceType": "Patient"},
            {"resourceType": "Parameters", "parameter": ["x"]},
            {"resourceType": "Parameters", "parameter": [{"valueString": "x"}]},
            {"resourceType": "Parameters", "parameter": [{"name": "patient"}]},
            {"resourceType": "Parameters", "parameter": [{"name": "code", "valueCoding": {}}]},
        ):
            fhir.post(f"/r4/{path}", wrong, expect=400)
    assert fhir.post("/r4/Observation/$lastn", "patient=p&code=w")["total"] == 1
    assert fhir.post("/r4/DocumentReference/$docref", "patient=p")["total"] == 1
