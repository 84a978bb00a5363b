from __future__ import annotations

import pytest

from fhirstore import structures
from fhirstore.structures import MANY, Element

VERSIONS = ("dstu2", "stu3", "r4")
STATUS = "http://hl7.org/fhir/ValueSet/observation-status"


@pytest.mark.parametrize(("version", "resources"), [("dstu2", 94), ("stu3", 117), ("r4", 146)])
def test_every_resource_type_has_elements(version: str, resources: int) -> None:
    found = [name for name in structures.names(version) if structures.children(version, name)]
    concrete = {n for n in found if structures.kind(version, n) == "resource"}

    assert len(concrete - {"Resource", "DomainResource"}) == resources


@pytest.mark.parametrize("version", VERSIONS)
def test_every_content_reference_leads_to_elements(version: str) -> None:
    referring = 0
    for name in structures.names(version):
        for tail, element in structures._type(version, name).elements.items():
            if element.content_reference:
                referring += 1
                assert structures.children(version, f"{name}.{tail}"), f"{name}.{tail}"
    assert referring > 20


@pytest.mark.parametrize("version", VERSIONS)
def test_every_data_type_that_is_used_is_there(version: str) -> None:
    used = {
        kind
        for name in structures.names(version)
        if structures.kind(version, name) != "primitive"
        for element in structures._type(version, name).elements.values()
        for kind in element.types
    }

    assert {kind for kind in used if not structures.kind(version, kind)} == set()


def test_an_element_says_what_the_definition_says() -> None:
    status = structures.element("r4", "Observation.status")

    assert status is not None
    assert (status.min, status.max, status.types, status.repeats) == (1, 1, ("code",), False)
    assert (status.summary, status.modifier) == (True, True)
    assert status.codes is not None
    assert "final" in status.codes
    assert "Final" not in status.codes
    assert structures.value_set("r4", f"{STATUS}|4.0.1") == status.codes
    assert structures.value_set("r4", "http://example.org/none") is None


def test_a_repeated_one_and_a_reference() -> None:
    performer = structures.element("dstu2", "Observation.performer")
    focus = structures.element("r4", "Observation.focus")

    assert performer == Element(
        min=0,
        max=MANY,
        types=("Reference",),
        targets=("Organization", "Patient", "Practitioner", "RelatedPerson"),
        summary=True,
    )
    assert performer.repeats
    assert focus is not None
    assert focus.targets == ()


def test_a_choice_is_spelt_out_as_properties() -> None:
    assert "value[x]" in structures.children("r4", "Observation")
    found = structures.properties("r4", "Observation")["valueQuantity"]

    assert (found.name, found.type) == ("value[x]", "Quantity")
    assert "valueMoney" not in structures.properties("r4", "Observation")


def test_what_is_not_there_is_empty() -> None:
    assert structures.children("stu3", "MedicationOrder") == {}
    assert structures.element("r4", "Patient.nothing") is None
    assert structures.children("r4", "Patient.birthDate") == {}
