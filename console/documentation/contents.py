"""Which pages the documentation has, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

FOLDER = Path(settings.BASE_DIR) / "docs"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page: `docs/<slug>.md`, called `label` in the list of pages."""

    slug: str
    label: Any

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.slug}.md"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Pages under one heading."""

    label: Any
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        label=_("Start"),
        entries=(
            Entry(slug="quickstart", label=_("Quickstart")),
            Entry(slug="sandbox", label=_("Sandbox")),
        ),
    ),
    Group(
        label=_("Guides"),
        entries=(
            Entry(slug="connect", label=_("Connect flow")),
            Entry(slug="tokens", label=_("Tokens")),
            Entry(slug="querying", label=_("Querying")),
        ),
    ),
    Group(label=_("Reference"), entries=(Entry(slug="fhir-api", label=_("FHIR API")),)),
    Group(
        label=_("Operate"),
        entries=(
            Entry(slug="operating", label=_("Operating")),
            Entry(slug="settings", label=_("Settings")),
            Entry(slug="performance", label=_("Performance")),
            Entry(slug="architecture", label=_("Architecture")),
        ),
    ),
)
FIRST = GROUPS[0].entries[0]


def entries() -> Iterator[Entry]:
    """All pages in reading order."""
    for group in GROUPS:
        yield from group.entries


def entry_of(slug: str) -> Entry | None:
    """The page of an address; None where there is none."""
    return next((entry for entry in entries() if entry.slug == slug), None)


def neighbours(entry: Entry) -> tuple[Entry | None, Entry | None]:
    """The pages before and after one."""
    every = list(entries())
    place = every.index(entry)
    before = every[place - 1] if place else None
    return before, every[place + 1] if place + 1 < len(every) else None
