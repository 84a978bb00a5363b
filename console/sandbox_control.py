"""The sandbox's control API, as the console calls it: over HTTP, like any other outside system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from django.conf import settings

from connectors.address_policy import address_policy
from connectors.errors import ConnectorError
from connectors.http import outbound_session

SECONDS = 5.0


class SandboxAway(Exception):
    """The sandbox does not answer; the text says how."""


class SandboxRefused(Exception):
    """The sandbox answered that the call cannot be done; the text is its own."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A simulated person at one system. `subject` is the account's id there, as connections have
    it.
    """

    system: int
    kind: str
    account: str
    password: str
    name: str
    line: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """A simulated hospital or wearable and its people."""

    system: int
    kind: str
    name: str
    people: list[Person]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault switched on; `system` None: everywhere, `count` None: until cleared."""

    system: int | None
    account: str
    name: str
    count: int | None

    def strikes(self, person: Person) -> bool:
        return self.account == person.account and self.system in (None, person.system)


@dataclass(frozen=True, kw_only=True)
class SandboxState:
    """The sandbox at this instant. `menu` names every fault and says what it does."""

    now: datetime
    ahead_seconds: int
    places: list[Place]
    faults: list[Fault]
    menu: Mapping[str, str]

    def person(self, *, system: int | None, account: str) -> Person | None:
        """The person of this account at this system; the first one for None."""
        people = [person for place in self.places for person in place.people]
        if system is None:
            return people[0] if people else None
        return next((p for p in people if (p.system, p.account) == (system, account)), None)


def look() -> SandboxState:
    """Who is there and what is chosen. Raises `SandboxAway`."""
    told = _call("GET", "people")
    return SandboxState(
        now=datetime.fromisoformat(told["now"]),
        ahead_seconds=int(told["ahead_seconds"]),
        places=[_place(entry) for entry in told["systems"]],
        faults=[
            Fault(
                system=entry["system"],
                account=entry["account"],
                name=entry["fault"],
                count=entry["count"],
            )
            for entry in told["faults"]
        ],
        menu=told["menu"],
    )


def choose_fault(*, system: int, account: str, fault: str, count: int | None) -> None:
    """Switch a fault on for a person. Raises `SandboxAway` and `SandboxRefused`."""
    chosen = {"system": system, "account": account, "fault": fault}
    _call("POST", "faults", chosen if count is None else {**chosen, "count": count})


def clear_faults(*, system: int | None = None, account: str = "") -> None:
    """Switch a person's faults off, or everybody's. Raises `SandboxAway`."""
    named = {"system": system, "account": account} if account else {}
    _call("DELETE", "faults", params=named)


def add_result(*, system: int, account: str) -> None:
    """A new laboratory result for a person, now. Raises `SandboxAway` and `SandboxRefused`."""
    _call("POST", "results", {"system": system, "account": account})


def advance(*, seconds: int) -> None:
    """Move the sandbox's clock on. Raises `SandboxAway`."""
    _call("POST", "advance", {"seconds": seconds})


def _call(
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    try:
        answer = outbound_session(address_policy()).request(
            method,
            f"{settings.SANDBOX_URL}/control/{path}",
            json=body,
            params=params,
            timeout=(SECONDS, SECONDS),
        )
        told = answer.json()
    except (ConnectorError, requests.RequestException, ValueError) as error:
        raise SandboxAway(str(error)) from error
    if not answer.ok or not isinstance(told, dict):
        raise SandboxRefused(str(told.get("error", "")) if isinstance(told, dict) else "")
    return told


def _place(entry: Mapping[str, Any]) -> Place:
    people = [
        Person(
            system=entry["id"],
            kind=entry["kind"],
            account=account["account"],
            password=account["password"],
            name=account["name"],
            line=account["line"],
            subject=account["subject"],
        )
        for account in entry["accounts"]
    ]
    return Place(system=entry["id"], kind=entry["kind"], name=entry["name"], people=people)
