"""JSON Patch and FHIRPath Patch through the API."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from time import perf_counter
from typing import Any

import pytest

from accounts.applications import NewClient
from accounts.models import AppUser
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir
from tests.fhirstore.store import take_in, wearable

VERSIONS = ("dstu2", "stu3", "r4")
FIRST, SECOND = "9000000000000", "9000000000001"
JSON_PATCH, FHIR_JSON = "application/json-patch+json", "application/fhir+json"


def patched(
    caller: Fhir,
    path: str,
    change: Any,
    *,
    kind: str = "",
    expect: int = 200,
    **headers: str,
) -> Any:
    """The parsed answer to a PATCH."""
    kind = kind or (JSON_PATCH if isinstance(change, list) else FHIR_JSON)
    caller.last = caller.http.generic(
        "PATCH",
        path,
        change if isinstance(change, bytes) else json.dumps(change),
        content_type=kind,
        headers={**caller.headers, **{k.replace("_", "-"): v for k, v in headers.items()}},
    )
    assert caller.last.status_code == expect, caller.last.content
    return json.loads(caller.last.content) if caller.last.content else None


def step(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **more}


def operation(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    """One operation of a FHIRPath Patch; `value` is a part's content (`{"valueString": "x"}`)."""
    found: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
    ]
    for name, value in parts.items():
        if name == "value":
            found.append({"name": "value", **value})
        elif isinstance(value, int):
            found.append({"name": name, "valueInteger": value})
        else:
            found.append({"name": name, "valueString": value})
    return {"name": "operation", "part": found}


def parameters(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


def without_meta(resource: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in resource.items() if k not in ("meta", "id", "resourceType")}


def patient(ident: str = "p", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": ident, **more}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", [JSON_PATCH, "application/json", f"{JSON_PATCH}; charset=utf-8"])
def test_a_json_patch_makes_a_new_version(fhir: Fhir, version: str, kind: str) -> None:
    fhir.store(version, patient(gender="male", birthDate="1970-01-01"))
    change = [
        step("test", "/gender", value="male"),
        step("replace", "/gender", value="female"),
        step("remove", "/birthDate"),
        step("add", "/active", value=True),
        step("add", "/identifier", value=[{"value": "1"}]),
        step("add", "/identifier/-", value={"value": "2"}),
        step("move", "/identifier/0", **{"from": "/identifier/1"}),
    ]
    made = patched(fhir, f"/{version}/Patient/p", change, kind=kind)
    assert made == fhir.get(f"/{version}/Patient/p")
    assert made["meta"]["versionId"] == SECOND
    assert without_meta(made) == {
        "gender": "female",
        "active": True,
        "identifier": [{"value": "2"}, {"value": "1"}],
    }
    assert fhir.get(f"/{version}/Patient/p/_history/{FIRST}")["gender"] == "male"
    assert fhir.get(f"/{version}/Patient?gender=female")["total"] == 1


def test_numbers_keep_their_digits(fhir: Fhir) -> None:
    body = b"""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},
      "valueQuantity":{"value":1.10}}"""
    fhir.call("PUT", "/r4/Observation/o", body, expect=201)
    change = b"""[{"op":"add","path":"/referenceRange","value":[{"low":{"value":0.50}}]}]"""
    patched(fhir, "/r4/Observation/o", change, kind=JSON_PATCH)
    fhir.get("/r4/Observation/o")
    assert b'"value":1.10' in fhir.last.content
    assert b'"value":0.50' in fhir.last.content


@pytest.mark.parametrize(
    "change, status",
    [
        ([step("replace", "/birthDate", value="2000")], 422),
        ([step("test", "/gender", value="female")], 422),
        ([step("remove", "/name/3")], 422),
        ([step("add", "/gender/x", value=1)], 422),
        ([step("copy", "/a", **{"from": "/nothing"})], 422),
        ([step("replace", "/id", value="q")], 422),
        ([step("replace", "/resourceType", value="Group")], 422),
        ([step("replace", "", value=3)], 422),
        ([step("remove", "")], 422),
        ([step("add", "/name", value="a\0b")], 400),
        ([step("copy", "/a", **{"from": ""}), step("copy", "/a/a", **{"from": ""})] * 12, 413),
        ([step("wrong", "/gender")], 400),
        ([step("add", "/gender")], 400),
        ([{"op": "add"}], 400),
        ([{}], 400),
        ([3], 400),
        ([step("add", "gender", value="male")], 400),
        ([step("remove", "/gender")] * 1001, 400),
        ({"op": "add"}, 400),
        (b"[", 400),
        (b'"x"', 400),
        (b"", 400),
    ],
)
def test_a_patch_that_cannot_be_carried_out_changes_nothing(
    fhir: Fhir, change: Any, status: int
) -> None:
    fhir.store("r4", patient(gender="male", name=[{"text": "x" * 30_000}]))
    before = fhir.get("/r4/Patient/p")
    answer = patched(fhir, "/r4/Patient/p", change, kind=JSON_PATCH, expect=status)
    assert answer["resourceType"] == "OperationOutcome"
    assert fhir.get("/r4/Patient/p") == before


@pytest.mark.parametrize("kind", ["application/xml", "application/merge-patch+json", "text/plain"])
def test_another_kind_of_patch_is_415(fhir: Fhir, kind: str) -> None:
    fhir.store("r4", patient())
    patched(fhir, "/r4/Patient/p", {"gender": "male"}, kind=kind, expect=415)


NAMES: list[dict[str, Any]] = [
    {"use": "official", "family": "A", "given": ["a", "b"]},
    {"use": "old", "family": "B"},
]

CASES: list[tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = [
    (
        "add an element",
        {},
        [operation("add", "Patient", name="birthDate", value={"valueDate": "1970-01-01"})],
        {"birthDate": "1970-01-01"},
    ),
    (
        "add to a list",
        {"name": [{"family": "A"}]},
        [operation("add", "Patient", name="name", value={"valueHumanName": {"family": "B"}})],
        {"name": [{"family": "A"}, {"family": "B"}]},
    ),
    (
        "add to an element of a list",
        {"name": NAMES},
        [
            operation(
                "add", "Patient.name.where(use = 'old')", name="given", value={"valueString": "c"}
            )
        ],
        {"name": [NAMES[0], {**NAMES[1], "given": ["c"]}]},
    ),
    (
        "add a choice",
        {},
        [operation("add", "Patient", name="deceased", value={"valueBoolean": False})],
        {"deceasedBoolean": False},
    ),
    (
        "add an element without a type of its own, in parts",
        {},
        [
            operation(
                "add",
                "Patient",
                name="contact",
                value={
                    "part": [
                        {"name": "name", "valueHumanName": {"text": "N"}},
                        {"name": "telecom", "valueContactPoint": {"value": "1"}},
                        {"name": "telecom", "valueContactPoint": {"value": "2"}},
                        {"name": "gender", "valueCode": "male"},
                    ]
                },
            )
        ],
        {
            "contact": [
                {
                    "name": {"text": "N"},
                    "telecom": [{"value": "1"}, {"value": "2"}],
                    "gender": "male",
                }
            ]
        },
    ),
    (
        "add, in parts that have parts",
        {},
        [
            operation(
                "add",
                "Patient",
                name="contact",
                value={
                    "part": [
                        {
                            "name": "name",
                            "part": [
                                {"name": "family", "valueString": "F"},
                                {"name": "given", "valueString": "A"},
                                {"name": "given", "valueString": "B"},
                                {
                                    "name": "period",
                                    "part": [{"name": "start", "valueDateTime": "2020"}],
                                },
                            ],
                        },
                    ]
                },
            )
        ],
        {"contact": [{"name": {"family": "F", "given": ["A", "B"], "period": {"start": "2020"}}}]},
    ),
    (
        "add an extension to a primitive",
        {"birthDate": "1970-01-01"},
        [
            operation(
                "add",
                "Patient.birthDate",
                name="extension",
                value={"valueExtension": {"url": "http://x.example", "valueString": "y"}},
            )
        ],
        {
            "birthDate": "1970-01-01",
            "_birthDate": {"extension": [{"url": "http://x.example", "valueString": "y"}]},
        },
    ),
    (
        "insert",
        {"name": NAMES},
        [operation("insert", "Patient.name", index=1, value={"valueHumanName": {"text": "I"}})],
        {"name": [NAMES[0], {"text": "I"}, NAMES[1]]},
    ),
    (
        "insert at the end of a list of primitives, and into none",
        {"name": NAMES},
        [
            operation("insert", "Patient.name[0].given", index=2, value={"valueString": "c"}),
            operation(
                "insert", "Patient.identifier", index=0, value={"valueIdentifier": {"value": "1"}}
            ),
        ],
        {
            "name": [{**NAMES[0], "given": ["a", "b", "c"]}, NAMES[1]],
            "identifier": [{"value": "1"}],
        },
    ),
    (
        "delete an element, an item, the last item, and nothing",
        {"name": NAMES, "gender": "male", "identifier": [{"value": "1"}]},
        [
            operation("delete", "Patient.gender"),
            operation("delete", "Patient.name.last()"),
            operation("delete", "Patient.identifier[0]"),
            operation("delete", "Patient.birthDate"),
        ],
        {"name": [NAMES[0]]},
    ),
    (
        "delete one primitive of a list with its extension",
        {
            "name": [
                {
                    "given": ["a", "b"],
                    "_given": [None, {"extension": [{"url": "http://x.example"}]}],
                }
            ]
        },
        [operation("delete", "Patient.name[0].given[0]")],
        {"name": [{"given": ["b"], "_given": [{"extension": [{"url": "http://x.example"}]}]}]},
    ),
    (
        "replace",
        {"gender": "male", "name": NAMES},
        [
            operation("replace", "Patient.gender", value={"valueCode": "female"}),
            operation("replace", "Patient.name[0].given[1]", value={"valueString": "z"}),
            operation("replace", "Patient.name[1]", value={"valueHumanName": {"text": "R"}}),
        ],
        {"gender": "female", "name": [{**NAMES[0], "given": ["a", "z"]}, {"text": "R"}]},
    ),
    (
        "replace a choice by one of another type",
        {"deceasedBoolean": True},
        [operation("replace", "Patient.deceased", value={"valueDateTime": "2026-01-01"})],
        {"deceasedDateTime": "2026-01-01"},
    ),
    (
        "move",
        {"name": [{"text": "0"}, {"text": "1"}, {"text": "2"}]},
        [operation("move", "Patient.name", source=0, destination=2)],
        {"name": [{"text": "1"}, {"text": "2"}, {"text": "0"}]},
    ),
    (
        "several, each on what the one before left",
        {"name": NAMES},
        [
            operation("delete", "Patient.name[0]"),
            operation("replace", "Patient.name[0].family", value={"valueString": "C"}),
        ],
        {"name": [{"use": "old", "family": "C"}]},
    ),
]


@pytest.mark.parametrize(
    "before, operations, after", [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
@pytest.mark.parametrize("version", ["r4", "stu3"])
def test_a_fhirpath_patch(
    fhir: Fhir,
    version: str,
    before: dict[str, Any],
    operations: list[dict[str, Any]],
    after: dict[str, Any],
) -> None:
    fhir.store(version, patient(**json.loads(json.dumps(before))))
    made = patched(fhir, f"/{version}/Patient/p", parameters(*operations))
    assert without_meta(made) == after
    assert made["meta"]["versionId"] == SECOND


def test_a_fhirpath_patch_in_dstu2_and_inside_a_contained_resource(fhir: Fhir) -> None:
    fhir.store("dstu2", patient(name=[{"family": ["A"]}]))
    family = operation("add", "Patient.name[0]", name="family", value={"valueString": "B"})
    made = patched(fhir, "/dstu2/Patient/p", parameters(family))
    assert made["name"] == [{"family": ["A", "B"]}]
    organization = {"resourceType": "Organization", "id": "o", "name": "Before"}
    fhir.store("r4", patient(contained=[organization], managingOrganization={"reference": "#o"}))
    change = operation("replace", "Patient.contained[0].name", value={"valueString": "After"})
    made = patched(fhir, "/r4/Patient/p", parameters(change))
    assert made["contained"][0]["name"] == "After"


@pytest.mark.parametrize(
    "change, status",
    [
        (operation("replace", "Patient.birthDate", value={"valueDate": "2000-01-01"}), 422),
        (operation("replace", "Patient.name", value={"valueHumanName": {}}), 422),
        (operation("replace", "Patient", value={"valueHumanName": {}}), 422),
        (operation("delete", "Patient.name"), 422),
        (operation("delete", "Patient"), 422),
        (operation("add", "Patient", name="gender", value={"valueCode": "male"}), 422),
        (operation("add", "Patient", name="nonsense", value={"valueCode": "male"}), 422),
        (operation("add", "Patient.name", name="given", value={"valueString": "x"}), 422),
        (operation("add", "Patient.contact", name="gender", value={"valueCode": "male"}), 422),
        (operation("insert", "Patient.name", index=3, value={"valueHumanName": {}}), 422),
        (operation("insert", "Patient.gender", index=0, value={"valueCode": "male"}), 422),
        (operation("move", "Patient.name", source=0, destination=2), 422),
        (operation("move", "Patient.contact", source=0, destination=1), 422),
        (operation("replace", "Patient.id", value={"valueId": "q"}), 422),
        (operation("replace", "Patient.gender"), 400),
        (operation("replace", "Patient.gender", value={}), 400),
        (operation("add", "Patient", value={"valueCode": "male"}), 400),
        (operation("insert", "Patient.name", value={"valueHumanName": {}}), 400),
        (operation("insert", "Patient.name", index=-1, value={"valueHumanName": {}}), 400),
        (operation("paint", "Patient.name"), 400),
        (operation("delete", "Patient.name["), 400),
        (operation("delete", "Patient gender"), 400),
        (operation("delete", "Patient.genderé"), 400),
        (operation("delete", ""), 400),
        (operation("delete", "Patient.name.repeat(given)"), 400),
        (operation("delete", "Patient.gender.matches('(a+)+$')"), 400),
        (operation("delete", "%resource.gender"), 400),
        (operation("delete", "'Patient'"), 400),
        (operation("delete", "Patient." + "name." * 300), 400),
        ({"name": "operation"}, 400),
        ({"name": "other", "part": []}, 400),
        ({"name": "operation", "part": [1]}, 400),
        (3, 400),
    ],
)
def test_a_fhirpath_patch_that_cannot_be_carried_out_changes_nothing(
    fhir: Fhir, change: Any, status: int
) -> None:
    fhir.store("r4", patient(gender="male", name=NAMES))
    before = fhir.get("/r4/Patient/p")
    good = operation("add", "Patient", name="active", value={"valueBoolean": True})
    for operations in ([change], [good, change]):
        answer = patched(fhir, "/r4/Patient/p", parameters(*operations), expect=status)
        place = len(operations) - 1
        assert f"operation {place} of the patch" in answer["issue"][0]["diagnostics"] or (
            change["part"][1]["valueString"] == "Patient.id"
        )
    assert fhir.get("/r4/Patient/p") == before


def test_a_patch_with_conditions(fhir: Fhir) -> None:
    fhir.store("r4", patient("a", gender="male"), patient("b", gender="female"))
    change = [step("add", "/active", value=True)]
    patched(fhir, "/r4/Patient/a", change, if_match='W/"1"', expect=412)
    patched(fhir, "/r4/Patient/a", change, if_match=f'W/"{FIRST}"')
    assert patched(fhir, "/r4/Patient?gender=female", change)["id"] == "b"
    patched(fhir, "/r4/Patient?active=true", change, expect=412)
    patched(fhir, "/r4/Patient?gender=other", change, expect=404)
    patched(fhir, "/r4/Patient", change, expect=400)
    assert patched(fhir, "/r4/Patient/a", change, prefer="return=minimal") is None


def test_what_is_not_there_is_not_patched(fhir: Fhir, bobs: Fhir, now: datetime) -> None:
    change = [step("add", "/active", value=True)]
    bobs.store("r4", patient())
    patched(fhir, "/r4/Patient/p", change, expect=404)
    fhir.store("r4", patient())
    fhir.delete("/r4/Patient/p")
    patched(fhir, "/r4/Patient/p", change, expect=410)
    assert "active" not in bobs.get("/r4/Patient/p")
    reading = {"resourceType": "Observation", "id": "steps/1", "status": "final"}
    take_in(reading | {"code": {"text": "Steps"}}, source=wearable(), owner=fhir.owner, now=now)
    (entry,) = fhir.get("/r4/Observation")["entry"]
    status = [step("replace", "/status", value="amended")]
    patched(fhir, f"/r4/Observation/{entry['resource']['id']}", status, expect=422)


def test_scopes_hold(fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime) -> None:
    fhir.store("r4", patient(gender="male"))
    change = [step("add", "/active", value=True)]

    def caller(scope: str) -> Fhir:
        return Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)

    for scope in ("user/*.read", "user/Observation.*", "user/Patient.u?gender=male"):
        patched(caller(scope), "/r4/Patient/p", change, expect=403)
    assert patched(caller("user/Patient.ru"), "/r4/Patient/p", change)["active"] is True


def test_a_patch_tells_nothing_of_what_a_token_may_not_read(
    fhir: Fhir, dana_app: NewClient, alice: AppUser, now: datetime
) -> None:
    """Right and wrong guesses are answered alike, and so is what is not there."""
    fhir.store("r4", patient("m", gender="male"), patient("f", gender="female"))
    guesses: list[tuple[str, Any]] = [
        ("m", [step("test", "/gender", value="male")]),
        ("m", [step("test", "/gender", value="female")]),
        ("m", [step("remove", "/birthDate")]),
        ("m", [step("copy", "/gender", **{"from": "/gender"})]),
        ("m", parameters(operation("delete", "Patient.name.where(family = 'x')"))),
        ("nobody", [step("test", "/gender", value="male")]),
    ]
    for scope in (
        "user/Patient.u",
        "user/Patient.cuds",
        "user/Patient.u user/Patient.r?gender=female",
    ):
        caller = Fhir(token_pair(dana_app, alice, now, scope).access_token, alice.pk, now)
        answers = set()
        for ident, guess in guesses:
            told = patched(caller, f"/r4/Patient/{ident}", guess, expect=403)
            answers.add(told["issue"][0]["details"]["text"].replace(f"/{ident} ", ""))
            bundle = {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {
                        "resource": guess if isinstance(guess, dict) else binary(guess),
                        "request": {"method": "PATCH", "url": f"Patient/{ident}"},
                    }
                ],
            }
            caller.post("/r4", bundle, expect=403)
        assert len(answers) == 1
    # An update, which says it all itself, takes no more than its scope.
    caller = Fhir(token_pair(dana_app, alice, now, "user/Patient.u").access_token, alice.pk, now)
    caller.put("/r4/Patient/m", patient("m", gender="other"))
    some = "user/Patient.u user/Patient.r?gender=female"
    caller = Fhir(token_pair(dana_app, alice, now, some).access_token, alice.pk, now)
    change = [step("test", "/gender", value="female"), step("add", "/active", value=True)]
    assert patched(caller, "/r4/Patient/f", change)["active"] is True
    # What a patch puts out of sight is not shown.
    assert patched(caller, "/r4/Patient/f", [step("replace", "/gender", value="male")]) is None


def binary(change: Any) -> dict[str, Any]:
    """A JSON Patch as Bundles take it."""
    data = base64.b64encode(json.dumps(change).encode()).decode()
    return {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_patches_in_a_bundle(fhir: Fhir, kind: str) -> None:
    fhir.store("r4", patient("a"), patient("b"), patient("c", gender="male"))
    change = binary([step("add", "/active", value=True)])
    path = operation("add", "Patient", name="active", value={"valueBoolean": True})
    entries = [
        {"resource": change, "request": {"method": "PATCH", "url": "Patient/a"}},
        {"resource": parameters(path), "request": {"method": "PATCH", "url": "Patient/b"}},
        {"resource": change, "request": {"method": "PATCH", "url": "Patient?gender=male"}},
    ]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    answer = fhir.post("/r4", bundle)
    assert [entry["response"]["status"] for entry in answer["entry"]] == ["200 OK"] * 3
    assert fhir.get("/r4/Patient?active=true")["total"] == 3
    for broken in ({**change, "data": "?"}, {**change, "contentType": "text/plain"}, {}, patient()):
        entries[1]["resource"] = broken
        answer = fhir.post("/r4", bundle, expect=None)
        status = answer["entry"][1]["response"]["status"] if kind == "batch" else ""
        assert status.startswith(("400", "415")) or fhir.last.status_code in (400, 415)


@pytest.mark.parametrize(
    "path",
    [
        "-" * 400 + "1",
        "(" * 240 + "Patient" + ")" * 240,
        "Patient.name.where(" + "given='a1' and " * 30 + "true)",
    ],
)
def test_a_path_does_not_keep_the_server_busy(fhir: Fhir, path: str) -> None:
    names = [{"given": [f"a{n}"], "family": f"f{n}"} for n in range(2500)]
    fhir.store("r4", {"resourceType": "Patient", "id": "p", "name": names})
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": path}]
    change = {
        "resourceType": "Parameters",
        "parameter": [{"name": "operation", "part": parts}] * 200,
    }
    begun = perf_counter()
    fhir.call("PATCH", "/r4/Patient/p", change, expect=400)
    assert perf_counter() - begun < 20
