"""Pages of any size put together are the whole, also while data arrives (wire contract 12.4)."""

from __future__ import annotations

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


@pytest.mark.parametrize("order", ORDERS)
def test_while_data_arrives_and_goes(fhir: Fhir, order: str) -> None:
    """Whoever was there all the time is on exactly one page."""
    fhir.store("r4", *MANY)
    path: str | None = f"/r4/Observation?code=x&_count=4{order}"
    found: list[str] = []
    turn = 0
    while path:
        bundle = fhir.get(path)
        found += ids(bundle)
        path = link(bundle, "next")
        turn += 1
        fhir.store("r4", observation(f"a{turn}", code=coded("x"), effectiveDateTime="2018-05-04"))
        fhir.store("r4", observation(f"z{turn}", code=coded("x"), effectiveDateTime="2019"))
        fhir.delete(f"/r4/Observation/{found[0]}", expect=None)
        assert turn < 40
    stayed = {f"o{n:02}" for n in range(23)}
    assert stayed <= set(found)
    assert len(found) == len(set(found))
