"""One FHIR interaction as asked and as answered, free of HTTP machinery: a Bundle's entries are
calls like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.access import Access
from accounts.claims import Claim
from accounts.models import AppUser
from accounts.scopes import Sight, sight
from fhirstore.errors import NotFound
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.condition import Scope
from fhirstore.search.definitions import types
from fhirstore.search.moments import microseconds
from fhirstore.search.owners import Owners


@dataclass(frozen=True, kw_only=True)
class Call:
    """What was asked. `prefix` is "/fhir/{ver}" or "/{ver}" as the request had it; `rtype` in its
    canonical spelling; `headers` by lower-case name. `resource` is the parsed body of a write,
    `seer` the user a permission is for, `compartment` and `within` the type and id of what a search
    keeps to. `in_bundle`: it is an entry of a Bundle.
    """

    access: Access
    version: str
    prefix: str
    now: datetime
    rtype: str = ""
    fid: str = ""
    vid: str = ""
    seer: str = ""
    compartment: str = ""
    within: str = ""
    query: str = ""
    form: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    resource: Any = None
    in_bundle: bool = False

    @property
    def base(self) -> str:
        """The absolute FHIR base, as the request spelled it (wire contract 12.2)."""
        return f"{settings.HOSTS['api']}{self.prefix}"

    @property
    def full_base(self) -> str:
        """The base of `fullUrl`."""
        short = settings.FULLURL_STYLE == "short"
        return f"{settings.HOSTS['api']}/{self.version}" if short else self.base

    @property
    def owner(self) -> int:
        """The user the call acts as; there is always one in a write."""
        if self.access.app_user_id is None:
            raise NotFound("a call for all users has no user of its own")
        return self.access.app_user_id

    def owners(self) -> Owners:
        """Whose resources the call sees."""
        if not self.access.all_users:
            return Owners(numbers=(self.owner,))
        users = AppUser.objects.filter(application_id=self.access.application_id)
        return Owners(numbers=tuple(users.values_list("pk", flat=True)), merged=True)

    @property
    def sight(self) -> Sight:
        """What the token's scopes let be read."""
        return sight(self.access.scope)

    def scope(self) -> Scope:
        """What a search of the call's type shares."""
        return Scope(
            owners=self.owners(),
            version=self.version,
            bit=VERSION_BITS[self.version],
            rtype=self.rtype,
            number=NUMBERS[self.rtype],
            now_microseconds=microseconds(self.now),
            base=settings.HOSTS["api"],
            sight=self.sight,
        )

    def check_type(self) -> None:
        """Raises NotFound where the version has no such type."""
        if self.rtype not in types(self.version):
            raise NotFound(f"{self.version} has no resource type {self.rtype}")

    def prefers(self, handling: str) -> bool:
        """Whether `Prefer: handling=...` says so."""
        said = self.headers.get("prefer", "").replace(" ", "").lower()
        return f"handling={handling}" in said.replace(";", ",").split(",")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered: a status, a JSON body (empty: none), headers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """A FHIR interaction: its name in scopes and the audit record, and what performs it.

    `read_only`: it changes nothing. `any_type`: it touches more types than the one it names.
    `takes`: what its body is ("resource", "form", "parameters" for either, "patch" for any JSON, or
    "" for none). `quick`: what may answer it before anything is known of the caller.
    """

    name: str
    perform: Callable[[Call], Answer]
    read_only: bool = True
    any_type: bool = False
    takes: str = ""
    quick: Callable[[Call, Claim], Answer | None] | None = None
