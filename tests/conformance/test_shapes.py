"""The shapes a page's statement may take find the same: of few matches and of many, by the values
of one key and of several, at the borders between what was read by each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from fhirstore.search import totals
from tests.cast import token_pair
from tests.conformance.compared import everything
from tests.conformance.tables import coded, observation
from tests.fhirstore.fhir_client import Fhir, ids

S, T = "http://s.example", "http://t.example"
CODES = [
    (f"{S}|x",),
    # One code in two systems: the second has a row of its own.
    (f"{S}|x", f"{T}|x"),
    (f"{T}|x", f"{S}|x"),
    (f"{T}|x",),
    ("x",),
    # Found by two values of one query.
    (f"{S}|x", f"{S}|y"),
    (f"{S}|y",),
    ("z",),
]
WORLD = [
    observation(
        f"o{n:02}",
        status="final" if n % 2 else "amended",
        code=coded(*CODES[n % len(CODES)]),
        category=[coded("laboratory" if n % 2 else "vital-signs")],
        # Ties, and some without a date.
        **({} if n % 5 == 4 else {"effectiveDateTime": f"2018-05-{n % 3 + 1:02}"}),
        valueQuantity={"value": n},
    )
    for n in range(40)
]


def _matching(*wanted: str) -> list[str]:
    return [
        w["id"]
        for n, w in enumerate(WORLD)
        if any(_is(value, code) for value in wanted for code in CODES[n % len(CODES)])
    ]


def _is(value: str, code: str) -> bool:
    return code == value or ("|" not in value and code.rpartition("|")[2] == value)


VALUES = [
    (f"{S}|x",),
    (f"{T}|x",),
    ("x",),
    (f"{S}|x", f"{S}|y"),
    (f"{S}|x", f"{T}|x"),
    ("x", "y"),
    ("x", "X"),
    ("x", f"{S}|y", "z"),
]
ORDERS = ["_id", "date", "-date", "-_lastUpdated"]
MORE = ["", "&status=final", "&date=ge2018-05-02", "&value-quantity=gt10", "&status:not=final"]


def _rest(more: str) -> set[str]:
    tests: dict[str, Callable[[int], object]] = {
        "": lambda n: True,
        "&status=final": lambda n: n % 2,
        "&date=ge2018-05-02": lambda n: n % 5 != 4 and n % 3,
        "&value-quantity=gt10": lambda n: n > 10,
        "&status:not=final": lambda n: n % 2 == 0,
    }
    held = tests[more]
    return {w["id"] for n, w in enumerate(WORLD) if held(n)}


@pytest.fixture(params=["few", "many", "many and far"])
def shape(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """From how many matches on, and after how many skipped, the statement takes another way."""
    if request.param != "few":
        monkeypatch.setattr("fhirstore.search.statement.MANY", 1)
    if request.param == "many and far":
        monkeypatch.setattr("fhirstore.search.statement.FAR", 0)
    return str(request.param)


@pytest.mark.usefixtures("shape")
@pytest.mark.parametrize("values", VALUES)
def test_every_shape_finds_the_same(fhir: Fhir, values: tuple[str, ...]) -> None:
    fhir.store("r4", *WORLD)
    asked = ",".join(values).replace("|", "%7C")
    for order, more in product(ORDERS, MORE):
        wanted = sorted(set(_matching(*values)) & _rest(more))
        path = f"/r4/Observation?code={asked}{more}&_sort={order}"
        totals.forget()
        whole, told = everything(fhir, f"{path}&_count=1000")
        assert sorted(whole) == wanted, path
        assert told == {len(wanted)}, path
        totals.forget()
        assert everything(fhir, f"{path}&_count=7") == (whole, {len(whole)}), path
        totals.forget()
        pages = [ids(fhir.get(f"{path}&_count=9&_skip={n}")) for n in range(0, len(whole) + 1, 9)]
        assert [ident for page in pages for ident in page] == whole, path


@pytest.mark.usefixtures("shape")
@pytest.mark.parametrize("order", ORDERS)
def test_so_it_does_within_a_narrowed_scope(fhir: Fhir, dana_app: NewClient, order: str) -> None:
    fhir.store("r4", *WORLD)
    user = AppUser.objects.get(pk=fhir.owner)
    token = token_pair(dana_app, user, fhir.now, "user/Observation.rs?category=laboratory")
    narrowed = Fhir(token.access_token, user.pk, fhir.now)
    for values in VALUES:
        wanted = sorted(set(_matching(*values)) & _rest("&status=final"))
        asked = ",".join(values).replace("|", "%7C")
        path = f"/r4/Observation?code={asked}&_sort={order}&_count=4"
        found, told = everything(narrowed, path)
        assert (sorted(found), told) == (wanted, {len(wanted)}), path
    found, told = everything(narrowed, f"/r4/Observation?_sort={order}&_count=6")
    assert (sorted(found), told) == (sorted(_rest("&status=final")), {20})


@pytest.mark.parametrize("order", ORDERS)
def test_a_whole_type_is_paged_and_counted(fhir: Fhir, order: str) -> None:
    fhir.store("r4", *WORLD)
    fhir.store("r4", {"resourceType": "Patient", "id": "p"})
    fhir.store("stu3", *WORLD[:9])
    path = f"/r4/Observation?_sort={order}"
    whole, told = everything(fhir, f"{path}&_count=1000")
    assert sorted(whole) == [w["id"] for w in WORLD]
    assert told == {40}
    for count in (1, 7, 39, 40):
        assert everything(fhir, f"{path}&_count={count}") == (whole, {40})
    pages = [ids(fhir.get(f"{path}&_count=9&_skip={n}")) for n in range(0, 40, 9)]
    assert [ident for page in pages for ident in page] == whole
    assert fhir.get("/stu3/Observation?_summary=count")["total"] == 9
    fhir.delete("/r4/Observation/o00", expect=None)
    assert fhir.get("/r4/Observation?_summary=count")["total"] == 39
