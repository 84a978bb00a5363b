"""Bad input of every kind: a clear 4xx, an OperationOutcome that names the parameter or the place,
nothing changed, and nothing of the program told (wire contract 12.8)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from accounts.models import AppUser
from tests.fhirstore.fhir_client import Fhir, observation
from tests.fhirstore.store import everything

VERSIONS = ("dstu2", "stu3", "r4")
MANY = ",".join(f"code-{n}" for n in range(10_000))
LINKS = "link:Patient." * 8
NESTED = "_has:Observation:patient:" * 9
OUTER = "_has:List:subject:_has:List:item:_has:List:item:_has:List:item:_has:List:item:"
MEGABYTE = 1_000_000
TOLD = ("Traceback", 'File "', "psycopg", "django", "/fhirstore", "line ", "SELECT", "select ")
"""What no answer may hold: pieces of stack traces and statements."""


@dataclass(frozen=True)
class Case:
    """One bad request. `named`: what the outcome must name, in its text or its places."""

    path: str
    named: str
    method: str = "GET"
    body: bytes | str | None = None
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)
    versions: tuple[str, ...] = VERSIONS

    def __str__(self) -> str:
        body = f" {self.body[:40]!r}" if self.body else ""
        return f"{self.method} {self.path[:60]}{body}"


R4 = ("r4",)
STRICT = {"prefer": "handling=strict"}

SEARCHES = [
    # values that cannot be read
    Case("/Observation?date=abc", "date"),
    Case("/Observation?date=2024-13-45", "date"),
    Case("/Observation?date=2024-02-30", "date"),
    Case("/Observation?date=2024-05-01T25:00", "date"),
    Case("/Observation?_lastUpdated=yesterday", "_lastUpdated"),
    Case("/Observation?value-quantity=much", "value-quantity"),
    Case("/Observation?value-quantity=5|mg", "value-quantity"),
    Case("/Observation?value-quantity=NaN", "value-quantity"),
    Case("/Observation?value-quantity=1e999", "value-quantity"),
    Case("/RiskAssessment?probability=likely", "probability", versions=R4),
    Case("/Observation?code=a|b|c", "code"),
    Case("/Observation?code=|", "code"),
    Case("/Observation?subject:missing=perhaps", "subject"),
    Case("/Observation?code-value-quantity=8867-4", "code-value-quantity", versions=R4),
    Case("/Observation?code-value-quantity=8867-4$much", "code-value-quantity", versions=R4),
    Case("/Observation?patient.birthdate=abc", "birthdate"),
    Case("/Patient?_has:Observation:patient:date=abc", "date", versions=R4),
    # bad prefixes
    Case("/Observation?date=xx2024", "date"),
    Case("/Observation?date=gt", "date"),
    Case("/Observation?date=gtge2024", "date"),
    Case("/Observation?date=>2024", "date"),
    Case("/Observation?value-quantity=about5", "value-quantity"),
    Case("/Observation?value-quantity=gt", "value-quantity"),
    Case("/Observation?_lastUpdated=after2024", "_lastUpdated"),
    # unknown modifiers
    Case("/Observation?code:nonsense=x", "code"),
    Case("/Observation?code:exact=x", "code"),
    Case("/Observation?date:exact=2024", "date"),
    Case("/Observation?date:not=2024", "date"),
    Case("/Patient?name:below=x", "name"),
    Case("/Patient?name:not=x", "name"),
    Case("/Observation?value-quantity:not=5", "value-quantity"),
    Case("/Observation?subject:Nothing=1", "subject"),
    Case("/Observation?subject:not=Patient/1", "subject"),
    Case("/Observation?_id:exact=1", "_id"),
    Case("/Observation?_lastUpdated:not=2024", "_lastUpdated"),
    Case("/Observation?subject:Nothing.name=x", "subject"),
    Case("/Observation?code.name=x", "code"),
    # too much
    Case(f"/Patient?{LINKS}name=x", "link"),
    Case(f"/Patient?{LINKS}name=x", "more than 4 resources"),
    Case(f"/Organization?{'partof.' * 5}name=x", "more than 4 resources"),
    Case(f"/Patient?{NESTED}code=x", "_has", versions=R4),
    Case(f"/Patient?{OUTER}code=x", "more than 4 resources"),
    Case("/Observation?" + "&".join(f"code=c{n}" for n in range(400)), "filters"),
    Case("/Observation/_search", "code", "POST", f"code={MANY}"),
    Case("/Observation/_search", "_id", "POST", f"_id={MANY}"),
    Case("/Observation/_search", "subject", "POST", f"subject={MANY}"),
    Case("/Patient/_search", "name", "POST", f"name={MANY}"),
    # NUL
    Case("/Patient?name=a%00b", "NUL"),
    Case("/Patient?na%00me=ab", "NUL"),
    Case("/Patient/_search", "NUL", "POST", "name=a%00b"),
    # nothing one may overlook when strict
    Case("/Patient?nonsense=1", "nonsense", headers=STRICT),
    Case("/Patient?_sort=nonsense", "_sort", headers=STRICT),
    Case("/Patient?_sort=birthdate,-nonsense", "-nonsense", headers=STRICT),
    # commas alone are no value
    Case("/Observation?code=,", "code"),
    Case("/Observation?patient.name=,,", "patient"),
    Case("/Patient?name:exact=,", "name"),
    Case("/Patient?_id=,", "_id"),
    Case("/Observation?_include=Observation:nonsense", "_include", headers=STRICT, versions=R4),
    Case("/Observation?_summary=maybe", "_summary", headers=STRICT),
    # limits that are the contract's
    Case("/Patient?_skip=10000", "_skip", versions=R4),
    # addresses
    Case("/Nothing?name=x", "Nothing", status=404),
    Case("/Patient/none-such", "none-such", status=404),
    Case("/Patient/none-such/_history", "none-such", status=404),
    Case("/Patient/x/y/z", "", status=404),
    Case("/Patient/p/_history", "PUT", "PUT", status=405),
    Case("/metadata", "POST", "POST", status=405),
]

ONE = '{"resourceType":"Patient"'
BODIES = [
    Case("/Patient", "JSON", "POST", b"{"),
    Case("/Patient", "JSON", "POST", b"this is no JSON"),
    Case("/Patient", "JSON", "POST", b""),
    Case("/Patient", "resource", "POST", b"[]"),
    Case("/Patient", "resource", "POST", b'"text"'),
    Case("/Patient", "resource", "POST", b"null"),
    Case("/Patient", "JSON", "POST", f'{ONE},"multipleBirthInteger":NaN}}'.encode()),
    Case("/Patient", "JSON", "POST", f"{ONE}".encode() + b',"id":"\xff\xfe"}'),
    Case("/Patient", "gender", "POST", f'{ONE},"gender":"male","gender":"female"}}'.encode()),
    Case("/Patient", "family", "POST", f'{ONE},"name":[{{"family":"a","family":"b"}}]}}'.encode()),
    Case("/Patient", "", "POST", f'{ONE},"extension":'.encode() + b"[" * 100_000),
    Case(
        "/Patient",
        "deep",
        "POST",
        f'{ONE},"x":'.encode() + b'{"x":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    ),
    Case("/Patient", "NUL", "POST", f'{ONE},"language":"a\\u0000b"}}'.encode()),
    Case("/Patient", "", "POST", f'{ONE},"language":"a'.encode() + b'\0b"}'),
    Case("/Patient", "resourceType", "POST", b'{"gender":"male"}'),
    Case("/Patient", "Patient", "POST", b'{"resourceType":"Observation"}'),
    Case("/Nothing", "Nothing", "POST", b'{"resourceType":"Nothing"}', 404),
    Case("/Patient", "XML", "POST", b"<Patient/>", 415, {"content_type": "application/fhir+xml"}),
    Case("/Patient/p", "id", "PUT", f'{ONE},"id":"other"}}'.encode()),
    Case("/Patient/p", "id", "PUT", f'{ONE},"id":5}}'.encode()),
    Case("/Patient/a_b", "id", "PUT", f'{ONE},"id":"a_b"}}'.encode()),
    Case("/Patient", "id", "POST", f'{ONE},"id":"{"a" * 65}"}}'.encode()),
    # structure
    Case("/Patient", "Patient.nonsense", "POST", f'{ONE},"nonsense":1}}'.encode(), 422),
    Case("/Patient", "Patient.gender", "POST", f'{ONE},"gender":"unheard-of"}}'.encode(), 422),
    Case("/Patient", "Patient.active", "POST", f'{ONE},"active":"yes"}}'.encode(), 422),
    Case("/Patient", "Patient.name", "POST", f'{ONE},"name":{{"text":"x"}}}}'.encode(), 422),
    Case("/Patient", "Patient.birthDate", "POST", f'{ONE},"birthDate":"1/2/1990"}}'.encode(), 422),
    Case(
        "/Patient",
        "Patient.deceased",
        "POST",
        f'{ONE},"deceasedBoolean":true,"deceasedDateTime":"2020"}}'.encode(),
        422,
    ),
    Case(
        "/Observation",
        "Observation.status",
        "POST",
        b'{"resourceType":"Observation","code":{"text":"x"}}',
        422,
    ),
    # Bundles
    Case("", "Bundle", "POST", b'{"resourceType":"Patient"}'),
    Case("", "entry", "POST", b'{"resourceType":"Bundle","type":"batch","entry":5}'),
    Case("", "entry", "POST", b'{"resourceType":"Bundle","type":"batch","entry":[5]}'),
    Case(
        "",
        "batch",
        "POST",
        b'{"resourceType":"Bundle","type":"collection","entry":[{"request":{}}]}',
    ),
    Case(
        "",
        "5000",
        "POST",
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "batch",
                "entry": [{"request": {"method": "GET", "url": "Patient"}}] * 5001,
            }
        ).encode(),
    ),
    Case(
        "",
        "entry[1]",
        "POST",
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {
                        "resource": {"resourceType": "Patient"},
                        "request": {"method": "POST", "url": "Patient"},
                    },
                    {"request": {"method": "NONSENSE", "url": "Patient"}},
                ],
            }
        ).encode(),
        405,
    ),
    Case(
        "",
        "entry[1]",
        "POST",
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {
                        "resource": {"resourceType": "Patient"},
                        "request": {"method": "POST", "url": "Patient"},
                    },
                    {
                        "resource": {"resourceType": "Patient", "nonsense": 1},
                        "request": {"method": "POST", "url": "Patient"},
                    },
                ],
            }
        ).encode(),
        422,
    ),
]


def check(fhir: Fhir, case: Case, version: str) -> None:
    before = everything(fhir.owner)
    body = case.body
    outcome = fhir.call(
        case.method, f"/fhir/{version}{case.path}", body, expect=None, **case.headers
    )
    text = fhir.last.content.decode()
    assert fhir.last.status_code == case.status, text[:500]
    assert outcome["resourceType"] == "OperationOutcome"
    issue = outcome["issue"][0]
    assert issue["severity"] in ("error", "fatal")
    said = json.dumps([issue.get(k) for k in ("diagnostics", "details", "expression", "location")])
    assert case.named in said
    assert not [word for word in TOLD if word in text]
    assert len(text) < 20_000
    assert everything(fhir.owner) == before


def cases(rows: list[Case]) -> list[Any]:
    return [
        pytest.param(case, version, id=f"{version} {case}")
        for case in rows
        for version in case.versions
    ]


@pytest.fixture
def stored(alice: AppUser, alice_token: str, now: datetime) -> Fhir:
    """Alice, who has a little."""
    fhir = Fhir(alice_token, alice.pk, now)
    for version in VERSIONS:
        fhir.store(
            version,
            {"resourceType": "Patient", "id": "p", "gender": "female"},
            observation("o", code={"text": "x"}, subject={"reference": "Patient/p"}),
        )
    return fhir


@pytest.mark.parametrize("case, version", cases(SEARCHES))
def test_a_bad_search_is_refused_and_told_why(stored: Fhir, case: Case, version: str) -> None:
    check(stored, case, version)


@pytest.mark.parametrize("case, version", cases(BODIES))
def test_a_bad_body_is_refused_and_told_why(stored: Fhir, case: Case, version: str) -> None:
    check(stored, case, version)


def test_a_body_that_is_too_long_is_not_read_to_its_end(stored: Fhir) -> None:
    body = b'{"resourceType":"Patient","language":"' + b"a" * 50 * MEGABYTE + b'"}'
    check(stored, Case("/Patient", "bytes", "POST", body, 413), "r4")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("count", ["1001", "999999999", "9" * 40])
def test_a_huge_count_is_the_longest_page(stored: Fhir, version: str, count: str) -> None:
    """Wire contract 12.4: not an error."""
    bundle = stored.get(f"/fhir/{version}/Patient?_count={count}")
    assert bundle["total"] == len(bundle["entry"]) == 1
