"""`:text`, `:of-type`, `_text`, `_content`, long strings and what lies in `meta`: rows of (query,
which match)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids

LOINC = "http://loinc.org"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
LONG = " ".join(f"word{n}" for n in range(900)) + " needle"

CONDITIONS: tuple[dict[str, Any], ...] = (
    {
        "id": "headache",
        "code": {
            "coding": [{"system": "urn:s", "code": "1", "display": "Kopfschmerz (Migräne)"}],
            "text": "Severe Headache",
        },
        "text": {"status": "generated", "div": DIV.format("<p>Since Sunday, très fort</p>")},
        "note": [{"text": "never on mondays"}],
    },
    {
        "id": "bare",
        "code": {"coding": [{"code": "1"}]},
        "meta": {
            "tag": [{"system": "urn:t", "code": "red", "display": "Red Flag"}],
            "profile": ["http://example.org/profiles/p1|2"],
            "source": "1up-external-system:4706",
        },
        "text": {"status": "generated", "div": DIV.format("Monday\\u00e9s <b>bold</b>")},
    },
    {
        "id": "odd",
        "code": {"text": "headless \u0000 chicken"},
        "identifier": [
            {
                "type": {
                    "coding": [{"system": "urn:id-types", "code": "MR"}],
                    "text": "Record number",
                },
                "system": "urn:mrn",
                "value": "A7",
            },
            {"type": {"coding": [{"code": "SS"}]}, "value": "A8"},
        ],
    },
)


@pytest.mark.parametrize(
    "query, matches",
    [
        ("code:text=severe", "headache"),
        ("code:text=SEVERE head", "headache"),
        ("code:text=kopfschmerz migrane", "headache"),
        ("code:text=head", "odd"),
        ("code:text=ache", ""),
        ("code:text=bold,severe", "headache"),
        ("code:text:odd=1", None),
        ("code:above=1", None),
        ("code:below=urn:s|1", None),
        ("identifier:text=record", "odd"),
        ("identifier:of-type=urn:id-types|MR|A7", "odd"),
        ("identifier:of-type=urn:id-types|mr|a7", "odd"),
        ("identifier:of-type=urn:id-types|SS|A7", ""),
        ("identifier:of-type=urn:id-types|MR|A8", ""),
        ("identifier:of-type=|SS|A8", "odd"),
        ("identifier:of-type=MR|A7", None),
        ("_text=sunday", "headache"),
        ("_text=Sunday fort", "headache"),
        ("_text=sunday monday", ""),
        ("_text=monday or sunday", "headache bare"),
        ("_text=très", "headache"),
        ("_text=xmlns", ""),
        ("_text=bold", "bare"),
        ('_text="since sunday"', "headache"),
        ('_text="sunday since"', ""),
        ("_text=bold,fort", "headache bare"),
        ("_text=!!!", ""),
        ("_text:exact=bold", None),
        ("_content=mondays", "headache"),
        ("_content=fort", "headache"),
        ("_content=severe headache", "headache"),
        ("_content=4706", "bare"),
        ("_content=nothing", ""),
        ("_tag:text=red fl", "bare"),
        ("_tag:not=red", "headache odd"),
        ("_tag:missing=true", "headache odd"),
        ("_tag:missing=false", "bare"),
        ("_profile:missing=false", "bare"),
        ("_source:missing=true", "headache odd"),
        ("_id:missing=true", ""),
        ("_id:not=bare", "headache odd"),
        ("_id:not=bare,odd", "headache"),
        ("_lastUpdated:missing=false", "headache bare odd"),
        ("_profile:below=http://example.org/profiles/", "bare"),
        ("_profile:below=http://example.org/other,http://example.org", "bare"),
        ("_profile=http://example.org/profiles/p1", "bare"),
        ("_profile:above=http://example.org/profiles/p1/x", "bare"),
        ("_source:below=1up-external-system:", "bare"),
        ("code=urn:s|,1", "headache bare"),
        ("code=urn:s|", "headache"),
        ("code=urn:s|,urn:x|5,|1", "headache bare"),
        ("code:not=urn:s|,|1", "odd"),
        ("code=urn:other|,5", ""),
    ],
)
def test_texts(fhir: Fhir, query: str, matches: str | None) -> None:
    fhir.store("r4", *({"resourceType": "Condition", **c} for c in CONDITIONS))
    answer = fhir.get(f"/r4/Condition?{query}", expect=200 if matches is not None else 400)
    if matches is None:
        assert query.partition(":")[0] in answer["issue"][0]["details"]["text"]
    else:
        assert sorted(ids(answer)) == sorted(matches.split())
        assert answer["total"] == len(matches.split())


@pytest.mark.parametrize(
    "query, matches",
    [
        ("name=word0 word1", "long"),
        ("name=word5", ""),
        ("name:contains=word5 word6", "long"),
        ("name:contains=word77", "long"),
        ("name:contains=word498 word499", "long"),
        ("name:contains=needle", "long"),
        ("name:contains=noodle", ""),
        (f"name:exact={LONG}", "long"),
        (f"name:exact={LONG}s", ""),
        (f"name={LONG}", None),
    ],
)
def test_long_strings(fhir: Fhir, query: str, matches: str | None) -> None:
    organization = {"resourceType": "Organization", "name": LONG}
    fhir.store("r4", {**organization, "id": "long"}, {**organization, "id": "b", "name": "Short"})
    answer = fhir.get(f"/r4/Organization?{query}", expect=200 if matches is not None else 400)
    if matches is not None:
        assert ids(answer) == matches.split()
