"""The simulated people of every FHIR version through the whole product: their public ids, all of
their resources, their documents (wire contract 12.1, 13.2, 16.3).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.contract.api import User, wait_for
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

C = "https://fhir-myrecord.sandboxcerner.com/dstu2/0b8a0111-e8e6-4c26-a91c-5069cbc6b1ca"
L = "https://fhir-myrecord.cerner.com/dstu2/ec2458f2-1e24-41c8-b71b-0e701af7583d"
MEDICARE = "https://sandbox.bluebutton.cms.gov/v1/fhir"
CLINIC = "https://r4-clinic.example/fhir/r4"
PEOPLE = [
    pytest.param(4707, "wilma_smart", "Cerner01", "dstu2", C, "3d3d15496c25", id="C"),
    pytest.param(4707, "wilmasmart", "Cerner01", "dstu2", L, "e467f71f186f", id="L"),
    pytest.param(4748, "BBUser29999", "PW29999!", "stu3", MEDICARE, "", id="stu3"),
    pytest.param(900010, "demo", "demo", "r4", CLINIC, "", id="r4"),
]


@pytest.mark.parametrize("system, username, password, version, base, patient", PEOPLE)
def test_a_person_arrives_whole_in_their_version(
    stack: Stack,
    new_user: Callable[[], User],
    browser: Browser,
    system: int,
    username: str,
    password: str,
    version: str,
    base: str,
    patient: str,
) -> None:
    person = new_user()
    browser.open(person.connect_url("clinical", system)).sign_in(username, password)
    back = parse_qs(urlsplit(browser.url).query)
    assert (back["success"], back["iss"]) == (["true"], [base])
    wait_for(lambda: _connected(person), seconds=90, what="the connection is connected")
    expected = _expected(stack, system, username)
    for rtype, sources in expected.items():
        if rtype in ("Binary", "Observation"):  # read through its document; has a moving window
            continue
        arrived = person.get(f"/fhir/{version}/{rtype}?_count=0").json()["total"]
        assert arrived == len(sources), rtype
    found = person.get(f"/fhir/{version}/Observation?_count=0").json()["total"]
    assert found >= len(expected["Observation"]) - 1 > 20
    row = person.get(f"/fhir/{version}/Patient").json()["entry"][0]["resource"]
    assert row["id"] == patient or not patient
    assert {"use": "usual", "system": base, "value": expected["Patient"][0]} in row["identifier"]
    for entry in person.pages(f"/fhir/{version}/DocumentReference?_count=100"):
        attachment = entry["resource"]["content"][0]["attachment"]
        binary = person.get(attachment["url"]).json()
        content = b64decode(binary["data" if version == "r4" else "content"])
        assert (binary["contentType"], len(content)) == (
            attachment["contentType"],
            attachment["size"],
        )


def _expected(stack: Stack, system: int, username: str) -> dict[str, list[str]]:
    """Source ids by type, as the sandbox tells them."""
    query: dict[str, str] = {"system": str(system), "account": username}
    answer = requests.get(f"{stack.sandbox_url}/control", params=query, timeout=20)
    ids: dict[str, list[str]] = answer.json()["systems"][0]["accounts"][0]["ids"]
    return ids


def _connected(person: User) -> bool:
    rows = person.get("/connect/api/connections").json()["entry"]
    return all(row["status"] == "connected" for row in rows)
