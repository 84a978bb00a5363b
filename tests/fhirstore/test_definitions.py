from __future__ import annotations

import pytest

from fhirstore import structures
from fhirstore.rtypes import NAMES, NUMBERS
from fhirstore.search import definitions
from fhirstore.search.definitions.expression import Step, UnknownExpression, alternatives
from fhirstore.search.paths import compile_path, split_type
from fhirstore.search.plans import compiled_plans

WITHOUT_PATHS = {
    "dstu2": {"Location.near", "Location.near-distance"},
    "stu3": {"Location.near", "Location.near-distance"},
    "r4": {"DeviceDefinition.classification"},
}
"""The parameters that have no paths. `DeviceDefinition.classification` looks at an element that R4
does not have (R5 does). `near` of DSTU2 and STU3 asks for a place and a distance by two parameters
that only mean something together. (`_query` has no expression in any version.)"""


@pytest.mark.parametrize("version", definitions.VERSIONS)
def test_every_other_parameter_has_paths(version: str) -> None:
    missing = {
        f"{rtype}.{code}"
        for rtype, definition in definitions.types(version).items()
        for code, parameter in definition.params.items()
        if not parameter.paths and parameter.type != "composite"
    }

    assert missing == WITHOUT_PATHS[version]
    assert not any(definitions.types(version)[m.split(".")[0]].compartment for m in missing)


def test_hardly_any_of_all_definitions_is_without_paths() -> None:
    assert sum(map(len, WITHOUT_PATHS.values())) <= 5


@pytest.mark.parametrize("version", definitions.VERSIONS)
def test_every_composite_has_parts_that_compile(version: str) -> None:
    composites = 0
    for rtype, definition in definitions.types(version).items():
        for code, parameter in definition.params.items():
            if parameter.type != "composite":
                assert parameter.parts == ()
                continue
            composites += 1
            assert len(parameter.parts) > 1, f"{rtype}.{code}"
            for root in parameter.roots:
                assert not root or structures.element(version, f"{rtype}.{root}")
            for part in parameter.parts:
                assert part.paths, f"{rtype}.{code}: {part.code}"
                assert all(compile_path(split_type(path)[0])({}) == [] for path in part.paths)
    assert composites >= 11


def test_a_composite_says_where_its_parts_are() -> None:
    quantity = definitions.parameters("r4", "Observation")["component-code-value-quantity"]

    assert (quantity.root, quantity.stored) == ("component", ("component-code-value-quantity",))
    assert [(p.code, p.type, p.paths) for p in quantity.parts] == [
        ("component-code", "token", ("code:CodeableConcept",)),
        ("component-value-quantity", "quantity", ("valueQuantity:Quantity",)),
    ]


def test_a_combo_composite_is_two_others() -> None:
    for version in ("stu3", "r4"):
        combo = definitions.parameters(version, "Observation")["combo-code-value-quantity"]

        assert combo.roots == ("", "component")
        assert combo.stored == ("code-value-quantity", "component-code-value-quantity")


def test_a_composite_without_components_has_those_of_its_description() -> None:
    params = definitions.parameters("dstu2", "Observation")

    assert "code-value-[x]" not in params
    assert [p.paths for p in params["code-value-date"].parts] == [
        ("code:CodeableConcept",),
        ("valueDateTime:dateTime", "valuePeriod:Period"),
    ]


def test_a_part_may_look_at_the_whole_resource() -> None:
    parts = definitions.parameters("r4", "MolecularSequence")["chromosome-variant-coordinate"].parts

    assert [(p.type, p.absolute) for p in parts] == [
        ("token", True),
        ("number", False),
        ("number", False),
    ]


@pytest.mark.parametrize(
    ("rtype", "code", "kind", "path"),
    [
        ("Patient", "race", "token", ".extension.valueCoding:Coding"),
        ("Patient", "ethnicity", "token", ".extension.valueCoding:Coding"),
        ("Patient", "gender-identity", "token", ".valueCodeableConcept.coding:Coding"),
        ("CareTeam", "role", "token", "participant.role:CodeableConcept"),
        ("Condition", "asserted-date", "date", ".valueDateTime:dateTime"),
        ("Encounter", "discharge-disposition", "token", ".dischargeDisposition:CodeableConcept"),
        ("Goal", "description", "token", "description:CodeableConcept"),
    ],
)
def test_the_parameters_of_us_core_are_there(rtype: str, code: str, kind: str, path: str) -> None:
    parameter = definitions.parameters("r4", rtype)[code]

    assert (parameter.type, len(parameter.paths)) == (kind, 1)
    assert parameter.paths[0].endswith(path)
    assert parameter.id.startswith("us-core-")


@pytest.mark.parametrize(
    ("compartment", "rtype", "params"),
    [
        ("Patient", "Observation", ("subject", "performer")),
        ("Encounter", "Observation", ("encounter",)),
        ("Practitioner", "Observation", ("performer",)),
        ("RelatedPerson", "Observation", ("performer",)),
        ("Device", "Observation", ("subject", "device")),
        ("Device", "Patient", ()),
        ("Group", "Observation", ()),
        ("Patient", "Nothing", ()),
    ],
)
def test_compartments_name_their_parameters(
    compartment: str, rtype: str, params: tuple[str, ...]
) -> None:
    assert definitions.compartment_params("r4", compartment, rtype) == params


@pytest.mark.parametrize(("version", "count"), [("dstu2", 94), ("stu3", 117), ("r4", 146)])
def test_every_path_compiles_and_every_type_has_a_number(version: str, count: int) -> None:
    types = definitions.types(version)

    assert len(types) == count
    assert set(types) <= set(NUMBERS)
    for rtype in types:
        for plan, _ in compiled_plans(version, rtype):
            found = [*plan.readers, *(reader for part in plan.parts for reader in part.readers)]
            assert found
            assert all(read({"resourceType": rtype}) == [] for _, read in found)


def test_type_numbers_are_those_that_were_ever_given() -> None:
    assert (NAMES[0], NUMBERS["Account"], NUMBERS["Patient"], NUMBERS["VisionPrescription"]) == (
        "",
        1,
        117,
        166,
    )
    assert len(NAMES) == 167


def test_bits_fit_into_a_bigint() -> None:
    assert max(len(definitions.present_bits(rtype)) for rtype in NUMBERS) < 63


@pytest.mark.parametrize("version", definitions.VERSIONS)
def test_rows_of_shared_parameters_lie_under_ones_that_have_rows(version: str) -> None:
    for rtype, definition in definitions.types(version).items():
        for code, parameter in definition.params.items():
            for stored in parameter.stored:
                assert definition.params[stored].stored == (stored,), f"{rtype}.{code}"


@pytest.mark.parametrize(
    ("version", "rtype", "code", "stored"),
    [
        ("r4", "Observation", "patient", ("subject",)),
        ("dstu2", "Observation", "patient", ("subject",)),
        ("r4", "Observation", "combo-code", ("code", "component-code")),
        ("r4", "Observation", "code", ("code",)),
    ],
)
def test_a_parameter_may_share_rows(
    version: str, rtype: str, code: str, stored: tuple[str, ...]
) -> None:
    parameter = definitions.parameters(version, rtype)[code]

    assert parameter.stored == stored
    assert code != "patient" or parameter.targets == ("Patient",)


@pytest.mark.parametrize(
    ("version", "rtype", "date"),
    [
        ("dstu2", "Observation", "date"),
        ("r4", "Condition", "onset-date"),
        ("dstu2", "Condition", "onset"),
        ("dstu2", "MedicationOrder", "datewritten"),
        ("r4", "Patient", None),
    ],
)
def test_the_primary_date_is_one_of_the_versions_parameters(
    version: str, rtype: str, date: str | None
) -> None:
    assert definitions.primary_date(version, rtype) == date


@pytest.mark.parametrize(
    ("version", "rtype", "belongs"),
    [
        ("dstu2", "Observation", True),
        ("dstu2", "MedicationOrder", True),
        ("dstu2", "Composition", True),
        ("stu3", "ExplanationOfBenefit", True),
        ("r4", "Device", False),
        ("r4", "Practitioner", False),
        ("r4", "MedicationOrder", False),
    ],
)
def test_compartments_are_those_of_the_version(version: str, rtype: str, belongs: bool) -> None:
    definition = definitions.types(version).get(rtype)
    assert bool(definition and definition.compartment) == belongs


@pytest.mark.parametrize(
    ("expression", "steps"),
    [
        ("A.b.c", ["name:A", "name:b", "name:c"]),
        ("(A.b as Quantity).c", ["name:A", "name:b", "as:Quantity", "name:c"]),
        ("A.b as dateTime", ["name:A", "name:b", "as:dateTime"]),
        ("A.b.where(resolve() is Patient)", ["name:A", "name:b", "target:Patient"]),
        ("A.t.where(system='phone')", ["name:A", "name:t", "where:system=phone"]),
        ("A.b.is(Age)", ["name:A", "name:b", "as:Age", "exists:"]),
        ("A.d.exists() and A.d != false", ["name:A", "name:d", "exists:"]),
        ("A.e[0].r", ["name:A", "name:e", "index:0", "name:r"]),
    ],
)
def test_an_expression_is_parsed(expression: str, steps: list[str]) -> None:
    (parsed,) = alternatives(expression, xpath=False)

    assert [f"{s.kind}:{s.argument}" for s in parsed] == steps


def test_an_xpath_is_parsed() -> None:
    (parsed,) = alternatives(
        "f:P/f:telecom[system/@value='phone'] | f:P/f:telecom[system/@value='phone']", xpath=True
    )

    assert parsed == (Step("name", "P"), Step("name", "telecom"), Step("where", "system=phone"))


@pytest.mark.parametrize("expression", ["A.b.trace('x')", "A.b + 1"])
def test_an_expression_beyond_the_subset_is_refused(expression: str) -> None:
    with pytest.raises(UnknownExpression):
        alternatives(expression, xpath=False)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("name.given:string", ["Ann", "B"]),
        ("telecom[system=phone].value:string", ["1"]),
        ("extension[url=http://x/y.z].valueCode:code", ["c"]),
        (
            "link?Patient:Reference",
            [{"reference": "Patient/1"}, {"reference": "http://a/Patient/2"}],
        ),
        ("name[0].given:string", ["Ann"]),
        ("nothing.there:string", []),
    ],
)
def test_a_path_finds_its_values(path: str, values: list[object]) -> None:
    resource = {
        "name": [{"given": ["Ann"]}, {"given": "B"}, None, "odd"],
        "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}],
        "extension": [
            {"url": "http://x/y.z", "valueCode": "c"},
            {"url": "other", "valueCode": "d"},
        ],
        "link": [
            {"reference": "Patient/1"},
            {"reference": "Group/1"},
            {"reference": "http://a/Patient/2"},
            {"display": "x"},
        ],
    }

    assert compile_path(split_type(path)[0])(resource) == values
