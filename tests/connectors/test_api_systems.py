"""The lists of what can be connected (wire contract 8.1, 8.2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.applications import NewClient
from connectors.catalog.load import load_catalogue
from connectors.models import CLINICAL, System

pytestmark = pytest.mark.django_db
CLINICAL_LIST, DEVICES = "/connect/system/clinical", "/connect/system/device"
SEVEN = {"api_version", "id", "locations", "logo", "name", "resource_url", "status"}


@pytest.fixture
def own(dana_app: NewClient) -> dict[str, str]:
    load_catalogue(sandbox_url="http://127.0.0.1:9000")
    return {"client_id": dana_app.client_id, "client_secret": dana_app.client_secret}


def test_clinical_systems_are_a_bare_array_of_the_contracts_fields(
    own: dict[str, str], settings: Any
) -> None:
    response = Client().get(CLINICAL_LIST, own)
    rows = response.json()
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert all(set(row) == {*SEVEN, "ehr"} for row in rows)
    (michigan,) = [row for row in rows if row["id"] == 4894]
    assert michigan == {
        "id": 4894,
        "name": "Michigan Medicine",
        "resource_url": "https://mcproxyprd.med.umich.edu/FHIR-PRD/api/FHIR/R4",
        "logo": f"{settings.PUBLIC_BASE_URL}/static/systems/health-system-default.png",
        "api_version": "FHIR R4 4.0.1",
        "status": "connection_working",
        "ehr": "Epic",
        "locations": [
            {
                "name": "Michigan Medicine",
                "address": {
                    "line": ["1500 E Medical Center Dr", ""],
                    "city": "Ann Arbor",
                    "postalCode": "48109",
                    "state": "MI",
                },
            }
        ],
    }
    assert {row["api_version"] for row in rows} == {
        "FHIR DSTU2 1.0.2",
        "FHIR STU3 3.0.1",
        "FHIR R4 4.0.1",
    }
    assert 4709 not in {row["id"] for row in rows}


def test_devices_have_the_same_fields(own: dict[str, str]) -> None:
    rows = Client().get(DEVICES, own).json()
    fitbit = next(row for row in rows if row["id"] == 4709)
    assert (fitbit["name"], fitbit["resource_url"]) == ("Fitbit", "https://api.fitbit.com")
    assert fitbit["api_version"] == ""
    assert set(fitbit) == {*SEVEN, "ehr"}
    assert {"Withings", "Google Fit"} <= {row["name"] for row in rows}
    assert 4706 not in {row["id"] for row in rows}


def test_the_logos_exist(own: dict[str, str]) -> None:
    for path in (CLINICAL_LIST, DEVICES):
        for row in Client().get(path, own).json():
            assert finders.find(row["logo"].partition("/static/")[2])


def test_the_legacy_style_has_exactly_seven_fields(own: dict[str, str], settings: Any) -> None:
    settings.SEARCH_STYLE = "legacy"
    assert all(set(row) == SEVEN for row in Client().get(CLINICAL_LIST, own).json())


def test_a_bearer_header_is_ignored(own: dict[str, str]) -> None:
    answered = Client().get(CLINICAL_LIST, own, headers={"authorization": "Bearer nonsense"})
    assert answered.status_code == 200


@pytest.mark.parametrize("path", [CLINICAL_LIST, DEVICES])
@pytest.mark.parametrize("method", ["get", "post"])
def test_bad_credentials_are_refused(own: dict[str, str], path: str, method: str) -> None:
    for given in ({}, {**own, "client_secret": "wrong"}, {"client_id": own["client_id"]}):
        response = getattr(Client(headers={"accept": "text/html"}), method)(path, given)
        assert response.status_code == 401
        assert response.json() == {"success": False, "error": "invalid client credentials"}


def test_credentials_may_be_headers(own: dict[str, str]) -> None:
    headers = {"client-id": own["client_id"], "client-secret": own["client_secret"]}
    assert Client().get(CLINICAL_LIST, headers=headers).status_code == 200


def test_what_is_switched_off_is_not_listed(own: dict[str, str]) -> None:
    System.objects.filter(pk=4706).update(enabled=False)
    assert 4706 not in {row["id"] for row in Client().get(CLINICAL_LIST, own).json()}


def test_a_post_pages_by_twenty(own: dict[str, str]) -> None:
    System.objects.bulk_create(
        System(id=2_000_000 + n, kind=CLINICAL, name=f"C{n}", resource_url=f"https://c{n}.example")
        for n in range(30)
    )

    def posted(**more: Any) -> list[int]:
        answered = Client().post(CLINICAL_LIST, {**own, **more}, content_type="application/json")
        return [row["id"] for row in answered.json()]

    everything = posted()
    assert len(everything) == 41
    assert posted(offset=0) == everything[:20]
    assert posted(offset=40) == everything[40:]
    assert posted(offset="60") == []


def test_a_post_narrows_by_system_type(own: dict[str, str]) -> None:
    answered = Client().post(CLINICAL_LIST, {**own, "systemType": "PayerPatientAccess"})
    assert [row["id"] for row in answered.json()] == [4748]


def test_a_bad_offset_is_refused(own: dict[str, str]) -> None:
    response = Client().post(CLINICAL_LIST, {**own, "offset": "-1"})
    assert response.status_code == 400
    assert response.json() == {"success": False, "error": "offset must be a number"}
