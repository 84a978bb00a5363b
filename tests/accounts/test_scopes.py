from __future__ import annotations

import pytest

from accounts.scopes import LETTERS, permits

ALL = " ".join(sorted(LETTERS))
READS = "everything export history read search vread"


@pytest.mark.parametrize(
    ("scope", "resource_type", "interactions"),
    [
        ("user/*.*", "Patient", ALL),
        ("user/*.cruds", "Patient", ALL),
        ("user/*.read", "Patient", READS),
        ("user/*.rs", "Patient", READS),
        ("patient/*.read", "Patient", READS),
        ("user/*.write", "Patient", "create delete patch purge update"),
        ("user/*.r", "Patient", "history read vread"),
        ("user/*.s", "Patient", "everything export search"),
        ("user/*.cu", "Patient", "create patch update"),
        ("user/Observation.read", "Observation", READS),
        ("user/Observation.read", "Patient", ""),
        ("user/Observation.read", "*", ""),
        ("user/Observation.read user/Patient.c", "Patient", "create"),
        ("user/Observation.rs?category=laboratory", "Observation", ""),
        ("openid fhirUser launch/patient offline_access", "Patient", ""),
        ("user/Patient.sr", "Patient", ""),  # the letters have an order in SMART v2
        ("user/Patient.", "Patient", ""),
        ("other/Patient.read", "Patient", ""),
        ("", "Patient", ""),
    ],
)
def test_what_a_scope_permits(scope: str, resource_type: str, interactions: str) -> None:
    permitted = {name for name in LETTERS if permits(scope, resource_type, name)}
    assert permitted == set(interactions.split())
