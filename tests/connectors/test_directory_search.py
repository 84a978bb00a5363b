"""Searching the directory: by beginnings of words, and by what was meant (wire contract 11.3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connectors.catalog.search import search_systems, systems_near
from connectors.models import CLINICAL, DEVICE, System

pytestmark = pytest.mark.django_db


def at(line: str, city: str, state: str, code: str, name: str = "") -> list[dict[str, Any]]:
    address = {"line": [line, ""], "city": city, "state": state, "postalCode": code}
    return [{"name": name, "address": address}]


@pytest.fixture(autouse=True)
def directory(db: None) -> None:
    rows = [
        ("Lakeside Clinic", at("1 Main St.", "Springfield", "IL", "62701")),
        ("lakeside General Hospital", at("9 Shore Road", "Riverton", "WY", "82501-1234")),
        ("North Lakeside Medical Group", at("12 Lake Ave", "Fairview", "NC", "28730")),
        ("Children's Hospital", at("300 Longwood Ave", "Boston", "MA", "02115")),
        ("St. Mary-Hôpital, Inc.", at("5 Rue", "Montréal", "QC", "")),
        ("Mount Sinai", at("4300 Alton Road", "Miami Beach", "FL", "33140", "Saltzer Health")),
        ("", at("", "Nameless", "", "")),
        ("Bare", []),
    ]
    System.objects.bulk_create(
        System(
            id=2_000_000 + number,
            kind=CLINICAL,
            name=name,
            resource_url=f"https://s{number}.example",
            locations=locations,
            client_id="x" if number != 2 else "",
        )
        for number, (name, locations) in enumerate(rows)
    )
    System.objects.create(
        id=2_100_000,
        kind=DEVICE,
        name="Lake Watch",
        resource_url="https://w.example",
        client_id="x",
    )


def names(query: str, **more: Any) -> list[str]:
    return [system.name for system in search_systems(query=query, **more).systems]


@pytest.mark.parametrize(
    "query, found",
    [
        ("lakeside c", ["Lakeside Clinic"]),
        ("CLINIC   lakeside", ["Lakeside Clinic"]),
        ("shore", ["lakeside General Hospital"]),
        ("riverton", ["lakeside General Hospital"]),
        ("main st", ["Lakeside Clinic"]),
        ("lakeside-clinic", ["Lakeside Clinic"]),
        ("lakeside, springfield", ["Lakeside Clinic"]),
        ("children's", ["Children's Hospital"]),
        ("children’s", ["Children's Hospital"]),
        ("mary hopital", ["St. Mary-Hôpital, Inc."]),
        ("MONTRÉAL", ["St. Mary-Hôpital, Inc."]),
        ("saltzer", ["Mount Sinai"]),
        ("boston ma", ["Children's Hospital"]),
        ("02115", ["Children's Hospital"]),
        ("100%", []),
        ("_", []),
        ("xyzzyxyzzy", []),
    ],
)
def test_every_word_begins_a_word_of_name_address_or_town(query: str, found: list[str]) -> None:
    if query == "_":  # no word at all
        assert search_systems(query=query).words == ()
    else:
        assert names(query) == found


def test_it_is_alphabetical_whatever_the_case() -> None:
    assert names("lake", kind=CLINICAL) == [
        "Lakeside Clinic",
        "lakeside General Hospital",
        "North Lakeside Medical Group",
    ]


def test_it_is_narrowed() -> None:
    assert names("lake", kind=DEVICE) == ["Lake Watch"]
    assert names("lake", system_type="Payer2Payer") == []
    assert "North Lakeside Medical Group" not in names("lake", ready=True)
    assert "" in names("")
    assert "" not in names("", ready=True)
    System.objects.filter(name="Lakeside Clinic").update(enabled=False)
    assert names("lakeside clinic", exact=True) == []


@pytest.mark.parametrize(
    "typed, meant, count",
    [
        ("lakesde", ("lakeside",), 3),
        ("lakesid clinc", ("lakeside", "clinic"), 1),
        ("riverten", ("riverton",), 1),
        ("childrens", ("children's",), 1),
        ("saltzr", ("saltzer",), 1),
    ],
)
def test_a_slip_is_repaired_and_said(typed: str, meant: tuple[str, ...], count: int) -> None:
    found = search_systems(query=typed, kind=CLINICAL)
    if typed == "lakesid clinc":
        meant = ("lakesid", "clinic")  # the first one begins a word as it is
    assert (found.words, found.repaired, len(found.systems)) == (meant, True, count)
    exact = search_systems(query=typed, kind=CLINICAL, exact=True)
    assert (exact.systems, exact.repaired) == ([], False)


def test_pages_have_twenty_rows() -> None:
    System.objects.bulk_create(
        System(id=3_000_000 + n, kind=CLINICAL, name=f"Zebra {n:03}", resource_url="https://z.test")
        for n in range(45)
    )
    pages = [search_systems(query="zebra", offset=offset) for offset in (0, 20, 40, 60)]
    assert [len(page.systems) for page in pages] == [20, 20, 5, 0]
    assert [page.more for page in pages] == [True, True, False, False]
    assert [s.name for page in pages for s in page.systems] == [f"Zebra {n:03}" for n in range(45)]


def test_unstorable_text_finds_nothing_and_breaks_nothing() -> None:
    for query in ("\x00", "\ud800", "'", "''' --", "(" * 300, "a " * 500, "%_\\"):
        assert isinstance(search_systems(query=query).systems, list)


def test_locations_of_any_shape_are_searched_without_an_error() -> None:
    shapes: list[Any] = [{}, "text", [1, None], [{"address": "Elm Street"}], [{"name": None}]]
    for locations in shapes:
        System.objects.filter(name="Bare").update(locations=locations)
        assert names("bare") == ["Bare"]


def test_near_a_postal_code() -> None:
    assert [s.name for s in systems_near(postal_code="02115", kind=CLINICAL)] == [
        "Children's Hospital"
    ]
    assert [s.name for s in systems_near(postal_code="82501", kind=CLINICAL)] == [
        "lakeside General Hospital"
    ]
    assert [s.name for s in systems_near(postal_code="33199", kind=CLINICAL)] == ["Mount Sinai"]
    assert list(systems_near(postal_code="lake", kind=CLINICAL)) == []


def test_ten_thousand_systems_are_searched_by_the_index() -> None:
    System.objects.bulk_create(
        System(
            id=4_000_000 + n,
            kind=CLINICAL,
            name=f"Practice {n:05} of Family Medicine",
            resource_url="https://p.test",
            locations=at(f"{n} Elm Street", "Shelbyville", "IL", f"{n:05}"),
        )
        for n in range(10_000)
    )
    with database.cursor() as cursor:
        cursor.execute("analyze connectors_system")
        with CaptureQueriesContext(database) as asked:
            assert names("lakeside clin") == ["Lakeside Clinic"]
        assert len(asked) == 2
        cursor.execute(f"explain {asked[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "connectors_system_words" in plan, plan
        assert names("lakesde clin") == ["Lakeside Clinic"]
