"""The catalogue: loaded again and again, simulators on and off, systems of one's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from connectors.catalog.add import BadSystem, add_system
from connectors.catalog.load import load_catalogue
from connectors.catalog.search import search_systems
from connectors.models import CLINICAL, DEVICE, System
from connectors.registry import smart_for

pytestmark = pytest.mark.django_db

SANDBOX = "http://127.0.0.1:9000"
CLINICAL_IDS = {32, 4706, 4707, 4748, 4894, 5153, 11035, 11046, 11049, 11580, 900010}
DEVICE_IDS = {4709, *range(900001, 900010), 900011}
SIMULATED = {*CLINICAL_IDS, 4709, 900002}


def test_every_known_id_is_loaded() -> None:
    load_catalogue(sandbox_url=None)
    assert set(System.objects.filter(kind=CLINICAL).values_list("pk", flat=True)) == CLINICAL_IDS
    assert set(System.objects.filter(kind=DEVICE).values_list("pk", flat=True)) == DEVICE_IDS


def test_rows_are_what_ids_and_connectors_need() -> None:
    load_catalogue(sandbox_url=None)
    for system in System.objects.all():
        assert system.resource_url.startswith("https://")
        assert not system.resource_url.endswith("/")
        assert (system.fhir_version in ("dstu2", "stu3", "r4")) == (system.kind == CLINICAL)
        if system.kind == CLINICAL:
            assert smart_for(system.slug).slug == system.slug


def test_loading_again_changes_nothing() -> None:
    first = load_catalogue(sandbox_url=SANDBOX)
    again = load_catalogue(sandbox_url=SANDBOX)
    assert first.created == again.unchanged == len(CLINICAL_IDS | DEVICE_IDS)
    assert (again.created, again.updated, again.kept) == (0, 0, 0)


def test_while_the_sandbox_is_on_its_systems_lead_to_it() -> None:
    load_catalogue(sandbox_url=SANDBOX)
    hospital, device = System.objects.get(pk=4706), System.objects.get(pk=4709)
    assert hospital.api_base == f"{SANDBOX}/hospital/4706/fhir"
    assert hospital.resource_url == "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"
    assert device.token_url == f"{SANDBOX}/wearable/google/token"
    assert device.client_secret.reveal() == "sandbox-secret"
    assert set(System.objects.exclude(client_id="").values_list("pk", flat=True)) == SIMULATED


def test_a_location_is_found_by_its_name() -> None:
    load_catalogue(sandbox_url=None)
    assert [system.pk for system in search_systems(query="saltzer").systems] == [5153]


def test_another_sandbox_address_is_taken_over() -> None:
    load_catalogue(sandbox_url=SANDBOX)
    load_catalogue(sandbox_url="http://127.0.0.1:9999")
    assert System.objects.get(pk=4706).token_url.startswith("http://127.0.0.1:9999/")


def test_without_the_sandbox_its_systems_are_not_set_up() -> None:
    load_catalogue(sandbox_url=SANDBOX)
    load_catalogue(sandbox_url=None)
    for pk in SIMULATED:
        system = System.objects.get(pk=pk)
        left = (system.client_id, system.client_secret, system.api_base, system.token_url)
        assert not any(left)
        assert not system.simulator


@pytest.mark.parametrize("pk", [4706, 4894])
def test_what_an_operator_configured_is_kept(pk: int) -> None:
    load_catalogue(sandbox_url=None)
    own = {"client_id": "ours", "client_secret": "s3", "resource_url": "https://own.example/fhir"}
    system = System.objects.get(pk=pk)
    for name, value in own.items():
        setattr(system, name, value)
    system.save()
    assert load_catalogue(sandbox_url=SANDBOX).kept == 1
    system.refresh_from_db()
    assert (system.client_id, system.client_secret.reveal()) == ("ours", "s3")
    assert system.resource_url == "https://own.example/fhir"


def test_a_row_that_an_operator_switched_off_stays_off() -> None:
    load_catalogue(sandbox_url=SANDBOX)
    System.objects.filter(pk=4706).update(enabled=False)
    load_catalogue(sandbox_url=SANDBOX)
    assert not System.objects.get(pk=4706).enabled


def own_system(**changed: str) -> System:
    fields = {
        "kind": CLINICAL,
        "name": "Lakeside",
        "platform": "generic",
        "base": "https://fhir.lakeside.example/r4/",
        "fhir_version": "r4",
        "client_id": "us",
        "client_secret": "hush",
    }
    return add_system(**{**fields, **changed})


def test_an_added_system_gets_a_number_from_a_million_on_and_its_host_is_allowed() -> None:
    system = own_system()
    assert system.pk >= 1_000_000
    assert system.resource_url == "https://fhir.lakeside.example/r4"
    assert system.allow_host == "fhir.lakeside.example:443"


def test_a_number_is_never_used_twice() -> None:
    first = own_system()
    number = first.pk
    first.delete()
    assert own_system().pk > number


@pytest.mark.parametrize(
    "base, host",
    [
        ("http://localhost:8080/fhir", "localhost:8080"),
        ("http://127.0.0.1/fhir", "127.0.0.1:80"),
        ("http://[::1]:81/fhir", "[::1]:81"),
    ],
)
def test_plain_http_is_for_this_machine(base: str, host: str) -> None:
    assert own_system(base=base).allow_host == host


def test_without_a_secret_it_is_a_public_client() -> None:
    assert own_system(client_secret="").auth_method == "none"


@pytest.mark.parametrize(
    "changed",
    [
        {"base": "http://fhir.lakeside.example/r4"},
        {"base": "ftp://fhir.lakeside.example/r4"},
        {"base": "https://fhir.lakeside.example/r4?x=1"},
        {"base": "https://me:pw@fhir.lakeside.example/r4"},
        {"base": "https://fhir.lakeside.example:port/"},
        {"base": "https:///r4"},
        {"fhir_version": ""},
        {"kind": DEVICE, "platform": "fitbit"},
        {"client_id": ""},
        {"platform": "unheard-of"},
        {"auth_method": "none"},
        {"client_secret": "", "auth_method": "client_secret_post"},
    ],
)
def test_what_makes_no_system_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(BadSystem):
        own_system(**changed)
    assert not System.objects.exists()


def test_add_system_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "add_system",
        "--json",
        "--kind=clinical",
        "--name=Lakeside",
        "--fhir-base=https://fhir.lakeside.example/r4",
        "--fhir-version=r4",
        "--client-id=us",
    )
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert System.objects.get(pk=told["id"]).name == "Lakeside"


def test_add_system_says_what_is_wrong() -> None:
    with pytest.raises(CommandError, match="use https"):
        call_command(
            "add_system",
            "--kind=clinical",
            "--name=Lakeside",
            "--fhir-base=http://fhir.lakeside.example/r4",
            "--fhir-version=r4",
            "--client-id=us",
        )


def test_load_catalogue_prints_one_json_object(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SANDBOX = True
    call_command("load_catalogue", "--json")
    assert json.loads(capsys.readouterr().out)["created"] == len(CLINICAL_IDS | DEVICE_IDS)
    assert System.objects.get(pk=4706).api_base.startswith(settings.SANDBOX_URL)
