"""What of the scopes asked for a token gets, and that it is enforced as given."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.applications import NewClient
from accounts.models import AccessToken, AppUser, RefreshToken
from accounts.narrowing import LONGEST, MOST_FILTERS, MOST_NARROWED, ScopeRefused, narrowed, within
from tests.accounts.conftest import TOKEN, TOKEN_PATHS, call, code_for, secrets_of
from tests.accounts.test_token import PLACES, send

WHOLE = "user/*.*"
LAB = "user/Observation.rs?category=laboratory"
REFUSED = "The scope is malformed or more than was granted"


@pytest.mark.parametrize(
    ("granted", "asked", "fits"),
    [
        (WHOLE, WHOLE, True),
        (WHOLE, "user/*.cruds", True),
        ("user/*.cruds", WHOLE, True),
        (WHOLE, "user/*.read", True),
        (WHOLE, "patient/*.rs", True),
        (WHOLE, f"{LAB} user/Patient.r", True),
        (WHOLE, "system/*.read", False),
        (WHOLE, "openid", False),
        (f"{WHOLE} openid", "openid user/*.r", True),
        ("user/*.read", WHOLE, False),
        ("user/*.read", "user/*.rs", True),
        ("user/*.rs", "user/*.read", True),
        ("user/*.read", "user/Patient.cruds", False),
        ("user/*.rs", "user/Patient.s", True),
        ("user/*.r", "user/Patient.rs", False),
        ("user/Patient.r user/*.s", "user/Patient.rs", True),
        ("user/Patient.r user/*.s", "user/Observation.rs", False),
        ("user/Patient.*", "user/Patient.read", True),
        ("user/Patient.*", "user/*.read", False),
        ("user/Patient.*", "user/Observation.read", False),
        ("patient/*.*", "patient/Observation.rs", True),
        ("patient/*.*", "user/Observation.rs", False),
        ("user/Observation.rs", LAB, True),
        ("user/*.read", LAB, True),
        ("user/Observation.r", LAB, False),
        (LAB, LAB, True),
        (LAB, "patient/Observation.r?category=laboratory", True),
        (LAB, "user/Observation.rs", False),
        (LAB, "user/Observation.rs?", False),
        (LAB, "user/Observation.rs?category=vital-signs", False),
        (LAB, f"{LAB} user/Observation.r?category=vital-signs", False),
        (LAB, f"{LAB}&status=final", True),
        (LAB, "user/Observation.rs?status=final&category=laboratory", True),
        (f"{LAB}&status=final", "user/Observation.rs?status=final&category=laboratory", True),
        (f"{LAB}&status=final", LAB, False),
        ("user/*.rs?category=laboratory", LAB, True),
        (LAB, "user/*.rs?category=laboratory", False),
        ("user/Observation.rs?category=a%7Cb", "user/Observation.r?category=a|b", True),
        ("user/Observation.cruds?&", "user/Observation.c", False),
        (WHOLE, "user/Patient.sr", False),
        (WHOLE, "user/Patient.", False),
        (WHOLE, "User/Patient.r", False),
        (WHOLE, "user/Patient", False),
        (WHOLE, 'user/Patient.r?name="', False),
        (WHOLE, "user/Patient.r?name=\x00", False),
        (WHOLE, "user/Patient.r?name=é", False),
        ("", "user/Patient.r", False),
        (WHOLE, "user/Nope.rs", False),
        (WHOLE, "user/patient.rs", False),
        (WHOLE, "user/MedicationOrder.rs", True),  # of DSTU2
        (WHOLE, "user/Observation.rs?nope=1", False),
        (WHOLE, "user/Observation.rs?category=laboratory&nope=1", False),
        (WHOLE, "user/Observation.rs?category=", False),
        (WHOLE, "user/Observation.rs?date=abc", False),
        (WHOLE, "user/Observation.rs?code:odd=1", False),
        (WHOLE, "user/Observation.rs?subject:Patient.gender=female", True),
        (WHOLE, "user/Observation.rs?code:in=http://example.org/mine", True),
        (WHOLE, "user/*.rs?category=laboratory", True),
        (WHOLE, "user/*.rs?nope=1", False),
        ("user/Nope.rs", "user/Nope.rs", True),  # granted by an earlier release
    ],
)
def test_what_is_within_what_was_granted(granted: str, asked: str, fits: bool) -> None:
    assert within(asked, granted) is fits


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", WHOLE),
        (" ", WHOLE),
        (WHOLE, WHOLE),
        (f"{WHOLE}  {WHOLE}", WHOLE),
        ("openid fhirUser offline_access launch launch/patient", WHOLE),
        (f"openid {LAB} launch/patient", LAB),
        (f"{LAB} user/Patient.read {LAB}", f"{LAB} user/Patient.read"),
    ],
)
def test_what_a_code_for_everything_is_traded_for(asked: str, given: str) -> None:
    assert narrowed(WHOLE, asked, drop_unknown=True) == given


def test_a_word_that_was_granted_is_kept_and_told() -> None:
    granted = "user/*.read openid"
    assert narrowed(granted, f"{LAB} openid fhirUser", drop_unknown=True) == f"{LAB} openid"
    assert narrowed(granted, "openid", drop_unknown=True) == granted
    assert narrowed(granted, "openid", drop_unknown=False) == "openid"


def test_there_are_limits() -> None:
    several = [f"user/Observation.rs?code=c{number}" for number in range(MOST_NARROWED + 1)]
    filters = [f"code=c{number}" for number in range(MOST_FILTERS)]
    for asked in (" ".join(several[1:]), f"user/Observation.rs?{'&'.join(filters)}"):
        assert narrowed(WHOLE, asked, drop_unknown=True) == asked
    for asked in (
        " ".join(several),
        f"{LAB}&{'&'.join(filters)}",
        f"{LAB}&code={'c' * LONGEST}",
    ):
        with pytest.raises(ScopeRefused):
            narrowed(WHOLE, asked, drop_unknown=True)


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize("place", PLACES)
def test_both_grants_take_a_scope_anywhere(
    place: str, path: str, dana_app: NewClient, alice: AppUser
) -> None:
    asked = f"openid patient/Patient.rs {LAB}"
    first = send(place, path, {**_code_grant(dana_app), "scope": asked}).json()
    assert first["scope"] == f"patient/Patient.rs {LAB}"
    grant = {**_refresh_grant(dana_app, first), "scope": LAB}
    second = send(place, path, grant).json()
    assert second["scope"] == LAB
    assert list(AccessToken.objects.order_by("pk").values_list("scope", flat=True)) == [
        f"patient/Patient.rs {LAB}",
        LAB,
    ]
    assert set(RefreshToken.objects.values_list("scope", flat=True)) == {first["scope"]}


@pytest.mark.parametrize(
    "asked",
    ["system/*.read", f"{LAB} user/Observation.raed", "user/Nope.rs", "user/Observation.rs?nope=1"],
)
def test_a_refused_scope_leaves_the_code_good(
    dana_app: NewClient, alice: AppUser, asked: str
) -> None:
    grant = _code_grant(dana_app)
    refused = call(TOKEN, {**grant, "scope": asked})
    assert (refused.status_code, refused.json()) == (
        400,
        {"code": 400, "error": "invalid_scope", "error_description": REFUSED},
    )
    assert not AccessToken.objects.exists()
    assert call(TOKEN, grant).json()["scope"] == WHOLE


def test_a_refused_scope_leaves_the_refresh_token_good(dana_app: NewClient, alice: AppUser) -> None:
    pair = call(TOKEN, {**_code_grant(dana_app), "scope": LAB}).json()
    grant = _refresh_grant(dana_app, pair)
    for asked in (WHOLE, "user/Observation.rs", f"{LAB} openid", f"{LAB} user/Patient.r"):
        refused = call(TOKEN, {**grant, "scope": asked})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert call(TOKEN, grant).json()["scope"] == LAB


def test_the_modern_style_words_it_its_own_way(
    dana_app: NewClient, alice: AppUser, settings: Any
) -> None:
    settings.OAUTH_ERROR_STYLE = "modern"
    assert call(TOKEN, {**_code_grant(dana_app), "scope": "system/*.r"}).json() == {
        "error": "invalid_scope",
        "error_description": "Invalid scope: it is malformed or more than was granted",
    }


def test_each_refresh_may_narrow_anew(dana_app: NewClient, alice: AppUser) -> None:
    pair = call(TOKEN, _code_grant(dana_app)).json()
    for asked in (LAB, "user/Patient.read", WHOLE):
        pair = call(TOKEN, {**_refresh_grant(dana_app, pair), "scope": asked}).json()
        assert pair["scope"] == asked
    assert call(TOKEN, _refresh_grant(dana_app, pair)).json()["scope"] == WHOLE


def test_a_repeated_refresh_gives_no_more_than_it_asks_for(
    dana_app: NewClient, alice: AppUser
) -> None:
    pair = call(TOKEN, _code_grant(dana_app)).json()
    grant = _refresh_grant(dana_app, pair)
    second = call(TOKEN, {**grant, "scope": "user/*.read"}).json()
    narrower = call(TOKEN, {**grant, "scope": LAB})
    assert (narrower.status_code, narrower.json()["error"]) == (400, "invalid_scope")
    for asked in ({"scope": "user/*.read"}, {"scope": WHOLE}, {}):
        repeated = call(TOKEN, {**grant, **asked}).json()
        assert repeated["access_token"] == second["access_token"]
        assert repeated["scope"] == "user/*.read"
    assert call(TOKEN, _refresh_grant(dana_app, second)).status_code == 200


def _code_grant(app: NewClient) -> dict[str, str]:
    return {
        **secrets_of(app),
        "grant_type": "authorization_code",
        "code": code_for(app, "alice"),
    }


def _refresh_grant(app: NewClient, pair: dict[str, Any]) -> dict[str, str]:
    return {
        **secrets_of(app),
        "grant_type": "refresh_token",
        "refresh_token": pair["refresh_token"],
    }
