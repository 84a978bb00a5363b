"""Pages of any size put together are the whole, also while data arrives (wire contract 12.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.compared import everything
from tests.conformance.tables import coded, observation
from tests.fhirstore.fhir_client import Fhir, ids, link

MANY = [
    observation(
        f"o{n:02}",
        status="final" if n % 3 else "amended",
        code=coded("x"),
        effectiveDateTime=f"2018-05-{n % 7 + 1:02}",
    )
    for n in range(23)
]
ORDERS = ["", "&_sort=_id", "&_sort=-_id", "&_sort=date", "&_sort=-date", "&_sort=status,-date"]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("order", ORDERS)
def test_any_size(fhir: Fhir, version: str, order: str) -> None:
    fhir.store(version, *MANY)
    for asked in ("code=x", "status=final&code=x", "date=ge2018-05-03", "_lastUpdated=gt2020"):
        path = f"/{version}/Observation?{asked}{order}"
        whole = ids(fhir.get(f"{path}&_count=1000"))
        assert len(set(whole)) == len(whole) > 10
        for count in (1, 7, 22, 23):
            assert everything(fhir, f"{path}&_count={count}") == (whole, {len(whole)})
        skipped = [ids(fhir.get(f"{path}&_count=5&_skip={n}")) for n in range(0, 25, 5)]
        assert [ident for page in skipped for ident in page] == whole


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("order", ORDERS)
def test_while_data_arrives_and_goes(fhir: Fhir, version: str, order: str) -> None:
    """Whoever was there all the time is on exactly one page."""
    fhir.store(version, *MANY)
    path: str | None = f"/{version}/Observation?code=x&_count=4{order}"
    found: list[str] = []
    turn = 0
    while path:
        bundle = fhir.get(path)
        found += ids(bundle)
        path = link(bundle, "next")
        turn += 1
        fhir.store(
            version, observation(f"a{turn}", code=coded("x"), effectiveDateTime="2018-05-04")
        )
        fhir.store(version, observation(f"z{turn}", code=coded("x"), effectiveDateTime="2019"))
        fhir.delete(f"/{version}/Observation/{found[0]}", expect=None)
        assert turn < 40
    stayed = {f"o{n:02}" for n in range(23)}
    assert stayed <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
@pytest.mark.parametrize("order", ["date", "-date", "status,date", "-_lastUpdated", "_lastUpdated"])
@pytest.mark.parametrize("change", ["moved", "gone"])
def test_the_last_of_a_page_changes(fhir: Fhir, version: str, order: str, change: str) -> None:
    """The next page begins where the last one ended, wherever its last resource is by then."""
    for n in range(6):
        fhir.store(version, _dated(n, "2020"))
    path = f"/{version}/Observation?code=x&_count=3&_sort={order}"
    first = fhir.get(path)
    shown = ids(first)
    last = next(n for n in range(6) if f"w{n}" == shown[-1])
    if change == "moved":
        fhir.store(version, _dated(last, "2021"))
    else:
        fhir.delete(f"/{version}/Observation/{shown[-1]}", expect=None)
    following = link(first, "next")
    assert following is not None
    second = ids(fhir.get(following))
    unmoved = {f"w{n}" for n in range(6)} - set(shown)
    assert set(second) - {shown[-1]} == unmoved
    assert len(second) == len(set(second))


@pytest.mark.parametrize("version", ["dstu2", "stu3"])
def test_an_id_in_a_sorted_search(fhir: Fhir, version: str) -> None:
    """`_afterid` goes on behind where its resource stands now."""
    for n in range(6):
        fhir.store(version, _dated(n, "2020"))
    path = f"/{version}/Observation?code=x&_sort=-date&_count=2"
    assert ids(fhir.get(f"{path}&_afterid=w4")) == ["w3", "w2"]
    assert "_afterid=w1" in (link(fhir.get(f"/{version}/Observation?_count=2"), "next") or "")


def _dated(n: int, year: str) -> dict[str, Any]:
    return observation(f"w{n}", code=coded("x"), effectiveDateTime=f"{year}-01-0{n + 1}")
