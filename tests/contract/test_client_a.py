"""Replay A of wire contract 20: the official demo client. Parameters ride in the query, an e-mail
address raw among them; POSTs have neither body nor Content-Type."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.contract.api import CALLBACK, App, User
from tests.contract.app_page import app_page
from tests.contract.browser import Browser
from tests.contract.bundles import at_once
from tests.contract.journey import EPIC_LOGIN, data_has_arrived
from tests.e2e.chromium import PHONE, browser_or_skip
from tests.e2e.stack import Stack

pytestmark = pytest.mark.xdist_group("contract")

WHO = "walker.a@example.org"
TYPES = {
    "dstu2": (
        "AllergyIntolerance",
        "Condition",
        "Encounter",
        "MedicationOrder",
        "Observation",
        "Patient",
    ),
    "stu3": (
        "Coverage",
        "ExplanationOfBenefit",
        "MedicationOrder",
        "MedicationDispense",
        "MedicationStatement",
        "Patient",
        "ReferralRequest",
    ),
}


@pytest.fixture(scope="module")
def query(app: App) -> str:
    return f"app_user_id={WHO}&client_id={app.client_id}&client_secret={app.client_secret}"


def bare_post(app: App, path: str) -> requests.Response:
    answer = app.call("POST", path)
    assert "Content-Type" not in answer.request.headers
    assert answer.request.headers["Content-Length"] == "0"
    return answer


@pytest.fixture(scope="module")
def looked_for(app: App, query: str) -> dict[str, Any]:
    answer = app.call("GET", f"/user-management/v1/user?{query}")
    assert answer.request.url is not None
    assert f"={WHO}&" in answer.request.url
    return dict(answer.json())


@pytest.fixture(scope="module")
def made(app: App, query: str, looked_for: dict[str, Any]) -> dict[str, Any]:
    return dict(bare_post(app, f"/user-management/v1/user?{query}").json())


@pytest.fixture(scope="module")
def made_again(app: App, query: str, made: dict[str, Any]) -> dict[str, Any]:
    return dict(bare_post(app, f"/user-management/v1/user?{query}").json())


@pytest.fixture(scope="module")
def new_code(app: App, query: str, made_again: dict[str, Any]) -> dict[str, Any]:
    return dict(bare_post(app, f"/user-management/v1/user/auth-code?{query}").json())


@pytest.fixture(scope="module")
def token(app: App, new_code: dict[str, Any]) -> dict[str, Any]:
    query = (
        f"client_id={app.client_id}&client_secret={app.client_secret}"
        f"&code={new_code['code']}&grant_type=authorization_code"
    )
    return dict(bare_post(app, f"/fhir/oauth2/token?{query}").json())


@pytest.fixture(scope="module")
def person(app: App, new_code: dict[str, Any], token: dict[str, Any]) -> User:
    return User(app, new_code["oneup_user_id"], token["access_token"])


@pytest.fixture(scope="module")
def came_back_to(app: App, person: User) -> str:
    """The address after picking 4706 on the search page and signing in."""
    browser = Browser(stop_at=CALLBACK)
    browser.open(f"{app.base}/search/?access_token={person.access_token}").submit(q="epic")
    assert browser.link("EPIC Medical Center").target == "_top"
    browser.follow("EPIC Medical Center").sign_in(*EPIC_LOGIN)
    return browser.url


def test_1_a_new_user_has_no_number_yet(looked_for: dict[str, Any]) -> None:
    assert "oneup_user_id" not in looked_for


def test_2_a_new_user_gets_a_code_and_a_number(made: dict[str, Any]) -> None:
    assert made["code"]
    assert made["oneup_user_id"]


def test_2_a_known_user_is_told_by_the_text(made_again: dict[str, Any]) -> None:
    assert made_again["error"] == "this user already exists"


def test_3_a_known_user_gets_a_code(made: dict[str, Any], new_code: dict[str, Any]) -> None:
    assert new_code["code"]
    assert new_code["oneup_user_id"] == made["oneup_user_id"]


def test_4_the_code_is_good_at_once(token: dict[str, Any]) -> None:
    assert token["access_token"]


def test_5_both_pages_to_choose_a_source_may_be_framed(app: App, token: dict[str, Any]) -> None:
    at = f"access_token={token['access_token']}"
    for path in (f"/search/?{at}", f"/connect/marketplace?client_id={app.client_id}&{at}"):
        answer = app.call("GET", path, allow_redirects=False)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "X-Frame-Options" not in answer.headers
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]


def test_6_the_sign_in_ends_at_the_callback(came_back_to: str) -> None:
    assert came_back_to.split("?")[0] == CALLBACK


@pytest.mark.parametrize("page", ["/search/?", "/connect/marketplace?client_id={client_id}&"])
def test_6_from_a_frame_the_sign_in_takes_the_top_window(
    stack: Stack, app: App, person: User, page: str
) -> None:
    """In a real browser, in a frame as low as the client's."""
    source = f"{app.base}{page.format(client_id=app.client_id)}access_token={person.access_token}"
    frame = f'<iframe src="{source}" width="100%" height="500"></iframe>'
    with browser_or_skip() as chromium, app_page(frame) as home:
        tab = chromium.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
        tab.route(f"{CALLBACK}**", lambda route: route.fulfill(body="back in the app"))
        tab.goto(home)
        inside = tab.frame_locator("iframe")
        inside.get_by_role("searchbox").fill("epic")
        inside.get_by_role("link", name="EPIC Medical Center").first.click()
        tab.wait_for_url(f"{stack.sandbox_url}/**")
        tab.fill("input[name=username]", EPIC_LOGIN[0])
        tab.fill("input[name=password]", EPIC_LOGIN[1])
        tab.press("input[name=password]", "Enter")
        tab.click("button[name=decision][value=allow]")
        tab.wait_for_url(f"{CALLBACK}?**")


def test_7_thirteen_searches_at_once_all_have_entries(person: User, came_back_to: str) -> None:
    data_has_arrived(person)
    paths = [f"/fhir/{version}/{rtype}" for version, types in TYPES.items() for rtype in types]
    assert len(paths) == 13
    answers = dict(zip(paths, at_once(person.get, paths), strict=True))
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        entries = answer.json()["entry"]
        assert isinstance(entries, list), path
        assert all(entry["resource"]["resourceType"] for entry in entries), path
    assert answers["/fhir/dstu2/Patient"].json()["entry"]
