"""The directory for apps that draw their own search (wire contract 11.3, 8.6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.applications import NewClient
from accounts.models import AppUser
from connectors.catalog.load import load_catalogue
from connectors.models import CLINICAL, DEVICE, Connection, System
from tests.connectors.conftest import come_back, state_of
from tests.connectors.source import Source

pytestmark = pytest.mark.django_db

SEARCH = "/api/search"
PROVIDERS = "/connect/system/provider/search"
MEMBERS = ["address", "ehr", "fhirVersion", "id", "logo", "name", "resourceUrl"]


@pytest.fixture
def bearer(alice_token: str) -> dict[str, str]:
    load_catalogue(sandbox_url=None)
    return {"authorization": f"Bearer {alice_token}"}


def many(count: int) -> None:
    System.objects.bulk_create(
        System(id=3_000_000 + n, kind=CLINICAL, name=f"Zebra {n:03}", resource_url="https://z.test")
        for n in range(count)
    )


def test_a_bare_array_of_the_contracts_fields(bearer: dict[str, str], settings: Any) -> None:
    response = Client().post(f"{SEARCH}?query=michigan&offset=0&system_type=", headers=bearer)
    assert response.status_code == 200
    assert response.json() == [
        {
            "id": 4894,
            "name": "Michigan Medicine",
            "address": "1500 E Medical Center Dr Ann Arbor MI 48109",
            "fhirVersion": "R4",
            "ehr": "Epic",
            "resourceUrl": "https://mcproxyprd.med.umich.edu/FHIR-PRD/api/FHIR/R4",
            "logo": f"{settings.PUBLIC_BASE_URL}/static/systems/health-system-default.png",
        }
    ]


def test_parameters_may_be_in_the_query_or_in_json(bearer: dict[str, str]) -> None:
    by_query = Client().get(SEARCH, {"query": "michigan"}, headers=bearer)
    by_json = Client().post(
        SEARCH, {"query": "michigan", "offset": 0}, headers=bearer, content_type="application/json"
    )
    assert by_query.json() == by_json.json() != []


def test_clinical_systems_only_alphabetical_twenty_a_page(bearer: dict[str, str]) -> None:
    many(30)
    pages = [Client().get(SEARCH, {"offset": n}, headers=bearer).json() for n in (0, 20, 40, 60)]
    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages[:2]] == [20, 20]
    assert pages[3] == []
    assert len(rows) == System.objects.filter(kind=CLINICAL).count()
    assert [row["name"].lower() for row in rows] == sorted(row["name"].lower() for row in rows)
    assert all(sorted(row) == MEMBERS for row in rows)
    devices = set(System.objects.filter(kind=DEVICE).values_list("pk", flat=True))
    assert not devices & {row["id"] for row in rows}


def test_narrowed_by_type(bearer: dict[str, str]) -> None:
    payers = Client().get(SEARCH, {"system_type": "PayerPatientAccess"}, headers=bearer).json()
    assert [row["id"] for row in payers] == [4748]
    healthy = Client().get(SEARCH, {"only_health_systems": "true"}, headers=bearer).json()
    assert 4748 not in {row["id"] for row in healthy}
    assert healthy


def test_the_legacy_style_is_an_object_keyed_by_id(bearer: dict[str, str], settings: Any) -> None:
    settings.SEARCH_STYLE = "legacy"
    body = {"query": "mount sinai"}
    answered = Client().post(SEARCH, body, headers=bearer, content_type="application/json").json()
    assert list(answered) == ["systemList"]
    assert sorted(answered["systemList"]["5153"]) == [
        "api_version",
        "id",
        "locations",
        "logo",
        "name",
        "resource_url",
        "status",
    ]


def test_all_systems_and_those_near(bearer: dict[str, str]) -> None:
    many(30)
    every = Client().get("/api/all-systems", headers=bearer).json()
    assert len(every) == System.objects.filter(kind=CLINICAL).count()
    assert sorted(every[0]) == MEMBERS
    near = Client().get("/api/systems/48109", headers=bearer).json()
    assert [row["id"] for row in near] == [4894]


@pytest.mark.parametrize(
    "path",
    [SEARCH, "/api/systems/48109", "/api/all-systems", "/api/clinical/4894", PROVIDERS],
)
@pytest.mark.parametrize("token", ["", "nonsense", "0" * 40])
def test_it_takes_a_users_token(db: None, path: str, token: str) -> None:
    headers = {"accept": "text/html", "authorization": f"Bearer {token}"}
    response = Client().get(path, headers=headers)
    assert response.status_code == 401
    assert response.json()["success"] is False


def test_a_bad_offset_is_refused(bearer: dict[str, str]) -> None:
    response = Client().get(SEARCH, {"offset": "-20"}, headers=bearer)
    assert (response.status_code, response.json()["error"]) == (400, "offset must be a number")


def test_any_origin_may_read_it_and_no_session_is_made(bearer: dict[str, str]) -> None:
    headers = {**bearer, "origin": "https://app.example"}
    response = Client().get(SEARCH, headers=headers)
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies


# --- Starting from it ----------------------------------------------------------------------------


def test_the_address_to_send_a_person_to(
    alice: AppUser,
    alice_token: str,
    dana_app: NewClient,
    clinic: System,
    source: Source,
    browser: Client,
    settings: Any,
) -> None:
    """It works in the person's browser, once; who asked for it has begun nothing."""
    headers = {"authorization": f"Bearer {alice_token}", "x-client-id": dana_app.client_id}
    path = f"/api/clinical/{clinic.pk}"
    query = {"sendRedirectUrlAsResponse": "true", "state": "s-1"}
    response = Client().get(path, query, headers=headers)
    answered = response.json()
    assert sorted(answered) == ["authorization_url", "system_id", "system_name"]
    assert (answered["system_id"], answered["system_name"]) == (clinic.pk, "Lakeside Clinic")
    assert not response.cookies
    assert answered["authorization_url"].startswith(f"{settings.PUBLIC_BASE_URL}/connect/session/")
    followed = browser.get(urlsplit(answered["authorization_url"]).path)
    onwards = browser.get(followed["Location"])
    assert onwards["Location"].startswith(f"{source.authorize_url}?")
    assert come_back(browser, state_of(onwards))["Location"].endswith("&state=s-1")
    assert Connection.objects.get().app_user == alice
    assert Client().get(urlsplit(answered["authorization_url"]).path).status_code == 410


def test_without_that_wish_it_leads_to_the_source(
    alice_token: str, clinic: System, source: Source, browser: Client
) -> None:
    headers = {"authorization": f"Bearer {alice_token}"}
    response = browser.get(f"/api/clinical/{clinic.pk}", headers=headers)
    assert response["Location"].startswith(f"{source.authorize_url}?")
    assert "success=true" in come_back(browser, state_of(response))["Location"]


def test_another_client_and_unknown_systems_are_refused(
    bearer: dict[str, str], mallory_app: NewClient
) -> None:
    def answered(system: str, **more: str) -> tuple[int, str]:
        query = {"sendRedirectUrlAsResponse": "true"}
        response = Client().get(f"/api/clinical/{system}", query, headers={**bearer, **more})
        return response.status_code, response.json()["error"]

    other = {"x-client-id": mallory_app.client_id}
    assert answered("4894", **other) == (401, "invalid access token")
    assert answered("1") == (404, "unknown system")
    assert answered("4709") == (404, "unknown system")
    assert answered("4894") == (409, "this system is not set up yet")


# --- Provider search -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PROVIDERS, "/connect/system/provider"])
@pytest.mark.parametrize("name", ["q", "query"])
def test_providers_are_organizations(
    bearer: dict[str, str], path: str, name: str, settings: Any
) -> None:
    bundle = Client().get(path, {name: "ann arbor"}, headers=bearer).json()
    base = settings.PUBLIC_BASE_URL
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    assert "success" not in bundle
    (entry,) = bundle["entry"]
    resource = entry["resource"]
    assert (resource["resourceType"], resource["id"]) == ("Organization", "4894")
    assert resource["name"] == "Michigan Medicine"
    assert resource["identifier"] == [{"system": f"{base}/connect/system", "value": "4894"}]
    assert resource["address"][0]["city"] == "Ann Arbor"
    assert resource["extension"][0]["url"].startswith(f"{base}/")
    assert resource["extension"][0]["valueUri"].startswith(f"{base}/static/")


def test_providers_have_pages(bearer: dict[str, str], dana_app: NewClient) -> None:
    many(25)
    own = {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}
    first = Client().get(PROVIDERS, {"q": "zebra", **own}).json()
    assert len(first["entry"]) == 20
    assert [link["relation"] for link in first["link"]] == ["self", "next"]
    address = urlsplit(first["link"][1]["url"])
    second = Client().get(f"{address.path}?{address.query}", headers=bearer).json()
    assert len(second["entry"]) == 5
    assert [link["relation"] for link in second["link"]] == ["self"]
    assert Client().get(PROVIDERS, {"q": "nobody at all"}, headers=bearer).json()["entry"] == []
