"""Token, string, reference, uri, number and quantity searches: rows of (query, which match)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


def coded(*codings: tuple[str | None, str], text: str = "") -> dict[str, object]:
    found = [{"code": c} | ({"system": s} if s else {}) for s, c in codings]
    return {"coding": found} | ({"text": text} if text else {})


OBSERVATIONS = (
    {"id": "steps", "status": "final", "code": coded((LOINC, "66334-4"), (LOINC, "41950-7"))},
    {"id": "plain", "status": "preliminary", "code": coded((None, "66334-4"))},
    {"id": "other", "status": "final", "code": coded((SNOMED, "66334-4"))},
    {"id": "both", "status": "amended", "code": coded((SNOMED, "x,y"), (LOINC, "x,y"))},
    {"id": "bare", "status": "final"},
)
PEOPLE = (
    {"id": "p1", "name": [{"family": "Müller-Lüdenscheidt", "given": ["Jürgen", "Karl"]}]},
    {"id": "p2", "name": [{"family": "Mullen", "given": ["Ann"]}], "active": True},
    {"id": "p3", "name": [{"family": "O'Brien"}], "gender": "female", "active": False},
    {"id": "p4", "telecom": [{"system": "phone", "value": "555"}]},
)


@pytest.mark.parametrize("version", ["stu3", "r4"])
@pytest.mark.parametrize(
    "query, matches",
    [
        ("code=66334-4", "steps plain other"),
        ("code=41950-7", "steps"),
        ("code=http://loinc.org|66334-4", "steps"),
        ("code=http%3A%2F%2Floinc.org%7C66334-4", "steps"),
        ("code=HTTP://loinc.org|66334-4", ""),  # systems count exactly
        ("code=|66334-4", "plain"),
        ("code=http://loinc.org|", "steps both"),
        ("code=http://snomed.info/sct|", "other both"),
        ("code:not=http://snomed.info/sct|", "steps plain bare"),
        ("code=X\\,Y", "both"),  # codes without regard to case
        ("code=http://loinc.org|x\\,y", "both"),
        ("code=http://snomed.info/sct|x\\,y", "both"),
        ("code=x,y", ""),
        ("code=41950-7,x\\,y", "steps both"),
        ("code=66334-4&code=41950-7", "steps"),
        ("code=66334-4&status=final", "steps other"),
        ("code=66334-4&status=preliminary,final", "steps plain other"),
        ("code:not=66334-4", "both bare"),
        ("code:not=66334-4,x\\,y", "bare"),
        ("code:missing=true", "bare"),
        ("code:missing=false", "steps plain other both"),
        ("status=final&code:missing=true", "bare"),
        ("_id=steps,bare,unknown", "steps bare"),
        ("_id=steps&_id=bare", ""),
        ("_lastUpdated=gt2020", "steps plain other both bare"),
        ("_lastUpdated=lt2020", ""),
        ("_lastUpdated=ge2020-01-01&code=41950-7", "steps"),
        ("code=", "steps plain other both bare"),
        ("odd=1", "steps plain other both bare"),
    ],
)
def test_tokens(fhir: Fhir, version: str, query: str, matches: str) -> None:
    fhir.store(version, *({"resourceType": "Observation", **o} for o in OBSERVATIONS))
    bundle = fhir.get(f"/{version}/Observation?{query}")
    assert sorted(ids(bundle)) == sorted(matches.split())
    assert bundle["total"] == len(matches.split())


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize(
    "query, matches",
    [
        ("name=mul", "p1 p2"),
        ("name=müller", "p1"),
        ("name=MULLER LUDEN", "p1"),
        ("name:exact=Jürgen", "p1"),
        ("name:exact=jürgen", ""),
        ("name:contains=uden", "p1"),
        ("name=obrien", "p3"),
        ("name=o%27brien", "p3"),
        ("family=brien", ""),
        ("given=karl,ann", "p1 p2"),
        ("given=jur&family=mul", "p1"),
        ("gender=female", "p3"),
        ("gender:not=female", "p1 p2 p4"),
        ("active=true", "p2"),
        ("active=false", "p3"),
        ("phone=555", "p4"),
        ("telecom=555", "p4"),
        ("name:missing=true", "p4"),
    ],
)
def test_strings_and_other_tokens(fhir: Fhir, version: str, query: str, matches: str) -> None:
    people = [{"resourceType": "Patient", **person} for person in PEOPLE]
    if version == "dstu2":  # where family repeats
        for person in people:
            names: Any = person.get("name", [])
            person["name"] = [{**name, "family": [name["family"]]} for name in names]
    fhir.store(version, *people)
    assert sorted(ids(fhir.get(f"/{version}/Patient?{query}"))) == sorted(matches.split())


REFERRING = (
    {"id": "a", "subject": {"reference": "Patient/p1"}},
    {"id": "b", "subject": {"reference": "Patient/p2"}, "device": {"reference": "Device/d1"}},
    {"id": "c", "subject": {"reference": "Group/p1"}},
    {"id": "d", "subject": {"reference": "https://other.example/Patient/9"}},
    {
        "id": "e",
        "subject": {"reference": "Patient/p3", "identifier": {"system": "urn:mrn", "value": "77"}},
    },
)


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize(
    "query, matches",
    [
        ("patient=p1", "a"),
        ("patient=Patient/p1", "a"),
        ("subject=Patient/p1", "a"),
        ("subject=p1", "a c"),
        ("subject=patient/p1", "a"),
        ("subject:Patient=p1", "a"),
        ("subject:Group=p1", "c"),
        ("subject:Group=Patient/p1", ""),
        ("patient=Group/p1", ""),
        ("patient=p1,p2", "a b"),
        ("subject=Patient/p1/_history/1", ""),
        ("subject=http://127.0.0.1:8000/fhir/{v}/Patient/p1", "a"),
        ("subject=http://127.0.0.1:8000/{v}/Patient/p1", "a"),
        ("subject=https://other.example/Patient/9", "d"),
        ("device=Device/d1", "b"),
        ("device=d1", "b"),
        ("device:missing=false", "b"),
        ("subject:identifier=77", "e"),
        ("subject:identifier=urn:mrn|77", "e"),
        ("subject:identifier=urn:other|77", ""),
    ],
)
def test_references(fhir: Fhir, version: str, query: str, matches: str) -> None:
    fhir.store(version, *({"resourceType": "Observation", **o} for o in REFERRING))
    bundle = fhir.get(f"/{version}/Observation?{query.replace('{v}', version)}")
    assert sorted(ids(bundle)) == sorted(matches.split())


WEIGHTS = (
    ("five", 5),
    ("fine", 5.1),
    ("exact", "5.40"),
    ("kilo", 5400),
    ("cold", -3),
)


@pytest.mark.parametrize(
    "query, matches",
    [
        ("5", "five fine exact"),
        ("5.1", "fine"),
        ("5.4", "exact"),
        ("5.40", "exact"),
        ("5.41", ""),
        ("eq5.4", "exact"),
        ("ne5.4", "five fine kilo cold"),
        ("gt5", "fine exact kilo"),
        ("gt5.1", "exact kilo"),
        ("ge5.1", "fine exact kilo"),
        ("lt5.1", "five cold"),
        ("le5.1", "five fine cold"),
        ("le5.4", "five fine exact cold"),
        ("ap5", "five fine exact"),
        ("lt0", "cold"),
        ("-3", "cold"),
        ("5.4e3", "kilo"),
        ("sa5.1", "exact kilo"),
        ("eb0", "cold"),
        ("5|http://unitsofmeasure.org|kg", "five fine exact kilo"),
        ("5||kg", "five fine exact"),
        ("5|http://unitsofmeasure.org|g", ""),
        ("5400|http://unitsofmeasure.org|g", "exact kilo"),
        ("gt5|http://unitsofmeasure.org|kg", "fine exact kilo"),
        ("5400||g", "kilo"),
        ("5.0,-3", "five cold"),
    ],
)
def test_quantities(fhir: Fhir, query: str, matches: str) -> None:
    fhir.store(
        "r4",
        *(
            {
                "resourceType": "Observation",
                "id": name,
                "valueQuantity": {
                    "value": float(value) if isinstance(value, str) else value,
                    "system": "http://unitsofmeasure.org",
                    "code": "g" if name == "kilo" else "kg",
                },
            }
            for name, value in WEIGHTS
        ),
    )
    found = ids(fhir.get(f"/r4/Observation?value-quantity={query}"))
    assert sorted(found) == sorted(matches.split())


@pytest.mark.parametrize(
    "query, matches",
    [
        ("_tag=red", "a"),
        ("_tag=urn:colours|red", "a"),
        ("_tag=urn:colours|", "a"),
        ("_security=secret", "b"),
        ("_profile=http://example.org/p", "b"),
        ("_source=1up-external-system:4706", "a"),
        ("_source=1up-external-system:1", ""),
        ("url=http://example.org/vs/1", "a"),
        ("url:below=http://example.org/vs", "a b"),
        ("url:above=http://example.org/vs/1/2/3", "a"),
        ("url=http://example.org/VS/1", ""),
    ],
)
def test_meta_and_uris(fhir: Fhir, query: str, matches: str) -> None:
    fhir.store(
        "r4",
        {
            "resourceType": "ValueSet",
            "id": "a",
            "url": "http://example.org/vs/1",
            "meta": {
                "tag": [{"system": "urn:colours", "code": "red"}],
                "source": "1up-external-system:4706",
            },
        },
        {
            "resourceType": "ValueSet",
            "id": "b",
            "url": "http://example.org/vs/2",
            "meta": {"security": [{"code": "secret"}], "profile": ["http://example.org/p|1"]},
        },
    )
    assert sorted(ids(fhir.get(f"/r4/ValueSet?{query}"))) == sorted(matches.split())


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize(
    "query, named",
    [
        ("date=abc", "date"),
        ("date=2026-13", "date"),
        ("date=ge", "date"),
        ("_lastUpdated=yesterday", "_lastUpdated"),
        ("value-quantity=heavy", "value-quantity"),
        ("value-quantity=5|kg", "value-quantity"),
        ("value-quantity=NaN", "value-quantity"),
        ("value-quantity=1e999", "value-quantity"),
        ("code:odd=1", "code"),
        ("date:exact=2026", "date"),
        ("subject:Nonsense=1", "subject"),
        ("code=a|b|c", "code"),
        ("code=|", "code"),
        ("code:missing=perhaps", "code"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    fhir: Fhir, version: str, query: str, named: str
) -> None:
    answer = fhir.get(f"/{version}/Observation?{query}", expect=400)
    assert answer["resourceType"] == "OperationOutcome"
    assert named in answer["issue"][0]["details"]["text"]


def test_a_search_by_form_is_the_same_search(fhir: Fhir) -> None:
    fhir.store("r4", *({"resourceType": "Observation", **o} for o in OBSERVATIONS))
    bundle = fhir.post("/r4/Observation/_search?status=final", "code=66334-4&_count=1")
    assert bundle["total"] == 2
    assert bundle["link"][0]["url"].endswith("/r4/Observation?status=final&code=66334-4&_count=1")
    assert fhir.post("/r4/Observation/_search", {"odd": 1})["total"] == len(OBSERVATIONS)
    for empty in ("", " {} "):
        assert fhir.post("/r4/Observation/_search", empty)["total"] == len(OBSERVATIONS)


def test_a_json_object_is_a_form(fhir: Fhir) -> None:
    path = "/r4/Observation/_search"
    found = fhir.get("/r4/Observation?code=66334-4&status=final&_count=1")
    asked = {"code": "66334-4", "status": ["final"], "_count": 1}
    assert ids(fhir.post(path, asked)) == ids(found)
    assert fhir.post(path, asked)["total"] == found["total"]
    assert fhir.post(path, {"code": "nothing"})["total"] == 0
    assert fhir.post(path, {"code": ["66334-4", "nothing"]})["total"] == 0
    assert fhir.post(path, {"code:missing": True})["total"] < len(OBSERVATIONS)
    refused = fhir.post(path, {"code": {"x": 1}}, expect=400)
    assert "code" in refused["issue"][0]["diagnostics"]
    fhir.post(path, b'{"code": "a", "code": "b"}', expect=400)
    fhir.post(path, b'{"code": ', expect=400)


def test_a_body_that_is_no_form_is_refused(fhir: Fhir) -> None:
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "code", "valueCode": "x"}]}
    fhir.post("/r4/Observation/_search", parameters, expect=415)
    fhir.post("/r4/Observation/_search", [{"code": "x"}], expect=415)
    for kind, coding in (("multipart/form-data; boundary=x", "identity"), ("text/plain", "gzip")):
        answer = fhir.http.generic(
            "POST",
            "/r4/Observation/_search",
            b"code=x",
            content_type=kind,
            headers={**fhir.headers, "Content-Encoding": coding},
        )
        assert answer.status_code == 415, kind
        assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize("version", ["stu3", "r4"])
@pytest.mark.parametrize(
    "query, matches",
    [
        ("subject:Patient.gender=female", "a"),
        ("patient.gender=female", "a"),
        ("subject.gender=female,male", "a b"),
        ("patient.gender=female&status=final", "a"),
        ("patient.gender:not=female", "b"),
        ("patient.name=smi", "b"),
        ("patient._id=p1", "a"),
        ("patient.organization.name=clinic", "b"),
        ("patient.organization:Organization.name:exact=Clinic", "b"),
        ("subject:Group.gender=female", "a b c"),  # a Group has no such parameter: ignored
        ("patient.odd=1", "a b c"),
    ],
)
def test_chains(fhir: Fhir, version: str, query: str, matches: str) -> None:
    fhir.store(
        version,
        {"resourceType": "Organization", "id": "org", "name": "Clinic"},
        {"resourceType": "Patient", "id": "p1", "gender": "female"},
        {
            "resourceType": "Patient",
            "id": "p2",
            "gender": "male",
            "name": [{"family": "Smith"}],
            "managingOrganization": {"reference": "Organization/org"},
        },
        {
            "resourceType": "Observation",
            "id": "a",
            "status": "final",
            "subject": {"reference": "Patient/p1"},
        },
        {"resourceType": "Observation", "id": "b", "subject": {"reference": "Patient/p2"}},
        {"resourceType": "Observation", "id": "c"},
    )
    bundle = fhir.get(f"/{version}/Observation?{query}")
    assert sorted(ids(bundle)) == matches.split()
    assert bundle["total"] == len(matches.split())


@pytest.mark.parametrize("query", ["status.name=x", "subject:Odd.name=x", "patient.birthdate=abc"])
def test_chains_that_cannot_be(fhir: Fhir, query: str) -> None:
    assert fhir.get(f"/r4/Observation?{query}", expect=400)["issue"][0]["code"] == "value"
