from __future__ import annotations

import pytest

from accounts.scopes import LETTERS, permits, sight

ALL = " ".join(sorted(LETTERS))
READS = "everything export history history-system history-type read search validate vread"


@pytest.mark.parametrize(
    ("scope", "resource_type", "interactions"),
    [
        ("user/*.*", "Patient", ALL),
        ("user/*.cruds", "Patient", ALL),
        ("user/*.read", "Patient", READS),
        ("user/*.rs", "Patient", READS),
        ("patient/*.read", "Patient", READS),
        ("user/*.write", "Patient", "create delete patch purge update"),
        ("user/*.r", "Patient", "history read validate vread"),
        ("user/*.s", "Patient", "everything export history-system history-type search"),
        ("user/*.cu", "Patient", "create patch update"),
        ("user/Observation.read", "Observation", READS),
        ("user/Observation.read", "Patient", ""),
        ("user/Observation.read", "*", READS),
        ("user/Observation.write", "*", ""),
        ("user/Observation.read user/Patient.c", "Patient", "create"),
        ("user/Observation.rs?category=laboratory", "Observation", READS),
        ("user/Observation.rs?category=laboratory", "Patient", ""),
        ("user/Observation.cruds?category=laboratory", "Observation", READS),
        ("user/*.cruds?_tag=x", "*", READS),
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


LAB, VITALS = (
    (("category", "laboratory"),),
    (("category", "http://x|vital-signs"), ("status", "final")),
)


@pytest.mark.parametrize(
    ("scope", "rtype", "seen"),
    [
        ("user/*.*", "Observation", None),
        ("user/*.read", "Observation", None),
        ("user/Observation.rs", "Observation", None),
        ("user/Observation.rs", "Patient", ()),
        ("user/*.write", "Patient", ()),
        ("user/Observation.rs?category=laboratory", "Observation", (LAB,)),
        (
            "user/Observation.rs?category=laboratory"
            " user/Observation.rs?category=http%3A%2F%2Fx%7Cvital-signs&status=final",
            "Observation",
            (LAB, VITALS),
        ),
        ("user/Observation.rs?category=laboratory user/*.rs", "Observation", None),
        ("user/*.rs?category=laboratory", "Condition", (LAB,)),
        ("user/Observation.cud?category=laboratory", "Observation", ()),
    ],
)
def test_what_a_scope_lets_be_seen(scope: str, rtype: str, seen: object) -> None:
    assert sight(scope).of(rtype) == seen


def test_a_letter_is_seen_by_its_own_scopes() -> None:
    both = sight("user/Observation.r user/Observation.s?category=laboratory")
    assert both.of("Observation", "r") is None
    assert both.of("Observation", "s") == (LAB,)
    assert not both.everything
