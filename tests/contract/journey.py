"""A person's way through a source's sign-in, and the wait for the data that follows."""

from __future__ import annotations

from typing import Any

from tests.contract.api import User, wait_for
from tests.contract.browser import Browser

AT_EPIC = "at-epic@example.org"
"""The user whom tests share that only read; the fixtures at_epic and legacy_at_epic."""

EPIC_LOGIN = ("fhirjason", "epicepic1")
WILMA_LOGIN, WILMA_SMART_LOGIN = ("wilmasmart", "Cerner01"), ("wilma_smart", "Cerner01")
MEDICARE_LOGIN = ("BBUser29999", "PW29999!")
DEMO_LOGIN = ("demo", "demo")


def sign_in(url: str, login: tuple[str, str], *, stop_at: str) -> str:
    """Open `url`, sign in at the source it leads to and allow; the address of the app that the
    browser comes back to."""
    return Browser(stop_at=stop_at).open(url).sign_in(*login).url


def data_has_arrived(person: User) -> None:
    """Wait until the first pull of all of the person's connections is over."""

    def connections() -> list[dict[str, Any]]:
        return list(person.get("/connect/api/connections").json()["entry"])

    wait_for(
        lambda: all(row["status"] == "connected" for row in connections()),
        seconds=90,
        what=f"{[row['name'] for row in connections()]} connected",
    )
