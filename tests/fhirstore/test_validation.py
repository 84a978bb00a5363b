"""What a resource's structure may be: a row per thing that can be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore import digits
from fhirstore.validation import problems
from fhirstore.validation.primitives import check_of

OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}
PATIENT = {"resourceType": "Patient", "gender": "female"}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


def found(version: str, resource: Any) -> list[tuple[str, str]]:
    """(expression, code) of the errors."""
    return [(p.expression, p.code) for p in problems(version, resource) if p.severity == "error"]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "id": "a", "gender": "female"},
        OBSERVATION,
        {**OBSERVATION, "valueQuantity": {"value": 1.5, "unit": "kg"}},
        {**OBSERVATION, "effectiveDateTime": "2026-05-01T10:00:00.123+02:00"},
        {**OBSERVATION, "subject": {"reference": "Patient/1"}},
        {**OBSERVATION, "subject": {"reference": "https://a.example/r4/Patient/1/_history/2"}},
        {**OBSERVATION, "subject": {"reference": "urn:uuid:7e9c7c0e-55ec-4c8a-8a8f-3d5ecf3ad0c5"}},
        {**OBSERVATION, "subject": {"reference": "#p"}, "contained": [{**PATIENT, "id": "p"}]},
        {**PATIENT, "_gender": {"extension": [{"url": "http://a/b", "valueCode": "x"}]}},
        {**PATIENT, "birthDate": "1980", "_birthDate": {"id": "b"}},
        {"resourceType": "Patient", "_birthDate": {"extension": [{"url": "http://a/b"}]}},
        {**PATIENT, "name": [{"given": ["Ann", None], "_given": [None, {"id": "x"}]}]},
        {**PATIENT, "name": [{"given": ["Ann", "B.", "C."], "_given": [{"id": "x"}]}]},
        {**PATIENT, "name": [{"given": ["Ann", None, "C."], "_given": [None, {"id": "x"}]}]},
        {**PATIENT, "extension": [{"url": "http://a/b", "valueAddress": {"city": "Ulm"}}]},
        {**PATIENT, "text": {"status": "generated", "div": f"{DIV}<b>&nbsp;Ann</b></div>"}},
    ],
)
def test_nothing_is_wrong_with(version: str, resource: dict[str, Any]) -> None:
    assert problems(version, resource) == []


@pytest.mark.parametrize(
    ("changes", "expression", "code"),
    [
        ({"status": None}, "Observation.status", "value"),
        ({"status": "Final"}, "Observation.status", "code-invalid"),
        ({"status": ["final"]}, "Observation.status", "value"),
        ({"code": {}}, "Observation.code", "structure"),
        ({"code": []}, "Observation.code", "structure"),
        ({"code": "1-8"}, "Observation.code", "structure"),
        ({"category": {"text": "x"}}, "Observation.category", "structure"),
        ({"category": []}, "Observation.category", "structure"),
        ({"category": [None]}, "Observation.category[0]", "structure"),
        ({"codes": {"text": "x"}}, "Observation.codes", "structure"),
        ({"_code": {"id": "x"}}, "Observation._code", "structure"),
        ({"_status": "x"}, "Observation.status", "structure"),
        ({"valueMoney": {"value": 1}}, "Observation.valueMoney", "structure"),
        ({"valueString": "a", "valueInteger": 1}, "Observation.value", "structure"),
        ({"valueString": "a", "_valueInteger": {"id": "x"}}, "Observation.value", "structure"),
        ({"valueInteger": 1.5}, "Observation.value.ofType(integer)", "value"),
        ({"valueInteger": True}, "Observation.value.ofType(integer)", "value"),
        ({"valueBoolean": "true"}, "Observation.value.ofType(boolean)", "value"),
        ({"valueString": ""}, "Observation.value.ofType(string)", "value"),
        ({"valueQuantity": {"value": "1"}}, "Observation.value.ofType(Quantity).value", "value"),
        (
            {"valueQuantity": {"comparator": "=", "value": 1}},
            "Observation.value.ofType(Quantity).comparator",
            "code-invalid",
        ),
        ({"effectiveDateTime": "2026-02-30"}, "Observation.effective.ofType(dateTime)", "value"),
        ({"subject": {"reference": "Medication/1"}}, "Observation.subject.reference", "value"),
        ({"subject": {"reference": "Patiens/1"}}, "Observation.subject.reference", "value"),
        ({"subject": {"reference": "#p"}}, "Observation.subject.reference", "value"),
        ({"component": [{"valueString": "x"}]}, "Observation.component[0].code", "required"),
        (
            {"component": [{"code": {"text": "x"}, "referenceRange": [{"lo": 1}]}]},
            "Observation.component[0].referenceRange[0].lo",
            "structure",
        ),
        ({"extension": [{"valueCode": "x"}]}, "Observation.extension[0].url", "required"),
        (
            {
                "extension": [
                    {"url": "a:b", "valueCode": "x", "extension": [{"url": "c", "valueCode": "y"}]}
                ]
            },
            "Observation.extension[0]",
            "invariant",
        ),
        ({"contained": [{"resourceType": "Patient"}]}, "Observation.contained[0]", "required"),
        ({"contained": [{"id": "x"}]}, "Observation.contained[0]", "required"),
        (
            {"contained": [{**PATIENT, "id": "p", "gender": "f"}]},
            "Observation.contained[0].gender",
            "code-invalid",
        ),
        ({"text": {"status": "generated"}}, "Observation.text.div", "required"),
        (
            {"text": {"status": "generated", "div": "<div><p>x</div>"}},
            "Observation.text.div",
            "invalid",
        ),
        (
            {"text": {"status": "generated", "div": f"{DIV}<script>1</script></div>"}},
            "Observation.text.div",
            "invalid",
        ),
        (
            {"text": {"status": "generated", "div": f'{DIV}<b onclick="x">a</b></div>'}},
            "Observation.text.div",
            "invalid",
        ),
        (
            {
                "text": {
                    "status": "generated",
                    "div": '<!DOCTYPE a [<!ENTITY b "c">]><div>&b;</div>',
                }
            },
            "Observation.text.div",
            "invalid",
        ),
        ({"meta": {"lastUpdated": "2026-01-01"}}, "Observation.meta.lastUpdated", "value"),
    ],
)
def test_a_problem_names_its_place(changes: dict[str, Any], expression: str, code: str) -> None:
    assert found("r4", {**OBSERVATION, **changes}) == [(expression, code)]


@pytest.mark.parametrize(
    ("resource", "expression", "code"),
    [
        (
            {**PATIENT, "name": [{"given": ["Ann"], "_given": [None, {"id": "x"}]}]},
            "Patient.name[0].given",
            "structure",
        ),
        (
            {**PATIENT, "name": [{"given": ["Ann", None], "_given": [{"id": "x"}]}]},
            "Patient.name[0].given[1]",
            "value",
        ),
        ([], "", "structure"),
        ({}, "", "required"),
        ({"resourceType": "Nothing"}, "", "value"),
        ({"resourceType": "Quantity"}, "", "value"),
        ({"resourceType": "Resource"}, "", "value"),
        ({"resourceType": "MedicationOrder", "status": "active"}, "", "value"),
    ],
)
def test_what_is_no_resource(resource: Any, expression: str, code: str) -> None:
    assert found("r4", resource) == [(expression, code)]


def test_everything_that_is_missing_is_named() -> None:
    assert found("r4", {"resourceType": "Observation"}) == [
        ("Observation.status", "required"),
        ("Observation.code", "required"),
    ]
    assert found("dstu2", {"resourceType": "Immunization", "status": "completed"})[-1] == (
        "Immunization.reported",
        "required",
    )


def test_a_concept_with_a_required_set_needs_a_code_of_it() -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
    status = {"clinicalStatus": {"coding": [{"code": "gone"}]}}

    assert found("r4", {**condition, **status}) == [("Condition.clinicalStatus", "code-invalid")]
    assert found("r4", {**condition, "clinicalStatus": {"coding": [{"code": "active"}]}}) == []


@pytest.mark.parametrize("codings", [5, 1.5, True, "active", {"code": "active"}, [5], [None]])
def test_codings_that_are_none_are_told_wherever_a_set_is_required(codings: object) -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
    told = found("r4", {**condition, "clinicalStatus": {"coding": codings}})

    assert told
    assert all(place.startswith("Condition.clinicalStatus") for place, _ in told)


def test_resources_in_a_bundle_are_looked_at() -> None:
    entries = [{"resource": PATIENT}, {"resource": {"resourceType": "Observation"}}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}

    assert found("stu3", bundle) == [
        ("Bundle.entry[1].resource.status", "required"),
        ("Bundle.entry[1].resource.code", "required"),
    ]


def test_many_problems_and_deep_ones_come_to_an_end() -> None:
    names = [{"use": "x"}] * 1000
    deep: dict[str, Any] = {"url": "http://a/b", "valueCode": "x"}
    for _ in range(400):
        deep = {"url": "http://a/b", "extension": [deep]}

    assert len(problems("r4", {"resourceType": "Patient", "name": names})) == 101
    assert [p.code for p in problems("r4", {**PATIENT, "extension": [deep]})] == ["too-costly"]


def test_no_value_is_repeated_in_a_problem() -> None:
    secret = "Kowalski"
    for resource in (
        {**PATIENT, "gender": secret},
        {**PATIENT, "birthDate": secret},
        {**PATIENT, "active": secret},
        {**PATIENT, "managingOrganization": {"reference": f"{secret}/1"}},
        {**PATIENT, "text": {"status": "generated", "div": f"{DIV}{secret}"}},
    ):
        told = problems("r4", resource)
        assert told
        assert not any(secret in problem.text for problem in told)


def test_warnings_refuse_nothing() -> None:
    told = problems("r4", {**PATIENT, "text": {"status": "generated", "div": "<div>x</div>"}})

    assert [(p.severity, p.expression) for p in told] == [("warning", "Patient.text.div")]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("boolean", "true,false", '"true",1,null'),
        ("integer", "0,-5,2147483647", "2147483648,1.0,1e3,true"),
        ("unsignedInt", "0,7", "-1"),
        ("positiveInt", "1", "0,-1"),
        ("decimal", "0,-1.10,1e3,12345678901234567890.5", '"1",true'),
        ("string", '"a","a\\nb","\\u00e4"', '""," ",1,"\\u0001"'),
        ("code", '"a","a b","<="', '""," a","a ","a  b"'),
        ("id", '"a-1.B"', '"","a_b","a/b"'),
        ("uri", '"urn:a","http://a/b"', '"","a b"'),
        ("oid", '"urn:oid:1.2.840"', '"1.2.840","urn:oid:01.2"'),
        ("uuid", '"urn:uuid:7e9c7c0e-55ec-4c8a-8a8f-3d5ecf3ad0c5"', '"7e9c7c0e"'),
        ("base64Binary", '"QUJD","QQ==","QUJD\\nQUJD"', '"QUJ","Q-==",""'),
        ("date", '"2026","2026-05","2024-02-29"', '"2026-13","2026-02-29","26","2026-5-1"'),
        (
            "dateTime",
            '"2026","2026-05-01T10:00:00Z","2026-05-01T23:59:60.5-05:00"',
            '"2026-05-01T10:00Z","2026-05-01T24:00:00Z","2026-05-01T10:00:00"',
        ),
        ("instant", '"2026-05-01T10:00:00Z"', '"2026-05-01","2026-05-01T10:00:00"'),
        ("time", '"10:00:00","10:00:00.25"', '"10:00","25:00:00","10:00:00Z"'),
    ],
)
def test_primitives(kind: str, good: str, bad: str) -> None:
    check = check_of("r4", kind)
    accepted, refused = (digits.loads(f"[{text}]".encode()) for text in (good, bad))

    assert [value for value in accepted if check(value)] == []
    assert [value for value in refused if not check(value)] == []


def test_older_versions_take_times_without_a_zone() -> None:
    assert check_of("dstu2", "dateTime")("2026-05-01T10:00:00") == ""
    assert check_of("stu3", "dateTime")("2026-05-01T10:00:00") == ""
    assert check_of("stu3", "instant")("2026-05-01T10:00:00")
