"""Totals are remembered under the owner's change number, never longer."""

from __future__ import annotations

import pytest

from accounts.scopes import sight
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search import totals
from fhirstore.search.condition import Scope
from fhirstore.search.find import matching, visible
from fhirstore.search.owners import Owners
from fhirstore.search.request import SearchRequest, parse, read_pairs
from fhirstore.search.totals import Counted, question, recall, remember
from tests.fhirstore.fhir_client import Fhir, observation


def _scope(owner: int, scopes: str = "user/*.*", **more: object) -> Scope:
    return Scope(
        owners=Owners(numbers=(owner,), **more),  # type: ignore[arg-type]
        version="r4",
        bit=VERSION_BITS["r4"],
        rtype="Observation",
        number=NUMBERS["Observation"],
        now_microseconds=0,
        base="",
        sight=sight(scopes),
    )


def _request(query: str) -> SearchRequest:
    return parse(version="r4", rtype="Observation", pairs=read_pairs(query), strict=True)


def test_pages_of_one_search_are_one_question() -> None:
    first = question(_request("code=a&_count=5"), _scope(1))
    assert first == question(_request("code=a&_count=9&_skip=5&_sort=-date"), _scope(1))
    remember(first, Counted(7, 3))
    assert recall(first) == Counted(7, 3)


@pytest.mark.parametrize(
    "query, scope",
    [
        ("code=b", _scope(1)),
        ("code:not=a", _scope(1)),
        ("code=a&status=final", _scope(1)),
        ("code=a", _scope(2)),
        ("code=a", _scope(1, "user/Observation.rs?category=laboratory")),
    ],
)
def test_other_questions_have_other_totals(query: str, scope: Scope) -> None:
    remember(question(_request("code=a"), _scope(1)), Counted(7, 3))
    assert recall(question(_request(query), scope)) is None


def test_what_changes_by_itself_is_not_remembered() -> None:
    assert question(_request("date=ap2026-01-01"), _scope(1)) is None
    assert question(_request("code=a"), _scope(1, merged=True)) is None
    assert question(_request("code=a"), _scope(1, seen=[(2, "p")])) is None


def test_the_oldest_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "MOST", 3)
    for number in range(5):
        remember(number, Counted(number, 0))
    assert [number for number in range(5) if recall(number)] == [2, 3, 4]


def test_the_server_searches_for_itself(fhir: Fhir) -> None:
    fhir.store("r4", *(observation(f"o{n}", code={"text": "x"}) for n in range(3)))
    lab = _scope(fhir.owner, "user/Observation.rs?_id=o1")
    found = matching(version="r4", rtype="Observation", query="status=final", scope=lab)
    assert [row.fid for row in found] == ["o1"]
    everything = _scope(fhir.owner)
    found = matching(version="r4", rtype="Observation", query="status=final", scope=everything)
    assert [row.fid for row in found] == ["o0", "o1"]  # two are enough to know it is not one
    assert visible(rtype="Observation", fid="o1", scope=lab)
    assert not visible(rtype="Observation", fid="o2", scope=lab)
    assert not visible(rtype="Patient", fid="o1", scope=lab)


def test_long_questions_are_not_kept() -> None:
    codes = ",".join(f"c{n}" for n in range(1000))
    assert question(_request(f"code={codes}"), _scope(1)) is None
