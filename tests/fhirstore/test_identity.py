from __future__ import annotations

import pytest

from fhirstore import identity
from tests.fhirstore.store import CERNER, EPIC, FITBIT, bodies, hospital, take_in, wearable

OLD_CERNER = "https://fhir-myrecord.cerner.com/dstu2/ec2458f2-1e24-41c8-b71b-0e701af7583d"


@pytest.mark.parametrize(
    ("base", "patient", "resource", "ident"),
    [
        (CERNER, "4704007", "Patient/4704007", "106df2011222"),
        (CERNER, "4342012", "Patient/4342012", "954be10f7cd7"),
        (CERNER, "4342008", "Patient/4342008", "3d3d15496c25"),
        (CERNER, "4342010", "Patient/4342010", "66c47519c5b0"),
        (CERNER, "4342011", "Patient/4342011", "97935b92c5ce"),
        (
            EPIC,
            "Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB",
            "Patient/Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB",
            "f8fedcd9e6e5",
        ),
        (
            EPIC,
            "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
            "Patient/TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
            "d47f763e7c7f",
        ),
        (OLD_CERNER, "12724065", "Patient/12724065", "e467f71f186f"),
        (OLD_CERNER, "12724066", "Patient/12724066", "f8e1edc92ab0"),
        (EPIC, "x", "Practitioner/TxPf-2k10wDuh3VGWxdtkxgB", "2de9253687c3"),
        (
            CERNER,
            "4704007",
            "Encounter/4623909",
            "106df20112224730a7cedb8404891df313897f81f650bd7a",
        ),
        (
            CERNER,
            "4704007",
            "AllergyIntolerance/7655753",
            "106df201122209cf5caa0372d9b937fbc8944e360f4bcb3f",
        ),
        (
            CERNER,
            "4342012",
            "Observation/M7021308",
            "954be10f7cd7001e8b500fe06217cc87f16024828aef25a0",
        ),
        (
            EPIC,
            "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
            "Procedure/T5LC5ZmmCN1ipOojr0hHgomdj2J97qP4is2ElboI51w4B",
            "d47f763e7c7f1410cccc75cc9f32583eaf85939108aad8a7",
        ),
        (
            EPIC,
            "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
            "CarePlan/TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
            "d47f763e7c7f686af51544b15ede60429843b787ef0bf58e",
        ),
        (
            EPIC,
            "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
            "FamilyMemberHistory/hqnlt7tky2d",
            "d47f763e7c7f002319c33488dca8b61c7b2ac20b5c9d848e",
        ),
    ],
)
@pytest.mark.django_db
def test_an_imported_resource_has_the_contracts_id(
    base: str, patient: str, resource: str, ident: str
) -> None:
    rtype, source_id = resource.split("/")
    take_in({"resourceType": rtype, "id": source_id}, source=hospital(base=base, patient=patient))

    assert list(bodies()) == [f"{rtype}/{ident}"]


@pytest.mark.django_db
def test_wearable_ids_follow_the_home_patient() -> None:
    source = hospital(patient="Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB")
    take_in({"resourceType": "Patient", "id": source.patient}, source=source)

    take_in(
        {"resourceType": "Observation", "id": "steps/2018-05-01"},
        {"resourceType": "Device", "id": "account"},
        source=wearable(),
    )

    assert set(bodies(version="r4")) == {
        "Patient/f8fedcd9e6e5",
        "Observation/f8fedcd9e6e5eb66dc6f0e95130e3a58ddda83a21da40eba",
        "Device/f8fedcd9e6e598d22e01e2ef5296878cf3693edb302fba62",
    }


def test_a_home_patient_made_for_a_wearable_has_the_contracts_id() -> None:
    url = identity.source_url(base=FITBIT, rtype="Patient", source_id="AB12CD")

    assert identity.short_id(url) == "021e62465533"


def test_a_hashed_write_id_is_the_contracts() -> None:
    assert identity.hashed("123") == "a665a4592042"


def test_a_made_up_source_id_is_11_base36_characters_and_stable() -> None:
    first, second = identity.made_up(b"one"), identity.made_up(b"two")

    assert first == identity.made_up(b"one") != second
    assert len(first) == 11
    assert int(first, 36) >= 0


@pytest.mark.parametrize(
    ("patient", "prefix"), [("f8fedcd9e6e5", "f8fedcd9e6e5"), ("me", identity.hashed("me"))]
)
def test_a_patients_resources_begin_with_its_12_characters(patient: str, prefix: str) -> None:
    assert identity.long_id(patient, "u").startswith(prefix)
    assert len(identity.random_id(patient)) == 48
    assert len(identity.random_id(None)) == 12
