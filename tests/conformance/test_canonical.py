"""Canonical references, by url and version (hl7.org/fhir/R4/references.html#canonical): searched,
followed by chains, `_has` and includes; and references to one version of a resource."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.tables import check, observation, resource
from tests.fhirstore.fhir_client import Fhir

ASKED = "http://forms.example/phq"


def _form(ident: str, **members: Any) -> dict[str, Any]:
    return resource("Questionnaire", ident, **members)


def _answers(ident: str, form: str, **members: Any) -> dict[str, Any]:
    return resource("QuestionnaireResponse", ident, questionnaire=form, **members)


FORMS = [
    _form("one", url=ASKED, version="1.0", status="active", title="First"),
    _form("two", url=ASKED, version="2.0", status="draft", title="Second"),
    _form("plain", url="http://forms.example/gad", status="active", title="Plain"),
    _form("named", status="retired", title="No url"),
    _form("version", version="1.0", status="active", title="A version alone"),
]
ANSWERS = [
    _answers("a1", f"{ASKED}|1.0", status="completed"),
    _answers("a2", f"{ASKED}|2.0", status="in-progress"),
    _answers("a3", f"{ASKED}|3.0", status="amended"),
    _answers("any", ASKED, status="completed"),
    _answers("gad", "http://forms.example/gad", status="completed"),
    _answers("gad1", "http://forms.example/gad|1", status="stopped"),
    _answers("rel", "Questionnaire/named", status="completed"),
    _answers("gone", "http://forms.example/none", status="entered-in-error"),
    resource("QuestionnaireResponse", "none", status="completed"),
]


def test_values(fhir: Fhir) -> None:
    check(
        fhir,
        "r4",
        "QuestionnaireResponse",
        [*FORMS, *ANSWERS],
        {
            f"questionnaire={ASKED}": "a1 a2 a3 any",
            rf"questionnaire={ASKED}\|1.0": "a1",
            f"questionnaire={ASKED}|1.0": "a1",
            f"questionnaire={ASKED}|2.0": "a2",
            f"questionnaire={ASKED}|4.0": "",
            f"questionnaire={ASKED}|": "a1 a2 a3 any",
            f"questionnaire={ASKED}|1.0,{ASKED}|2.0": "a1 a2",
            "questionnaire=http://forms.example/gad|1": "gad1",
            "questionnaire=http://forms.example/gad": "gad gad1",
            "questionnaire=Questionnaire/named": "rel",
            "questionnaire=named": "rel",
            "questionnaire=http://forms.example": "",
        },
    )


def test_chains(fhir: Fhir) -> None:
    check(
        fhir,
        "r4",
        "QuestionnaireResponse",
        [*FORMS, *ANSWERS],
        {
            f"questionnaire.url={ASKED}": "a1 a2 any",
            "questionnaire.version=1.0": "a1 any",
            "questionnaire:Questionnaire.version=2.0": "a2 any",
            "questionnaire.status=active": "a1 any gad",
            "questionnaire.status=draft": "a2 any",
            "questionnaire.status=retired": "rel",
            "questionnaire.title=first": "a1 any",
            "questionnaire.status=draft&status=completed": "any",
            "questionnaire.title:missing=false": "a1 a2 any gad rel",
        },
    )


def test_has(fhir: Fhir) -> None:
    check(
        fhir,
        "r4",
        "Questionnaire",
        [*FORMS, *ANSWERS],
        {
            "_has:QuestionnaireResponse:questionnaire:status=completed": "one two plain named",
            "_has:QuestionnaireResponse:questionnaire:status=in-progress": "two",
            "_has:QuestionnaireResponse:questionnaire:status=amended": "",
            "_has:QuestionnaireResponse:questionnaire:status=stopped": "",
            "_has:QuestionnaireResponse:questionnaire:_id=a1": "one",
            f"_has:QuestionnaireResponse:questionnaire:questionnaire.url={ASKED}": "one two",
            "status=draft&_has:QuestionnaireResponse:questionnaire:status=completed": "two",
        },
    )


def test_one_of_several_types(fhir: Fhir) -> None:
    plans = [
        resource("PlanDefinition", "p", url="http://pd.example/1", status="active"),
        resource("ActivityDefinition", "d", url="http://pd.example/1", status="draft"),
        resource("CarePlan", "cp", status="draft", instantiatesCanonical=["http://pd.example/1"]),
        resource("CarePlan", "two", instantiatesCanonical=["http://x.example", "PlanDefinition/p"]),
        resource("CarePlan", "other", status="active"),
    ]
    check(
        fhir,
        "r4",
        "CarePlan",
        plans,
        {
            "instantiates-canonical:PlanDefinition.status=active": "cp two",
            "instantiates-canonical:ActivityDefinition.status=draft": "cp",
            "instantiates-canonical:ActivityDefinition.status=active": "",
        },
    )
    check(
        fhir,
        "r4",
        "PlanDefinition",
        plans,
        {
            "_has:CarePlan:instantiates-canonical:status=draft": "p",
            "_has:CarePlan:instantiates-canonical:status=active": "",
        },
    )


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_uris_of_older_versions(fhir: Fhir, version: str) -> None:
    name = {"dstu2": "sourceuri", "stu3": "source-uri"}[version]
    held = [
        resource("ValueSet", "v", url="http://vs.example/1", version="4", status="active"),
        resource("ConceptMap", "m", status="draft", sourceUri="http://vs.example/1"),
        resource("ConceptMap", "m4", status="active", sourceUri="http://vs.example/1|4"),
        resource("ConceptMap", "m5", status="retired", sourceUri="http://vs.example/1|5"),
    ]
    check(
        fhir,
        version,
        "ConceptMap",
        held,
        {
            f"{name}=http://vs.example/1": "m m4 m5",
            f"{name}=http://vs.example/1|4": "m4",
            f"{name}:ValueSet.status=active": "m m4",
        },
    )
    check(
        fhir,
        version,
        "ValueSet",
        held,
        {
            f"_has:ConceptMap:{name}:status=draft": "v",
            f"_has:ConceptMap:{name}:status=active": "v",
            f"_has:ConceptMap:{name}:status=retired": "",
        },
    )


def test_includes(fhir: Fhir) -> None:
    fhir.store("r4", *FORMS, *ANSWERS)
    asked = f"/r4/Questionnaire?url={ASKED}&version=1.0"
    bundle = fhir.get(f"{asked}&_revinclude=QuestionnaireResponse:questionnaire")
    assert sorted(entry["resource"]["id"] for entry in bundle["entry"]) == ["a1", "any", "one"]
    bundle = fhir.get(
        "/r4/QuestionnaireResponse?_id=a2,any&_include=QuestionnaireResponse:questionnaire"
    )
    found = sorted(entry["resource"]["id"] for entry in bundle["entry"])
    assert found == ["a2", "any", "one", "two"]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_one_version(fhir: Fhir, version: str) -> None:
    elsewhere = "https://other.example/fhir/Patient/9"
    check(
        fhir,
        version,
        "Observation",
        [
            resource("Patient", "p", gender="female"),
            observation("first", subject={"reference": "Patient/p/_history/1"}),
            observation("second", subject={"reference": "Patient/p/_history/2"}),
            observation("any", subject={"reference": "Patient/p"}),
            observation("there", subject={"reference": elsewhere}),
            observation("there1", subject={"reference": f"{elsewhere}/_history/1"}),
        ],
        {
            "subject=Patient/p": "first second any",
            "subject=p": "first second any",
            "patient=Patient/p": "first second any",
            "subject=Patient/p/_history/1": "first",
            "patient=Patient/p/_history/2": "second",
            "subject=Patient/p/_history/3": "",
            f"subject={elsewhere}": "there there1",
            f"subject={elsewhere}/_history/1": "there1",
            f"subject={elsewhere}/_history/2": "",
            "patient.gender=female": "first second any",
        },
    )
