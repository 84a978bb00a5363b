"""References (search.html#reference).

Our choice: with a version only what names that version is found, without one what names any; a
reference is followed to what there is now, whatever version it names.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.oracle import tokens
from tests.conformance.oracle.escapes import plain


def target(value: Any, bases: tuple[str, ...]) -> str | None:
    """What a stored Reference points to: "Type/id" here, an absolute URL elsewhere; None: nothing
    that one could ask for."""
    text = value.get("reference", "") if isinstance(value, dict) else ""
    if not text or text.startswith("#"):
        return None
    return local(text, bases)


def precise(value: Any, bases: tuple[str, ...]) -> str:
    """The same with its version."""
    text: str = value["reference"]
    for base in bases:
        text = text.removeprefix(base)
    return text


def local(text: str, bases: tuple[str, ...]) -> str:
    """Without this server's base and without a version."""
    for base in bases:
        text = text.removeprefix(base)
    return text.partition("/_history/")[0]


def type_of(reference: str) -> str:
    """The type that a reference names, "" for none."""
    parts = reference.split("/")
    return parts[-2] if len(parts) >= 2 and parts[-2][:1].isupper() else ""


def match_canonical(
    held: str, targets: tuple[str, ...], asked: str, bases: tuple[str, ...]
) -> bool:
    """A canonical against a url, `url|version`, or what would name a resource of this server."""
    wanted = plain(asked)
    for base in bases:
        wanted = wanted.removeprefix(base)
    bare, _, version = wanted.partition("|")
    if not version:
        wanted = bare
    if "/" not in wanted and ":" not in wanted:
        return held == wanted or held in [f"{rtype}/{wanted}" for rtype in targets]
    return wanted in (held, held.partition("|")[0])


def match(
    held: str,
    versioned: str,
    targets: tuple[str, ...],
    modifier: str,
    asked: str,
    bases: tuple[str, ...],
) -> bool:
    """A stored target, and the same with its version, against `id`, `Type/id` or a URL; the
    modifier is a type."""
    wanted = local(plain(asked), bases)
    if "/_history/" in asked and not versioned.endswith("/_history/" + asked.rpartition("/")[2]):
        return False
    if modifier and type_of(held) != modifier:
        return False
    if "/" not in wanted:  # an id: of any type that the parameter may refer to
        kind, _, ident = held.rpartition("/")
        return ident == wanted and "/" not in kind and (not targets or kind in targets)
    return held == wanted


def match_identifier(name: str, value: Any, asked: str) -> bool:
    """`:identifier`: a token against Reference.identifier."""
    identifier = value.get("identifier") if isinstance(value, dict) else None
    return bool(identifier) and tokens.match(name, "Identifier", identifier, asked)
