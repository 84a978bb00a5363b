"""Reads and searches whose statement checks the token answer as the ordinary way does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts import prepared
from accounts.models import AuditRecord
from fhirstore.search import quick
from tests.fhirstore.fhir_client import Fhir, observation

MANY = ",".join(str(n % 10) for n in range(140))
ASKED = [
    f"Observation?value-quantity={MANY}",
    f"Observation?date={','.join(['2020-01-03'] * 26)}",
    "Observation/a1",
    "Observation/a1?_elements=status",
    "Observation/none",
    "Observation/gone",
    "Nothing/a1",
    "Observation",
    "Observation?_count=2",
    "Observation?_count=0",
    "Observation?_summary=count",
    "Observation?_summary=true",
    "Observation?_count=2&_skip=3",
    "Observation?_sort=-date&_count=3",
    "Observation?_sort=-date&_count=3&_total=none",
    "Observation?_sort=_lastUpdated,-code",
    "Observation?code=8867-4",
    "Observation?code=http://loinc.org|8867-4&date=ge2020-01-03&_count=2",
    "Observation?code=nothing",
    "Observation?code:not=8867-4",
    "Observation?date=ap2020-01-03",
    "Observation?_id=a1,a2,none",
    "Observation?subject:missing=true",
    "Observation?subject=Patient/p1&_include=Observation:subject",
    "Observation?subject:Patient.name=x",
    "Observation?_has:List:item:status=current",
    "Observation?code:in=http://example.org/set",
    "Observation?_list=mine",
    "Observation?value-quantity=gt70||/min",
    "Observation?odd=1",
    "Observation?date=soon",
    "Observation?code:wrong=1",
    "Observation?_afterid=a2&_count=2",
    "Observation?_afterid=none~&_count=2",
    "Observation?_after=rubbish&_count=2",
    "Observation?_skip=99999",
    "Observation?_contained=true",
    "Patient",
    "Encounter",
]


@pytest.fixture
def filled(fhir: Fhir) -> Fhir:
    for version in ("dstu2", "stu3", "r4"):
        fhir.store(
            version,
            {"resourceType": "Patient", "id": "p1", "name": [{"family": "X"}]},
            *(
                observation(
                    f"a{n}",
                    code={"coding": [{"system": "http://loinc.org", "code": f"{8867 + n % 2}-4"}]},
                    subject={"reference": "Patient/p1"},
                    effectiveDateTime=f"2020-01-0{n}",
                    valueQuantity={"value": 68 + n, "unit": "/min"},
                )
                for n in range(1, 8)
            ),
            observation("gone"),
        )
        fhir.delete(f"/{version}/Observation/gone")
    return fhir


def answered(fhir: Fhir, path: str) -> tuple[int, Any, dict[str, str]]:
    body = fhir.get(path, expect=None)
    headers = dict(fhir.last.headers)
    if body["resourceType"] == "OperationOutcome":
        body.pop("id")
    return fhir.last.status_code, body, headers


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("path", ASKED)
def test_a_claim_is_answered_as_the_query_token_is(filled: Fhir, version: str, path: str) -> None:
    token = filled.headers["Authorization"].removeprefix("Bearer ")
    by_claim = answered(filled, f"/{version}/{path}")
    recorded = list(AuditRecord.objects.order_by("-id").values("via", "outcome")[:2])
    assert recorded[0] == {"via": "bearer", "outcome": "granted"}
    before = AuditRecord.objects.count()
    anew = answered(filled, f"/{version}/{path}")
    assert AuditRecord.objects.count() == before + 1, "each call is recorded once"
    by_query = Fhir("", filled.owner, filled.now)
    mark = "&" if "?" in path else "?"
    other = answered(by_query, f"/{version}/{path}{mark}access_token={token}")
    assert _plain(by_claim) == _plain(anew) == _plain(other)


def _plain(answer: tuple[int, Any, dict[str, str]]) -> tuple[int, str, dict[str, str]]:
    """Without what tells how the token came."""
    status, body, headers = answer
    text = json.dumps(body)
    return (
        status,
        text,
        {name: value for name, value in headers.items() if name != "Content-Length"},
    )


def test_only_the_tokens_user_is_shown(filled: Fhir, bobs: Fhir, mallorys: Fhir) -> None:
    for other in (bobs, mallorys):
        assert other.get("/r4/Observation?_count=2")["total"] == 0
        other.get("/r4/Observation/a1", expect=404)
    assert filled.get("/r4/Observation?_count=2")["total"] == 7


def test_a_total_is_counted_anew_when_something_has_changed(filled: Fhir, bobs: Fhir) -> None:
    for path in ("/r4/Observation?_count=2", "/r4/Observation?code=8867-4&_count=1"):
        first = filled.get(path)["total"]
        assert filled.get(path)["total"] == first
        bobs.store("r4", observation("b1", code={"coding": [{"code": "8867-4"}]}))
        assert filled.get(path)["total"] == first
        assert bobs.get(path)["total"] == 1
        filled.store("r4", observation(f"new{first}", code={"coding": [{"code": "8867-4"}]}))
        assert filled.get(path)["total"] == first + 1


@pytest.mark.parametrize(
    "query", [f"value-quantity={MANY}", "&".join(f"date=ge2020-01-{n:02}" for n in range(1, 16))]
)
def test_a_stranger_has_no_long_statement_made(
    fhir: Fhir, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    execute = prepared.execute

    def noted(sql: str, values: Any) -> Any:
        made.append(sql)
        return execute(sql, values)

    monkeypatch.setattr(prepared, "execute", noted)
    stranger = Fhir("0" * 40, 0, fhir.now)
    stranger.get(f"/r4/Observation?{query}", expect=401)
    assert made, "the token is looked for"
    assert max(map(len, made)) < quick.LONGEST
