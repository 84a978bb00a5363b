"""Who calls a data endpoint, and which fault strikes them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.http import HttpRequest

from connectors.sandbox import faults
from connectors.sandbox.house import Account, House
from connectors.sandbox.tokens import BadToken, Grant, unseal
from connectors.sandbox.world import world

SLOW_SECONDS = 2.0


@dataclass(frozen=True)
class Trouble(Exception):
    """A data call that gets no data.

    The status to answer with, why, and the seconds to wait where the status says so.
    """

    status: int
    why: str
    retry_after: int | None = None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A good token's owner. `malformed` asks the view to break its answer."""

    account: Account
    grant: Grant
    malformed: bool


def caller(request: HttpRequest, *, house: House, kind: str) -> Caller:
    """The person behind the bearer token, for data of `kind` (a resource or data type).

    Raises Trouble.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Trouble(401, "A bearer token is needed.")
    try:
        grant = unseal(
            token.strip(), kind="access", secret=world().secret, now=world().now().timestamp()
        )
    except BadToken as bad:
        raise Trouble(401, str(bad)) from None
    account = house.account(grant.username)
    if account is None or grant.system != house.system:
        raise Trouble(401, "the token belongs to another house")
    if world().state.is_revoked(grant.number):
        raise Trouble(401, "the permission was revoked")
    malformed = _strike(grant, house=house, kind=kind)
    return Caller(account=account, grant=grant, malformed=malformed)


def _strike(grant: Grant, *, house: House, kind: str) -> bool:
    by_name = grant.username.partition("+")[2]
    if by_name == "expired" and not grant.first:
        return False  # the refresh has helped
    fault = faults.strike(
        world(), system=house.system, username=grant.username, stage="data", kind=kind
    )
    if fault == "slow":
        time.sleep(SLOW_SECONDS)
    elif fault in ("expired", "revoked"):
        raise Trouble(401, "fault: the access token is not accepted any more")
    elif fault == "429":
        raise Trouble(429, "fault: too many requests", 30)
    elif fault == "503":
        raise Trouble(503, "fault: not available now", 60)
    elif fault == "500":
        raise Trouble(500, "fault: something broke")
    elif fault is not None and fault.partition(":")[0] == "403":
        raise Trouble(403, f"fault: {kind} is not shared")
    return fault == "malformed"
