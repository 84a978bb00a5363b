"""Resources within others (hl7.org/fhir/R4/search.html#contained): what is found within is what
would be found outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from fhirstore import digits
from fhirstore.search import contained
from tests.cast import token_pair
from tests.conformance import test_date, test_quantity, test_sort, test_token
from tests.conformance.compared import everything
from tests.conformance.tables import REFUSED, coded, observation, resource
from tests.conformance.texts import text_of
from tests.fhirstore.fhir_client import Fhir, ids

VERSIONS = ("dstu2", "stu3", "r4")
ALONE = "_contained=true&_containedType=contained"


def holding(ident: str, *inner: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A DiagnosticReport that contains resources."""
    members = {"status": "final", "code": coded("report")} | members
    return resource("DiagnosticReport", ident, contained=list(inner), **members)


def keep(fhir: Fhir, version: str, *resources: dict[str, Any]) -> None:
    """Store resources, numbers as they are written."""
    fhir.store(version, *(digits.loads(text_of(r).encode()) for r in resources))


def names(bundle: dict[str, Any]) -> list[str]:
    """What each match is called: the end of its address."""
    found = [entry for entry in bundle["entry"] if entry["search"]["mode"] == "match"]
    return [entry["fullUrl"].partition("Observation/")[2] or _end(entry) for entry in found]


def _end(entry: dict[str, Any]) -> str:
    return str("/".join(entry["fullUrl"].rsplit("/", 2)[-2:]))


TABLES = {
    "codes": (test_token.CODED, test_token.QUERIES),
    "dates": (test_date.DATED, {f"date={q}": found for q, found in test_date.QUERIES.items()}),
    "quantities": (
        test_quantity.MEASURED,
        {f"value-quantity={q}": found for q, found in test_quantity.NUMBERS.items()},
    ),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_what_is_found_within_is_what_is_found_outside(
    fhir: Fhir, version: str, table: str
) -> None:
    resources, queries = TABLES[table]
    keep(fhir, version, *(holding(f"of-{r['id']}", r) for r in resources))
    wrong = {}
    for query, matches in queries.items():
        pairs = [(pair.partition("=")[0], pair.partition("=")[2]) for pair in query.split("&")]
        path = f"/{version}/Observation?{urlencode(pairs)}&{ALONE}&_count=100"
        answer = fhir.get(path, expect=None)
        refused = fhir.last.status_code == 400
        found = REFUSED if refused else sorted(ids(answer))
        if found != (REFUSED if matches == REFUSED else sorted(matches.split())):
            wrong[query] = found
        elif not refused:
            assert answer["total"] == len(found)
            assert fhir.get(path.replace(f"&{ALONE}", ""))["total"] == 0
    assert not wrong


@pytest.mark.parametrize("count", [1, 3, 1000])
@pytest.mark.parametrize("outside", ["", "bdf", "abcdefg"])
def test_orders_and_pages(fhir: Fhir, outside: str, count: int) -> None:
    """Some within and some outside make the order that all would make outside."""
    mode = "both" if outside else "true"
    parted = [r if r["id"] in outside else holding(r["id"], r) for r in test_sort.MEASURED]
    keep(fhir, "r4", *parted)
    for order, matches in test_sort.ORDERS.items():
        wanted = matches.split()
        path = f"/r4/Observation?_contained={mode}&_containedType=contained&_sort={order}"
        assert everything(fhir, f"{path}&_count={count}") == (wanted, {7}), order
        skipped, _ = everything(fhir, f"{path}&_count={count}&_skip=2")
        assert skipped == wanted[2:], order
        assert fhir.get(f"{path}&_total=none&_count={count}").get("total") is None


@pytest.mark.parametrize("outside", ["", "bdf"])
def test_the_main_date_and_ids(fhir: Fhir, outside: str) -> None:
    mode = "both" if outside else "true"
    parted = [r if r["id"] in outside else holding(r["id"], r) for r in test_sort.MEASURED]
    keep(fhir, "r4", *parted)
    path = f"/r4/Observation?_contained={mode}&_containedType=contained&_count=2"
    oldest, _ = everything(fhir, f"{path}&_sort=date")
    assert oldest[:5] == ["d", "e", "b", "a", "c"]
    assert sorted(oldest[5:]) == ["f", "g"]
    newest, _ = everything(fhir, f"{path}&_sort=-date")
    assert newest[:5] == ["c", "a", "b", "e", "d"]
    assert everything(fhir, path) == (list("abcdefg"), {7})


def medication(ident: str, code: str, **members: Any) -> dict[str, Any]:
    return resource("Medication", ident, code=coded(code), **members)


MEDICATIONS = [
    resource(
        "MedicationRequest",
        "23",
        status="active",
        intent="order",
        contained=[medication("m1", "a"), medication("m2", "b"), medication("m3", "b")],
        subject={"reference": "Patient/p"},
        medicationReference={"reference": "#m1"},
    ),
    resource("MedicationRequest", "9", contained=[medication("m1", "b")]),
    resource("MedicationDispense", "23", contained=[medication("m1", "a", status="active")]),
    medication("o1", "b", contained=[medication("m1", "b"), {"resourceType": "Patient"}]),
    medication("o2", "a"),
    resource("Patient", "p"),
]
ENTRIES = {
    "code=a": "Medication/o2",
    "code=a&_contained=false": "Medication/o2",
    "code=a&_contained=true": "MedicationDispense/23 MedicationRequest/23",
    "code=b&_contained=true": "MedicationRequest/23 MedicationRequest/9 Medication/o1",
    "code=b&_contained=true&_containedType=container": (
        "MedicationRequest/23 MedicationRequest/9 Medication/o1"
    ),
    "code=b&_contained=true&_containedType=contained": (
        "MedicationRequest/23#m2 MedicationRequest/23#m3 MedicationRequest/9#m1 Medication/o1#m1"
    ),
    # each once, though o1 matches as well as what it contains
    "code=b&_contained=both": "MedicationRequest/23 MedicationRequest/9 Medication/o1",
    "code=b&_contained=both&_containedType=contained": (
        "MedicationRequest/23#m2 MedicationRequest/23#m3 MedicationRequest/9#m1"
        " Medication/o1 Medication/o1#m1"
    ),
    "code=b&_contained=both&_sort=-_id": ("Medication/o1 MedicationRequest/9 MedicationRequest/23"),
    "_contained=true&_sort=-code": (
        "MedicationRequest/23 MedicationRequest/9 Medication/o1 MedicationDispense/23"
    ),
    "_id=m1&_contained=true&_containedType=contained": (
        "MedicationDispense/23#m1 MedicationRequest/23#m1 MedicationRequest/9#m1 Medication/o1#m1"
    ),
    "_id:not=m1&_contained=true&_containedType=contained": (
        "MedicationRequest/23#m2 MedicationRequest/23#m3"
    ),
    "_id=o2&_contained=both": "Medication/o2",
    "_id=23&_contained=true": "",
    "status:missing=false&_contained=true": "MedicationDispense/23",
    "code=none&_contained=both": "",
}


def test_containers_and_what_they_contain(fhir: Fhir) -> None:
    fhir.store("r4", *MEDICATIONS)
    for query, wanted in ENTRIES.items():
        for count in (1, 2, 50):
            found, url = [], f"/r4/Medication?{query}&_count={count}"
            while url:
                bundle = fhir.get(url)
                assert bundle["total"] == len(wanted.split()), query
                found += [_end(entry) for entry in bundle["entry"]]
                url = next((x["url"] for x in bundle["link"] if x["relation"] == "next"), "")
            assert found == wanted.split(), (query, count)
    assert fhir.get("/r4/Medication?_contained=true&_count=0")["total"] == 4
    form = "code=a&_contained=true&_containedType=contained"
    posted = fhir.post("/r4/Medication/_search", form)
    first = posted["entry"][0]
    assert first["fullUrl"].endswith("/r4/MedicationDispense/23#m1")
    assert first["resource"] == medication("m1", "a", status="active")
    assert first["search"] == {"mode": "match"}


def test_a_container_is_shown_whole_and_what_comes_along(fhir: Fhir) -> None:
    fhir.store("r4", *MEDICATIONS)
    path = "/r4/Medication?code=b&_contained=true&_include=MedicationRequest:patient"
    bundle = fhir.get(path)
    modes = [(e["resource"]["resourceType"], e["search"]["mode"]) for e in bundle["entry"]]
    assert modes == [
        ("MedicationRequest", "match"),
        ("MedicationRequest", "match"),
        ("Medication", "match"),
        ("Patient", "include"),
    ]
    assert len(bundle["entry"][0]["resource"]["contained"]) == 3
    shown = fhir.get(f"/r4/Medication?code=a&{ALONE}&_elements=status")["entry"][0]["resource"]
    assert shown["status"] == "active"
    assert "code" not in shown


def test_several_types_and_a_compartment(fhir: Fhir) -> None:
    fhir.store(
        "r4",
        *MEDICATIONS,
        holding("h", observation("x", subject={"reference": "Patient/p"}), observation("y")),
    )
    path = "/r4?_type=Medication,Observation&_contained=true&_containedType=contained"
    first = fhir.get(f"{path}&_count=4")
    assert first["total"] == 8
    assert [_end(e) for e in first["entry"]][3:] == ["MedicationRequest/23#m3"]
    following = next(x["url"] for x in first["link"] if x["relation"] == "next")
    assert [_end(e) for e in fhir.get(following)["entry"]] == [
        "MedicationRequest/9#m1",
        "DiagnosticReport/h#x",
        "DiagnosticReport/h#y",
        "Medication/o1#m1",
    ]
    within = fhir.get(f"/r4/Patient/p/Observation?{ALONE}")
    assert [_end(e) for e in within["entry"]] == ["DiagnosticReport/h#x"]


@pytest.mark.parametrize(
    "query, named",
    [
        ("_contained=maybe", "_contained"),
        ("_contained=true&_containedType=both", "_containedType"),
        ("_contained=true&manufacturer.name=x", "manufacturer.name"),
        ("_contained=both&_has:MedicationRequest:medication:status=active", "_has"),
        ("_contained=true&_list=1", "_list"),
        ("_contained=true&_containedType=contained&_include=*", "_containedType"),
        ("_contained=true&code:odd=1", "code"),
        ("_contained=true&_sort=code&_afterid=1", "_afterid"),
    ],
)
def test_what_does_not_go_together_is_refused(fhir: Fhir, query: str, named: str) -> None:
    fhir.store("r4", *MEDICATIONS)
    refused = fhir.get(f"/r4/Medication?{query}", expect=400)
    assert named in refused["issue"][0]["details"]["text"]


def test_where_nothing_can_be_contained_it_is_refused(fhir: Fhir) -> None:
    fhir.store("r4", *MEDICATIONS)
    for method, path in (
        ("GET", "/r4?_contained=true&_tag=x"),
        ("GET", "/r4/Observation/$lastn?patient=p&category=x&_contained=true"),
        ("DELETE", "/r4/Medication?code=a&_contained=true"),
    ):
        refused = fhir.call(method, path, expect=400)
        assert "_contained" in refused["issue"][0]["details"]["text"], path


def test_too_many_are_refused(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    fhir.store("r4", *MEDICATIONS)
    monkeypatch.setattr(contained, "MOST", 3)
    for mode in ("true", "both"):
        refused = fhir.get(f"/r4/Medication?code=a&_contained={mode}", expect=400)
        assert refused["issue"][0]["code"] == "too-costly"
        assert "_contained" in refused["issue"][0]["details"]["text"]
    assert fhir.get("/r4/Patient?_contained=true")["total"] == 0


def test_what_is_no_longer_contained_is_not_found(fhir: Fhir) -> None:
    fhir.store("r4", holding("h", observation("x"), observation("y")))
    assert fhir.get("/r4/Observation?_contained=true")["total"] == 1
    fhir.store("r4", holding("h", resource("Patient", "p")))
    assert fhir.get("/r4/Observation?_contained=true")["total"] == 0
    assert fhir.get(f"/r4/Patient?{ALONE}")["total"] == 1
    fhir.delete("/r4/DiagnosticReport/h")
    assert fhir.get("/r4/Patient?_contained=true")["total"] == 0
    odd = [3, {"resourceType": ["Patient"]}, {"resourceType": "Patient"}, {"id": "q"}]
    fhir.store("r4", {**holding("h"), "contained": odd})
    assert fhir.get("/r4/Patient?_contained=true")["total"] == 0


def test_a_system_in_a_composite_of_what_is_contained(fhir: Fhir) -> None:
    part = {"code": coded("urn:q|a"), "valueCodeableConcept": coded("urn:a|yes")}
    fhir.store("r4", holding("h", observation("x", component=[part])))
    path = "/r4/Observation?component-code-value-concept=urn:q|$urn:a|"
    assert ids(fhir.get(f"{path}&_contained=true")) == ["h"]
    assert ids(fhir.get(path)) == []


def test_other_versions_are_other_stores(fhir: Fhir) -> None:
    for version in VERSIONS:
        fhir.store(version, holding(f"of-{version}", observation("x", status="final")))
    for version in VERSIONS:
        bundle = fhir.get(f"/{version}/Observation?status=final&_contained=true")
        assert ids(bundle) == [f"of-{version}"]
    assert fhir.get("/r4/MedicationOrder?_contained=true")["total"] == 0


def test_a_token_sees_what_both_its_scopes_show(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    def narrow(scope: str) -> Fhir:
        return Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)

    own = Fhir("", alice.pk, now)
    lab = {"category": [coded("laboratory")]}
    own.store(
        "r4",
        holding("lab", observation("x", **lab), category=[coded("LAB")]),
        holding("other", observation("x", **lab), category=[coded("RAD")]),
        holding("vital", observation("x"), category=[coded("LAB")]),
    )
    path = "/r4/Observation?_contained=true"
    assert ids(narrow("user/*.*").get(path)) == ["lab", "other", "vital"]
    inner = "user/Observation.rs?category=laboratory"
    assert ids(narrow(f"{inner} user/DiagnosticReport.rs").get(path)) == ["lab", "other"]
    outer = "user/DiagnosticReport.rs?category=LAB"
    assert ids(narrow(f"{inner} {outer}").get(path)) == ["lab"]
    assert ids(narrow(f"user/Observation.rs {outer}").get(path)) == ["lab", "vital"]
    assert ids(narrow("user/Observation.rs").get(path)) == []
    assert narrow("user/Observation.rs").get(f"{path}&_explain=true")["total"] == 0


def test_what_others_let_see(newcomer: Callable[[], Fhir]) -> None:
    one, other = newcomer(), newcomer()
    for patient in ("p1", "p2"):
        subject = {"reference": f"Patient/{patient}"}
        one.store(
            "r4",
            resource("Patient", patient),
            holding(f"of-{patient}", observation("x", status="final"), subject=subject),
        )
    path = "/r4/Observation?_contained=both&status=final"
    assert other.get(path)["total"] == 0
    one.put(f"/fhir/r4/Patient/p1/_permission/{other.owner}", None)
    assert ids(other.get(path)) == ["of-p1"]
    other.store("r4", observation("own", status="final"), holding("z", observation("x")))
    assert ids(other.get(path)) == ["of-p1", "own"]
    assert ids(other.get(f"/r4/Observation?{ALONE}&_count=1&_skip=1")) == ["x"]


def test_all_users_of_an_app(
    newcomer: Callable[[], Fhir], dana_app: NewClient, now: datetime
) -> None:
    server = Fhir("", 0, now)
    server.headers = {
        "client-id": dana_app.client_id,
        "client-secret": dana_app.client_secret,
        "x-oneup-user-id": "client",
    }
    for _ in range(2):
        newcomer().store("r4", holding("h", observation("x", status="final")))
    path = f"/r4/Observation?status=final&{ALONE}"
    bundle = server.get(path)
    assert bundle["total"] == 2
    assert names(bundle) == ["DiagnosticReport/h#x"] * 2
    found, totals = everything(server, f"{path}&_count=1")
    assert (found, totals) == (["x", "x"], {2})
    assert server.get("/r4/Observation?status=final&_contained=both")["total"] == 2
