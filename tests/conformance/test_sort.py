"""`_sort` (hl7.org/fhir/R4/search.html#sort): what has no value comes last, what is equal by id."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conformance.compared import everything, store
from tests.conformance.oracle.search import search
from tests.conformance.tables import coded, observation, resource
from tests.fhirstore.fhir_client import Fhir, ids

MEASURED = [
    observation("a", effectiveDateTime="2018-05-02", status="final", code=coded("b")),
    observation("b", effectiveDateTime="2018-05-01", status="final", code=coded("A")),
    observation("c", effectiveDateTime="2018-05-03", status="amended", code=coded("c")),
    observation("d", effectivePeriod={"start": "2017", "end": "2019"}, status="final"),
    observation("e", effectiveDateTime="2018", valueQuantity={"value": Decimal("-7")}),
    observation("f", subject={"reference": "Patient/1"}, valueQuantity={"value": Decimal("50")}),
    observation("g", device={"reference": "Device/1"}, valueQuantity={"value": Decimal("5.4")}),
]
ORDERS = {
    "_id": "a b c d e f g",
    "-_id": "g f e d c b a",
    "status,-date": "c a b d e f g",
    "-status,date": "d b a c e f g",
    "code": "b a c d e f g",
    "-code": "c a b d e f g",
    "value-quantity": "e g f a b c d",
    "-value-quantity": "f g e a b c d",
    "subject,-_id": "f g e d c b a",
    "-status,-_id": "d b a c g f e",
    "device,value-quantity": "g e f a b c d",
}


@pytest.mark.parametrize("count", [1, 2, 4, 1000])
@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_orders_on_all_pages(fhir: Fhir, version: str, count: int) -> None:
    world = store(fhir, version, MEASURED)
    for order, wanted in ORDERS.items():
        path = f"/{version}/Observation?_sort={order}&_count={count}"
        assert everything(fhir, path) == (wanted.split(), {7}), order
        reckoned = search(world, "Observation", [("_sort", order)]).matches
        assert [r["id"] for r in reckoned] == wanted.split(), order


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_the_main_date(fhir: Fhir, version: str) -> None:
    """What has none is last in either direction."""
    store(fhir, version, MEASURED)
    oldest, _ = everything(fhir, f"/{version}/Observation?_sort=date&_count=2")
    newest, _ = everything(fhir, f"/{version}/Observation?_sort=-date&_count=2")
    assert oldest[:5] == ["d", "e", "b", "a", "c"]
    assert newest[:5] == oldest[4::-1]
    assert set(oldest[5:]) == set(newest[5:]) == {"f", "g"}


def test_several_values(fhir: Fhir) -> None:
    """Ascending by the first of them, descending by the last."""
    people = [
        resource("Patient", "1", name=[{"family": "Bond"}, {"family": "Zorro"}]),
        resource("Patient", "2", name=[{"family": "ärger"}, {"family": "Moss"}]),
        resource("Patient", "3", name=[{"family": "Carr"}]),
        resource("Patient", "4"),
    ]
    fhir.store("r4", *people)
    assert everything(fhir, "/r4/Patient?_sort=family")[0] == ["2", "1", "3", "4"]
    assert everything(fhir, "/r4/Patient?_sort=-family")[0] == ["1", "2", "3", "4"]


def test_what_cannot_be_an_order(fhir: Fhir) -> None:
    outcome = fhir.get("/r4/Observation?_sort=code-value-quantity", expect=400)
    assert "_sort" in outcome["issue"][0]["details"]["text"]


def test_of_several_canonicals_the_first_or_last_counts(fhir: Fhir) -> None:
    vs = "http://example.org/vs"
    fhir.store(
        "r4",
        resource("CarePlan", "both", status="b", instantiatesCanonical=[f"{vs}/1", f"{vs}|B"]),
        resource("CarePlan", "last", status="c", instantiatesCanonical=[f"{vs}|B"]),
        resource("CarePlan", "bare", status="a", instantiatesCanonical=[vs]),
    )
    path = "/r4/CarePlan?_sort="
    assert ids(fhir.get(f"{path}-instantiates-canonical,-status")) == ["last", "both", "bare"]
    assert ids(fhir.get(f"{path}instantiates-canonical,-status")) == ["bare", "both", "last"]
