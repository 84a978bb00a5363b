"""What goes wrong on demand, by user name and over the control API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import faults
from connectors.sandbox.houses import HOUSES
from tests.sandbox.visitor import JASON, Visitor


def connected(username: str, system: int = 4706) -> Visitor:
    visitor = Visitor(system=system)
    visitor.connect(username, "epicepic1" if system == 4706 else "demo")
    return visitor


def conditions(visitor: Visitor) -> Any:
    return visitor.get("Condition", patient=JASON)


@pytest.mark.parametrize("system, name", [(4706, "fhirjason"), (4709, "demo")])
@pytest.mark.parametrize("fault, wait", [("429", "30"), ("503", "60"), ("500", None)])
def test_data_calls_answer_a_status(system: int, name: str, fault: str, wait: str | None) -> None:
    visitor = connected(f"{name}+{fault}", system)
    answer = conditions(visitor) if system == 4706 else visitor.get("identity")
    assert answer.status_code == int(fault)
    assert answer.get("Retry-After") == wait
    assert "error" in answer.json() or answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("system, name", [(4706, "fhirjason"), (4709, "demo")])
def test_the_person_denies(system: int, name: str) -> None:
    visitor = Visitor(system=system)
    page = visitor.sign_in(f"{name}+deny", "epicepic1" if system == 4706 else "demo")
    assert visitor.decide(page)["error"] == "access_denied"


def test_an_expired_token_is_healed_by_a_refresh() -> None:
    visitor = Visitor()
    found = visitor.connect("fhirjason+expired", "epicepic1")
    assert conditions(visitor).status_code == 401
    new = visitor.trade(grant_type="refresh_token", refresh_token=found["refresh_token"]).json()
    visitor.token = new["access_token"]
    assert conditions(visitor).status_code == 200


def test_a_revoked_permission_is_not() -> None:
    visitor = Visitor()
    found = visitor.connect("fhirjason+revoked", "epicepic1")
    assert conditions(visitor).status_code == 401
    answer = visitor.trade(grant_type="refresh_token", refresh_token=found["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_one_type_is_refused_and_the_others_are_whole() -> None:
    visitor = connected("fhirjason+403")
    assert visitor.get("Immunization", patient=JASON).status_code == 403
    assert conditions(visitor).status_code == 200
    other = connected("fhirjason+403:Condition")
    assert conditions(other).status_code == 403
    assert other.get("Immunization", patient=JASON).status_code == 200
    walker = connected("demo+403", 4709)
    assert walker.get("dataTypes/sleep/dataPoints").status_code == 403
    assert walker.get("dataTypes/weight/dataPoints").status_code == 200


def test_half_of_the_json() -> None:
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        conditions(connected("fhirjason+malformed")).json()


def test_the_token_endpoint_is_down() -> None:
    visitor = Visitor()
    code = visitor.decide(visitor.sign_in("fhirjason+token-503", "epicepic1"))["code"]
    answer = visitor.trade_code(code)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def test_a_chosen_fault_strikes_as_often_as_asked(jason: Visitor) -> None:
    body = {"system": 4706, "account": "fhirjason", "fault": "503", "count": 2}
    assert jason.control("faults", body).status_code == 201
    assert [conditions(jason).status_code for _ in range(3)] == [503, 503, 200]


def test_clearing_at_one_system_leaves_the_others(jason: Visitor) -> None:
    for system, account in ((4706, "fhirjason"), (4709, "demo")):
        jason.control("faults", {"account": account, "system": system, "fault": "429"})
    cleared = jason.client.delete("/control/faults?account=fhirjason&system=4709").json()
    assert cleared == {"cleared": 0}
    cleared = jason.client.delete("/control/faults?account=fhirjason&system=4706").json()
    assert cleared == {"cleared": 1}
    left = jason.client.get("/control/faults").json()["faults"]
    assert [fault["system"] for fault in left] == [4709]
    assert jason.client.delete("/control/faults?system=x").status_code == 400


def test_a_chosen_fault_lasts_until_it_is_cleared(jason: Visitor) -> None:
    jason.control("faults", {"account": "fhirjason", "fault": "429"})
    assert [conditions(jason).status_code for _ in range(3)] == [429] * 3
    assert jason.client.delete("/control/faults?account=fhiremma").json() == {"cleared": 0}
    assert conditions(jason).status_code == 429
    assert jason.client.delete("/control/faults").json() == {"cleared": 1}
    assert conditions(jason).status_code == 200


def test_a_chosen_fault_strikes_nobody_else(jason: Visitor, walker: Visitor) -> None:
    jason.control("faults", {"account": "fhirjason", "fault": "500"})
    assert walker.get("identity").status_code == 200
    other = connected("fhiremma")
    assert other.get("Patient", _id=JASON).status_code == 403  # her own token, not a 500


def test_a_chosen_expiry_is_one_refresh_each(jason: Visitor) -> None:
    jason.control("faults", {"account": "fhirjason", "fault": "expired", "count": 1})
    assert [conditions(jason).status_code for _ in range(2)] == [401, 200]


def test_a_slow_answer_is_an_answer() -> None:
    assert conditions(connected("fhirjason+slow")).status_code == 200


def test_the_menu_is_documented() -> None:
    assert all(f"`{entry.name}`" in (faults.__doc__ or "") for entry in faults.MENU)


def test_the_guide_lists_the_menu_and_the_accounts() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text()
    for entry in faults.MENU:
        assert f"`{entry.name}`" in guide
    for house in HOUSES:
        for account in house.accounts:
            assert f"`{account.username}` / `{account.password}`" in guide
