"""Replay C of wire contract 20: a health-study platform. Its client id and secret ride in headers
spelled with an underscore; data is R4, and AuditEvents tell when it is complete."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.contract.api import App, User, wait_for
from tests.contract.app_page import app_page
from tests.contract.bundles import Bundle, full_urls, pages
from tests.contract.journey import DEMO_LOGIN, sign_in
from tests.e2e.chromium import browser_or_skip
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

WHO, NOBODY = "5a" * 20, "0b" * 20
CLINIC = 900010
TRANSFER = ("data-transfer-initiated", "member-data-ingestion-completed")
TIMEOUT = "member-data-ingestion-timeout"
USER = f"/user-management/v1/user?app_user_id={WHO}"

PARENT = """<iframe src="{page}" width="100%" height="600"></iframe><script>
addEventListener("message", (event) => {{
  if (event.data === "" && event.ports[0]) event.ports[0].postMessage({{ jwt: "{token}" }});
}});
</script>"""


@pytest.fixture(scope="module")
def made(app: App) -> dict[str, Any]:
    return dict(app.call("POST", USER, headers=app.credentials).json())


@pytest.fixture(scope="module")
def new_code(app: App, made: dict[str, Any]) -> dict[str, Any]:
    path = f"/user-management/v1/user/auth-code?app_user_id={WHO}"
    return dict(app.call("POST", path, headers=app.credentials).json())


@pytest.fixture(scope="module")
def token(app: App, new_code: dict[str, Any]) -> dict[str, Any]:
    form = {**app.credentials, "code": new_code["code"], "grant_type": "authorization_code"}
    return dict(app.call("POST", "/oauth2/token", data=form).json())


@pytest.fixture(scope="module")
def refreshed(app: App, token: dict[str, Any]) -> dict[str, Any]:
    refresh = token["refresh_token"]
    form = {**app.credentials, "refresh_token": refresh, "grant_type": "refresh_token"}
    return dict(app.call("POST", "/oauth2/token", data=form).json())


@pytest.fixture(scope="module")
def person(app: App, made: dict[str, Any], refreshed: dict[str, Any]) -> User:
    return User(app, made["oneup_user_id"], refreshed["access_token"])


@pytest.fixture(scope="module")
def headers(app: App, person: User) -> dict[str, str]:
    return {**app.credentials, "x-oneup-user-id": str(person.number)}


@pytest.fixture(scope="module")
def way_in(app: App, person: User) -> requests.Response:
    """Where to send the person's browser, asked for by the platform's server."""
    return app.call(
        "GET",
        f"/api/clinical/{CLINIC}?sendRedirectUrlAsResponse=true",
        headers={**person.bearer, "X-Client-Id": app.client_id},
        allow_redirects=False,
    )


@pytest.fixture(scope="module")
def connected(
    stack: Stack, app: App, person: User, headers: dict[str, str], way_in: requests.Response
) -> list[dict[str, Any]]:
    """The AuditEvents of the transfer, asked for until it has ended."""
    url = way_in.json()["authorization_url"]
    assert "success=true" in sign_in(url, DEMO_LOGIN, stop_at=stack.redirect_uri)

    def ended() -> list[dict[str, Any]]:
        events = transfer_events(app, person, headers)
        codes = [code_of(event) for event in events]
        initiated = codes.count("data-transfer-initiated")
        return events if initiated and len(codes) - initiated == initiated else []

    return list(wait_for(ended, seconds=90, what="as many transfers ended as were initiated"))


@pytest.fixture(scope="module")
def patients(app: App, headers: dict[str, str], connected: list[dict[str, Any]]) -> Bundle:
    return dict(app.call("GET", "/r4/Patient", headers=headers).json())


@pytest.fixture(scope="module")
def everything(app: App, headers: dict[str, str], patients: Bundle) -> list[Bundle]:
    first = f"{patients['entry'][0]['fullUrl']}/$everything?_count=100"
    return pages(lambda url: dict(app.call("GET", url, headers=headers).json()), first)


def transfer_events(
    app: App, person: User, headers: dict[str, str], since: datetime | None = None
) -> list[dict[str, Any]]:
    path = (
        f"/r4/AuditEvent?subtype={','.join((*TRANSFER, TIMEOUT))}"
        f"&agent-name:contains=1up-user-{person.number}"
    )
    if since:
        path += f"&recorded=ge{since:%Y-%m-%dT%H:%M:%SZ}"
    answer = app.call("GET", path, headers=headers)
    return [entry["resource"] for entry in answer.json()["entry"]]


def code_of(event: dict[str, Any]) -> str:
    return str(event["subtype"][0]["code"])


def source_of(event: dict[str, Any]) -> dict[str, Any]:
    """The agent that is the system."""
    return next(
        agent
        for agent in event["agent"]
        if agent.get("type", {}).get("coding", [{}])[0].get("code") == "CST"
    )


def test_1_headers_with_an_underscore_make_a_user(made: dict[str, Any]) -> None:
    assert made["success"] is True
    assert type(made["oneup_user_id"]) is int
    assert made["code"]


def test_1e_a_known_user_is_told_by_the_text(app: App, made: dict[str, Any]) -> None:
    answer = app.call("POST", USER, headers=app.credentials)
    assert answer.status_code in (200, 400)
    assert answer.json()["success"] is False
    assert answer.json()["error"] == "this user already exists"


def test_2_a_user_is_found_and_a_stranger_is_not(app: App, made: dict[str, Any]) -> None:
    found = app.call("GET", USER, headers=app.credentials).json()
    assert found.get("success") is not False
    assert found["entry"][0]["oneup_user_id"] == made["oneup_user_id"]
    unknown = f"/user-management/v1/user?app_user_id={NOBODY}"
    assert app.call("GET", unknown, headers=app.credentials).json()["entry"] == []


def test_3_a_code(new_code: dict[str, Any]) -> None:
    assert new_code["success"] is True
    assert new_code["code"]


def test_4_and_5_tokens_of_both_grants(token: dict[str, Any], refreshed: dict[str, Any]) -> None:
    for answer in (token, refreshed):
        assert answer["access_token"]
        assert answer["refresh_token"]


def test_6_hospitals_are_found(app: App, person: User) -> None:
    path = "/api/search?query=clinic&offset=0&system_type=HealthSystem"
    answer = app.call("POST", path, headers=person.bearer)
    assert answer.request.body is None
    found = answer.json()
    assert isinstance(found, list)
    assert CLINIC in [system["id"] for system in found]
    keys = {"id", "name", "address", "fhirVersion", "ehr", "resourceUrl", "logo"}
    assert all(keys <= set(system) for system in found)


def test_6w_a_framed_page_takes_the_token_through_a_port(app: App, person: User) -> None:
    parent = PARENT.format(page=f"{app.base}/search", token=person.access_token)
    with browser_or_skip() as chromium, app_page(parent) as home:
        tab = chromium.new_page()
        tab.goto(home)
        inside = tab.frame_locator("iframe")
        inside.get_by_role("link", name="EPIC Medical Center").first.wait_for()
        assert person.access_token not in "".join(frame.url for frame in tab.frames)


def test_7_the_way_to_a_hospital_as_json(way_in: requests.Response) -> None:
    assert way_in.status_code == 200
    answer = way_in.json()
    assert answer["system_id"] == CLINIC
    assert answer["system_name"]
    assert urlsplit(answer["authorization_url"]).scheme in ("http", "https")


def test_8_events_name_their_system(
    app: App, person: User, headers: dict[str, str], connected: list[dict[str, Any]]
) -> None:
    recent = transfer_events(app, person, headers, datetime.now(UTC) - timedelta(hours=1))
    assert {event["id"] for event in recent} == {event["id"] for event in connected}
    for event in connected:
        assert code_of(event) in (*TRANSFER, TIMEOUT)
        assert source_of(event)["name"]
        assert source_of(event)["altId"] == str(CLINIC)
    later = datetime.now(UTC) + timedelta(hours=1)
    assert transfer_events(app, person, headers, later) == []


def test_9_every_transfer_that_began_has_ended(connected: list[dict[str, Any]]) -> None:
    codes = [code_of(event) for event in connected]
    initiated = codes.count("data-transfer-initiated")
    assert initiated > 0
    assert codes.count("member-data-ingestion-completed") + codes.count(TIMEOUT) == initiated


def test_10_the_patient_says_where_it_comes_from(
    patients: Bundle, connected: list[dict[str, Any]]
) -> None:
    alt_id = source_of(connected[0])["altId"]
    assert patients["total"] == len(patients["entry"]) == 1
    entry = patients["entry"][0]
    assert entry["fullUrl"]
    assert entry["resource"]["meta"]["source"] == f"1up-external-system:{alt_id}"


def test_11_everything_comes_once_and_ends(everything: list[Bundle]) -> None:
    urls = full_urls(everything)
    assert len(urls) == len(set(urls)) == everything[0]["total"]
    assert not [page for page in everything if "success" in page]


def test_12_documents_are_read_with_the_same_headers(
    app: App, headers: dict[str, str], everything: list[Bundle]
) -> None:
    attachments = [
        content["attachment"]
        for page in everything
        for entry in page["entry"]
        if entry["resource"]["resourceType"] == "DocumentReference"
        for content in entry["resource"]["content"]
    ]
    assert attachments
    for attachment in attachments:
        binary = app.call("GET", attachment["url"], headers=headers).json()
        assert binary["contentType"]
        assert base64.b64decode(binary["data"], validate=True)
        assert binary["meta"]["lastUpdated"]


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/r4/Patient"),
        ("POST", "/api/search?query=clinic"),
        ("GET", f"/api/clinical/{CLINIC}?sendRedirectUrlAsResponse=true"),
        ("GET", "/connect/api/connections"),
    ],
)
def test_13_an_expired_token_is_refused(
    app: App, expired: dict[str, str], method: str, path: str
) -> None:
    assert app.call(method, path, headers=expired).status_code == 401


@pytest.fixture(scope="module")
def expired(stack: Stack, app: App) -> dict[str, str]:
    """The bearer header of a user whose token has run out."""
    person = app.user("ran-out")
    assert person.get("/r4/Patient").status_code == 200
    stack.manage("shell", "--no-imports", "-c", _RUN_OUT.format(number=person.number))
    return person.bearer


_RUN_OUT = """
from datetime import UTC, datetime
from accounts.models import AccessToken
rows = AccessToken.objects.filter(user_id={number})
assert rows.update(expires=datetime(2020, 1, 1, tzinfo=UTC)) == 1
"""
