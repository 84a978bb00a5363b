"""What a transaction settles: order, conditions, references, and that it happens whole or not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids
from tests.fhirstore.test_api_bundle import asked, bundle, patient, statuses

VERSIONS = ("dstu2", "stu3", "r4")
MRN = [{"system": "urn:mrn", "value": "7"}]


def observation(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


def conditional(resource: dict[str, Any], condition: str, full_url: str = "") -> dict[str, Any]:
    entry = asked("POST", resource["resourceType"], resource, full_url)
    entry["request"]["ifNoneExist"] = condition
    return entry


def posted(caller: Fhir, version: str, *entries: dict[str, Any], **more: Any) -> Any:
    return caller.post(f"/{version}", bundle("transaction", *entries), **more)


def resources(answer: dict[str, Any]) -> list[Any]:
    return [entry.get("resource") for entry in answer["entry"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_conditional_entries_and_what_refers_to_them(fhir: Fhir, version: str) -> None:
    made = "201 Created"
    entries = (
        conditional(patient(identifier=MRN), "identifier=urn:mrn|7", "urn:uuid:p"),
        asked("PUT", "Device?identifier=d", {"resourceType": "Device"}, "urn:uuid:d"),
        asked("POST", "Observation", observation("urn:uuid:p"), "urn:uuid:o"),
    )
    entries[1]["resource"]["identifier"] = [{"value": "d"}]
    if version == "dstu2":
        entries[1]["resource"]["type"] = {"text": "scale"}
    entries[2]["resource"]["device"] = {"reference": "urn:uuid:d"}
    first = posted(fhir, version, *entries)
    assert statuses(first) == [made] * 3
    person, device, reading = resources(first)
    assert reading["subject"]["reference"] == f"Patient/{person['id']}"
    assert reading["device"]["reference"] == f"Device/{device['id']}"
    assert reading["id"].startswith(person["id"])
    second = posted(fhir, version, *entries)
    assert statuses(second) == ["200 OK", "200 OK", made]
    assert [r["id"] for r in resources(second)][:2] == [person["id"], device["id"]]
    assert resources(second)[0] == person
    assert resources(second)[1]["meta"]["versionId"] == "9000000000001"
    assert resources(second)[2]["subject"]["reference"] == f"Patient/{person['id']}"
    assert fhir.get(f"/{version}/Patient")["total"] == 1


def test_equal_conditional_creates_in_one_transaction_make_one(fhir: Fhir) -> None:
    entries = [
        conditional(patient(identifier=MRN), "identifier=7", f"urn:uuid:{n}") for n in range(3)
    ]
    readings = [asked("POST", "Observation", observation(f"urn:uuid:{n}")) for n in range(3)]
    answer = posted(fhir, "r4", *entries, *readings)
    assert statuses(answer) == ["201 Created", "200 OK", "200 OK"] + ["201 Created"] * 3
    (person,) = ids(fhir.get("/r4/Patient"))
    assert {r["subject"]["reference"] for r in resources(answer)[3:]} == {f"Patient/{person}"}


@pytest.mark.parametrize("version", VERSIONS)
def test_conditional_references(fhir: Fhir, version: str) -> None:
    fhir.store(version, patient("there", identifier=[{"value": "1"}]))
    answer = posted(
        fhir,
        version,
        asked("POST", "Observation", observation("Patient?identifier=1")),
        asked("POST", "Observation", observation("Patient?identifier=urn:mrn|7")),
        asked("PUT", "Patient/new", patient("new", identifier=MRN)),
    )
    subjects = [r["subject"]["reference"] for r in resources(answer)[:2]]
    assert subjects == ["Patient/there", "Patient/new"]
    assert fhir.get(f"/{version}/Observation?subject=new")["total"] == 1
    for broken in ("Patient?identifier=9", "Patient?nonsense=1", "Patient?birthdate=x"):
        good = asked("POST", "Patient", patient("good"))
        bad = asked("POST", "Observation", observation(broken))
        told = posted(fhir, version, good, bad, expect=400)
        assert "Bundle.entry[1]" in told["issue"][0]["diagnostics"]
    fhir.get(f"/{version}/Patient/good", expect=404)
    fhir.store(version, patient("two", identifier=[{"value": "1"}]))
    posted(
        fhir,
        version,
        asked("POST", "Observation", observation("Patient?identifier=1")),
        expect=412,
    )


def operations(*changes: dict[str, Any]) -> dict[str, Any]:
    """A JSON Patch as Bundles take it."""
    data = base64.b64encode(json.dumps(changes).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


def fhirpath(name: str, path: str, **value: Any) -> dict[str, Any]:
    """A FHIRPath Patch that puts a value into an element."""
    parts = [
        {"name": "type", "valueCode": "replace" if not name else "add"},
        {"name": "path", "valueString": path},
        *([{"name": "name", "valueString": name}] if name else []),
        {"name": "value", **value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


@pytest.mark.parametrize("asks", ["Patient?identifier=urn:mrn|7", "urn:uuid:p"])
def test_references_in_patches(fhir: Fhir, asks: str) -> None:
    """By a condition, or to an entry; in whatever form the patch comes."""
    patches = {
        "text": operations({"op": "replace", "path": "/subject/reference", "value": asks}),
        "object": operations({"op": "add", "path": "/subject", "value": {"reference": asks}}),
        "deep": operations(
            {"op": "add", "path": "/performer", "value": [{"reference": asks}]},
            {"op": "replace", "path": "/subject", "value": {"reference": asks}},
        ),
        "path": fhirpath("", "Observation.subject", valueReference={"reference": asks}),
        "leaf": fhirpath("", "Observation.subject.reference", valueString=asks),
        "named": fhirpath("reference", "Observation.subject", valueString=asks),
    }
    for name in patches:
        display = {"display": "x"} if name == "named" else {"reference": "Patient/q"}
        fhir.store("r4", {**observation("Patient/q"), "id": name, "subject": display})
    entries = [
        asked("PATCH", f"Observation/{name}", patch, f"urn:uuid:{name}")
        for name, patch in patches.items()
    ]
    answer = posted(
        fhir,
        "r4",
        *entries,
        asked("PUT", "Patient/new", patient("new", identifier=MRN), "urn:uuid:p"),
    )
    assert {r["subject"]["reference"] for r in resources(answer)[:-1]} == {"Patient/new"}
    assert resources(answer)[2]["performer"] == [{"reference": "Patient/new"}]
    assert fhir.get("/r4/Observation?subject=Patient/new")["total"] == len(patches)


def test_a_conditional_reference_in_a_patch_that_nothing_meets(fhir: Fhir) -> None:
    fhir.store("r4", {**observation("Patient/q"), "id": "o"}, patient("a", identifier=MRN))
    change = {"op": "replace", "path": "/subject/reference", "value": "Patient?identifier=none"}
    told = posted(fhir, "r4", asked("PATCH", "Observation/o", operations(change)), expect=400)
    assert "Bundle.entry[0]" in told["issue"][0]["diagnostics"]
    fhir.store("r4", patient("b", identifier=MRN))
    several = operations({**change, "value": "Patient?identifier=7"})
    posted(fhir, "r4", asked("PATCH", "Observation/o", several), expect=412)
    # What is no reference stays as it is.
    note = {"op": "add", "path": "/note", "value": [{"text": "Patient?identifier=none"}]}
    noted = posted(fhir, "r4", asked("PATCH", "Observation/o", operations(note)))
    assert resources(noted)[0]["note"] == note["value"]


def test_a_conditional_reference_outside_a_transaction_is_no_search(fhir: Fhir) -> None:
    fhir.store("r4", patient("there", identifier=MRN))
    answer = fhir.post(
        "/r4", bundle("batch", asked("POST", "Observation", observation("Patient?identifier=7")))
    )
    assert "there" not in str(resources(answer))


def test_all_that_points_to_a_full_url_is_replaced(fhir: Fhir) -> None:
    base = "https://elsewhere.example/fhir"
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="urn:uuid:p">p</a></div>'
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "text": {"status": "generated", "div": div},
        "subject": {"reference": "Patient/17"},
        "content": [{"attachment": {"url": f"{base}/Binary/b"}}],
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:p"}],
    }
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "eA=="}
    answer = posted(
        fhir,
        "r4",
        asked("POST", "DocumentReference", document, f"{base}/DocumentReference/1"),
        asked("POST", "Patient", patient(), f"{base}/Patient/17"),
        asked("POST", "Patient", patient(), "urn:uuid:p"),
        asked("POST", "Binary", binary, f"{base}/Binary/b"),
    )
    made, first, second, content = resources(answer)
    assert made["subject"]["reference"] == f"Patient/{first['id']}"
    assert made["content"][0]["attachment"]["url"] == f"Binary/{content['id']}"
    assert f'href="Patient/{second["id"]}"' in made["text"]["div"]
    assert made["identifier"] == document["identifier"]


def test_the_order_is_delete_create_change_read(fhir: Fhir) -> None:
    fhir.store("r4", patient("old", identifier=MRN), patient("kept"))
    patch = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "add"},
                    {"name": "path", "valueString": "Patient"},
                    {"name": "name", "valueString": "gender"},
                    {"name": "value", "valueCode": "male"},
                ],
            }
        ],
    }
    answer = posted(
        fhir,
        "r4",
        asked("GET", "Patient?identifier=urn:mrn|7"),
        asked("GET", "Patient/kept"),
        asked("PATCH", "Patient/kept", patch),
        asked("PUT", "Patient/put", patient("put", identifier=MRN)),
        asked("POST", "Patient", patient("made", identifier=MRN)),
        asked("DELETE", "Patient?identifier=urn:mrn|7"),
    )
    found, kept = resources(answer)[:2]
    assert sorted(ids(found)) == ["made", "put"]
    assert kept["gender"] == "male"
    assert answer["entry"][5]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert "resource" not in answer["entry"][5]


@pytest.mark.parametrize(
    "entries, status",
    [
        ([asked("PUT", "Patient/a", patient("a")), asked("DELETE", "Patient?_id=a")], 400),
        ([asked("PUT", "Patient/a", patient("a")), asked("PUT", "Patient?_id=a", patient())], 400),
        ([asked("PUT", "Patient/x", patient("x")), asked("POST", "Patient", patient("x"))], 400),
        ([conditional(patient(), "_id=a"), asked("DELETE", "Patient/a")], 400),
        ([asked("PUT", "Patient?_id=a", patient("b"))], 400),
        ([asked("PUT", "Patient?gender=other", patient("a"))], 409),
        ([asked("PUT", "Patient?family=F", patient())], 412),
        ([asked("DELETE", "Patient?family=F")], 412),
        ([conditional(patient(), "family=F")], 412),
        ([conditional(patient(), "")], 400),
        ([conditional(patient(), "nonsense=1")], 400),
        ([asked("PATCH", "Patient?gender=other", {"resourceType": "Parameters"})], 404),
        ([asked("PUT", "Patient/c", patient("c")), asked("POST", "Patient", {})], 400),
        ([asked("POST", "Patient", {**patient(), "nonsense": 1})], 422),
    ],
)
def test_what_makes_it_fail_changes_nothing(
    fhir: Fhir, entries: list[dict[str, Any]], status: int
) -> None:
    names = [{"family": "F"}]
    fhir.store("r4", patient("a", name=names), patient("b", name=names))
    good = asked("POST", "Patient", patient("good"))
    told = posted(fhir, "r4", good, *entries, expect=status)
    assert told["resourceType"] == "OperationOutcome"
    assert ids(fhir.get("/r4/Patient")) == ["a", "b"]
    assert fhir.get("/r4/Patient/a")["meta"]["versionId"] == "9000000000000"


def test_conditions_of_entries(fhir: Fhir) -> None:
    fhir.store("r4", patient("a"))
    fhir.get("/r4/Patient/a")
    tag = fhir.last.headers["ETag"]

    def entry(method: str, **request: str) -> dict[str, Any]:
        made = asked(method, "Patient/a", patient("a") if method == "PUT" else None)
        made["request"] |= request
        return made

    answer = fhir.post(
        "/r4",
        bundle(
            "batch",
            entry("GET", ifNoneMatch=tag),
            entry("GET", ifModifiedSince="2999-01-01T00:00:00Z"),
            entry("GET", ifModifiedSince="1999-01-01T00:00:00Z"),
            entry("PUT", ifMatch='W/"1"'),
            entry("PUT", ifMatch=tag),
        ),
    )
    codes = [status[:3] for status in statuses(answer)]
    assert codes == ["304", "304", "200", "412", "200"]
    posted(fhir, "r4", entry("PUT", ifMatch=tag), expect=412)


def test_prefer_holds_for_every_entry(fhir: Fhir) -> None:
    entries = [asked("POST", "Patient", patient("a")), asked("PUT", "Patient/b", patient("b"))]
    answer = posted(fhir, "r4", *entries, prefer="return=minimal")
    assert resources(answer) == [None, None]
    for entry, fid in zip(answer["entry"], "ab", strict=True):
        assert entry["response"]["location"].endswith(f"/Patient/{fid}/_history/9000000000000")
        assert entry["response"]["etag"] == 'W/"9000000000000"'
        assert "lastModified" in entry["response"]
    answer = posted(fhir, "r4", *entries, prefer="return=OperationOutcome")
    assert all("outcome" in entry["response"] for entry in answer["entry"])


def test_nobody_else_meets_a_condition(fhir: Fhir, bobs: Fhir) -> None:
    bobs.store("r4", patient("b", identifier=MRN))
    answer = posted(fhir, "r4", conditional(patient(identifier=MRN), "identifier=7"))
    assert statuses(answer) == ["201 Created"]
    posted(fhir, "r4", asked("POST", "Observation", observation("Patient?_id=b")), expect=400)


def test_a_full_url_names_one_entry(fhir: Fhir) -> None:
    url = "urn:uuid:9f1f7b2c-6f0e-4a53-8d0b-6f3f1d0f5a11"
    entries = [
        asked("POST", "Patient", patient(gender="male"), url),
        asked("POST", "Patient", patient(gender="female"), url),
    ]
    answer = posted(fhir, "r4", *entries, expect=400)
    told = answer["issue"][0]["diagnostics"]
    assert "Bundle.entry[1]" in told
    assert "fullUrl" in told
    assert fhir.get("/r4/Patient")["total"] == 0
