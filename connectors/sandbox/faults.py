"""What can go wrong on demand: by user name (`fhirjason+429`), or over the control API, for a
number of times or until cleared.

| fault | what happens |
|---|---|
| `deny` | the person presses Deny |
| `expired` | the access token is refused (401); a refresh helps |
| `revoked` | the access token is refused and so is the refresh (`invalid_grant`) |
| `429` | data calls answer 429 with `Retry-After: 30` |
| `500`, `503` | data calls answer that status; 503 with `Retry-After: 60` |
| `403` | one kind of data is refused: Immunization, or sleep; `403:Observation` names another |
| `token-503` | the token endpoint answers 503 |
| `malformed` | data calls answer half of their JSON |
| `slow` | data calls take two seconds longer |
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.world import World


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An entry of the menu. `stage` is where it strikes: consent, token, refresh or data."""

    name: str
    stages: tuple[str, ...]
    says: str


MENU = (
    Fault(name="deny", stages=("consent",), says="The person presses Deny."),
    Fault(name="expired", stages=("data",), says="401 to the access token; a refresh helps."),
    Fault(name="revoked", stages=("data", "refresh"), says="401, and invalid_grant on refresh."),
    Fault(name="429", stages=("data",), says="429 with Retry-After: 30."),
    Fault(name="500", stages=("data",), says="500 to data calls."),
    Fault(name="503", stages=("data",), says="503 with Retry-After: 60 to data calls."),
    Fault(
        name="403", stages=("data",), says="One kind of data is refused: 403, or 403:Observation."
    ),
    Fault(name="token-503", stages=("token", "refresh"), says="503 from the token endpoint."),
    Fault(name="malformed", stages=("data",), says="Half of the JSON."),
    Fault(name="slow", stages=("data",), says="Two seconds longer for each data call."),
)


def known(fault: str) -> Fault | None:
    """The menu's entry for `429`, `403` or `403:Observation`."""
    return next((entry for entry in MENU if entry.name == fault.partition(":")[0]), None)


def strike(world: World, *, system: int, username: str, stage: str, kind: str = "") -> str | None:
    """The fault that strikes this call, if any; one chosen with a count is used up by it.

    `kind` is the resource type or data type asked for: a 403 strikes only its own.
    """
    own = username.partition("+")[2]
    if own and _fits(own, stage=stage, kind=kind):
        return own
    for chosen in world.state.faults():
        same = chosen.account == username and chosen.system in (None, system)
        if same and _fits(chosen.fault, stage=stage, kind=kind) and world.state.spend_fault(chosen):
            return chosen.fault
    return None


def _fits(fault: str, *, stage: str, kind: str) -> bool:
    entry = known(fault)
    if entry is None or stage not in entry.stages:
        return False
    if entry.name != "403":
        return True
    named = fault.partition(":")[2]
    return kind == named if named else kind in ("Immunization", "sleep")
