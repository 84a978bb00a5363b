"""A place where people sign in and share: what a hospital and a wearable's cloud have in common."""

from __future__ import annotations

from dataclasses import dataclass

CLIENT_ID = "careweave-sandbox"
CLIENT_SECRET = "sandbox-secret"  # public on purpose: every person here is made up


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody who can sign in.

    `subject` is the id the house knows the person by, `base` its canonical FHIR base.
    """

    username: str
    password: str
    name: str
    line: str
    subject: str
    base: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """One tick box of the consent page, and what it opens: resource types, or scopes."""

    key: str
    title: str
    opens: tuple[str, ...]

    @property
    def names(self) -> str:
        """What it opens in small print; of a scope that is an address, its last part."""
        return ", ".join(name.rsplit("/", 1)[-1] for name in self.opens)


@dataclass(frozen=True, kw_only=True)
class House:
    """A hospital or a wearable's cloud as its sign-in page shows it.

    `system` is its number in the catalogue.
    """

    system: int
    kind: str  # "clinical" or "device"
    name: str
    initials: str
    notice: str
    what: str  # "record", "measurements"
    accounts: tuple[Account, ...]
    groups: tuple[Group, ...]
    rotates_refresh: bool = True

    def account(self, username: str) -> Account | None:
        """The account a user name leads to; `fhirjason+429` is fhirjason with a fault."""
        plain = username.strip().partition("+")[0].lower()
        return next((a for a in self.accounts if a.username.lower() == plain), None)

    def spelled(self, username: str) -> str | None:
        """The user name as the house spells it, fault included; None for nobody's."""
        account = self.account(username)
        _, plus, fault = username.strip().partition("+")
        return f"{account.username}{plus}{fault}" if account else None
