"""Wire contract section 19, start to finish, over real sockets: exactly its calls, and the data
they promise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.api import App, User, wait_for
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

EPIC = "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"
VERSIONS = ("dstu2", "stu3", "r4")


@pytest.fixture(scope="module")
def person(app: App) -> User:
    return app.user("walker@example.org")


@pytest.fixture(scope="module")
def connected(stack: Stack, person: User) -> User:
    """The person, signed in at the hospital and at the wearable, with the first data there."""
    for kind, system, account in (
        ("clinical", 4706, ("fhirjason", "epicepic1")),
        ("device", 4709, ("demo", "demo")),
    ):
        browser = Browser(stop_at=stack.redirect_uri)
        browser.open(person.connect_url(kind, system)).sign_in(*account)
        assert parse_qs(urlsplit(browser.url).query)["success"] == ["true"]
        wait_for(
            lambda: all(
                row["status"] == "connected"
                for row in person.get("/connect/api/connections").json()["entry"]
            ),
            seconds=60,
            what="the connection is connected",
        )
    return person


def test_clinical_systems_are_listed(app: App) -> None:
    systems = app.call("GET", "/connect/system/clinical", params=app.credentials).json()
    assert {4706, 4707, 4748, 4894, 5153, 11035, 11046, 11049, 11580, 32, 900010} <= {
        system["id"] for system in systems
    }
    for system in systems:
        assert {"id", "name", "resource_url", "logo", "api_version", "status", "locations"} <= set(
            system
        )
        assert system["logo"].startswith(app.base)


def test_devices_are_listed(app: App) -> None:
    devices = app.call("GET", "/connect/system/device", params=app.credentials).json()
    assert {device["name"] for device in devices} >= {"Fitbit", "Withings", "Google Fit"}
    assert next(d for d in devices if d["id"] == 4709)["name"] == "Fitbit"


def test_the_browser_returns_with_success_and_the_source(new_user: Any, browser: Browser) -> None:
    browser.open(new_user().connect_url("clinical", 4706, state="s-1"))
    browser.sign_in("fhirjason", "epicepic1")
    query = urlsplit(browser.url).query
    assert query == f"success=true&iss={EPIC}&state=s-1"


def test_the_access_token_leaves_no_trace_in_later_addresses(
    new_user: Any, browser: Browser
) -> None:
    person = new_user()
    browser.open(person.connect_url("clinical", 4706)).sign_in("fhirjason", "epicepic1")
    assert not [url for url in browser.visited[1:] if person.access_token in url]


def test_hospital_data_arrives_under_dstu2(connected: User) -> None:
    patient = connected.get("/fhir/dstu2/Patient").json()["entry"][0]["resource"]
    assert patient["id"] == "f8fedcd9e6e5"
    assert patient["meta"]["versionId"].startswith("9000000000000"[:-4])
    condition = connected.get("/fhir/dstu2/Condition").json()["entry"][0]["resource"]
    code = condition["code"]["coding"][0]["code"]
    found = connected.get("/fhir/dstu2/Condition", params={"code": code}).json()
    assert found["total"] >= 1
    assert condition["id"] in [entry["resource"]["id"] for entry in found["entry"]]


def test_every_resource_of_the_sandbox_patient_arrives_by_count_and_content(
    stack: Stack, connected: User
) -> None:
    expected = stack.sandbox_expected("4706", "fhirjason")
    for rtype, sources in expected.items():
        arrived = {
            identifier["value"]: entry["resource"]
            for entry in connected.pages(f"/fhir/dstu2/{rtype}?_count=100")
            for identifier in entry["resource"].get("identifier", ())
            if identifier.get("system") == EPIC
        }
        if rtype in ("Binary",):  # has no identifier; read through its document below
            continue
        assert set(sources) <= set(arrived), rtype


def test_a_document_and_its_binary_are_read_with_the_same_credentials(connected: User) -> None:
    document = connected.get("/fhir/dstu2/DocumentReference").json()["entry"][0]["resource"]
    url = document["content"][0]["attachment"]["url"]
    binary = connected.get(url).json()
    assert binary["contentType"] == document["content"][0]["attachment"]["contentType"]
    assert binary["content"]
    assert binary["meta"]["lastUpdated"].endswith("Z")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("code", ["66334-4", "http://loinc.org|66334-4", "55423-8"])
def test_steps_answer_in_every_version(connected: User, version: str, code: str) -> None:
    bundle = connected.get(f"/fhir/{version}/Observation", params={"code": code}).json()
    assert bundle["total"] >= 1
    for entry in bundle["entry"]:
        codes = [coding["code"] for coding in entry["resource"]["code"]["coding"]]
        assert codes[0] == "66334-4"
        assert entry["resource"]["valueQuantity"]["code"] == "{steps}"


def test_a_years_steps_are_there(connected: User) -> None:
    assert len(connected.pages("/fhir/r4/Observation?code=41950-7&_count=200")) >= 360


def test_device_observations_are_found_by_their_device(connected: User) -> None:
    device = next(
        entry["resource"]["id"]
        for entry in connected.pages("/fhir/r4/Device")
        if entry["resource"]["meta"].get("source") == "1up-external-system:4709"
    )
    for version in VERSIONS:
        found = connected.get(f"/fhir/{version}/Observation?device=Device/{device}").json()
        assert found["total"] > 100


def test_a_newer_step_count_arrives_untouched(connected: User) -> None:
    """Two minutes later, with nobody doing anything (the sandbox's people always walk a little)."""

    def running_day() -> tuple[str, float] | None:
        rows = connected.get("/fhir/dstu2/Observation", params={"code": "55423-8"}).json()["entry"]
        days = [(r["resource"]["effectivePeriod"]["start"], r["resource"]) for r in rows]
        start, row = max(days, key=lambda pair: pair[0])
        return (start, row["valueQuantity"]["value"])

    before = running_day()
    started = datetime.now(UTC)
    wait_for(
        lambda: running_day() != before,
        seconds=240,
        what=f"another count than {before} since {started:%H:%M:%S}",
    )


def test_an_unchanged_source_writes_no_new_version(connected: User) -> None:
    patient = connected.get("/fhir/dstu2/Patient").json()["entry"][0]["resource"]
    (row,) = [
        r
        for r in connected.get("/connect/api/connections?system_id=4706").json()["entry"]
        if r["system_id"] == 4706
    ]
    connected.app.call(
        "POST", f"/connect/api/connections/{row['id']}/refresh", headers=connected.bearer
    )

    def succeeded_again() -> bool:
        now = connected.get(f"/connect/api/connections/{row['id']}").json()["connection"]
        return bool(now["last_success_at"] > row["last_success_at"])

    wait_for(succeeded_again, seconds=60, what="the refresh ran")
    assert connected.get("/fhir/dstu2/Patient").json()["entry"][0]["resource"] == patient
