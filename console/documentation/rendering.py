"""A page of Markdown as HTML of ours: headings with anchors, code with colours and copy, tables
that scroll by themselves, links between pages. HTML in the Markdown is shown as text, never used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from console.documentation.contents import Entry, entry_of

_PAGE = re.compile(r"(?P<slug>[a-z-]+)\.md(?P<anchor>#.*)?")
_LANGUAGES = {"sh": "Shell", "json": "JSON", "": "Text", "python": "Python"}


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading below the title; `anchor` is its id on the page."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """The words under a heading, for the search; those before the first stand under the title."""

    heading: Heading | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """A rendered page. `links` are the addresses it leads to, as they stand in the HTML."""

    entry: Entry
    title: str
    html: SafeString
    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]
    links: tuple[str, ...]


def read_page(entry: Entry) -> Page:
    """The page as its file has it now."""
    return _rendered(entry.slug, entry.file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _rendered(slug: str, _changed: int) -> Page:
    entry = entry_of(slug)
    assert entry is not None
    return render_page(entry, entry.file.read_text())


def render_page(entry: Entry, text: str) -> Page:
    """Markdown as a page; its first heading is the title."""
    reader = MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer).enable("table")
    tokens = reader.parse(text)
    title = tokens[1].content if tokens and tokens[0].type == "heading_open" else str(entry.label)
    body = tokens[3:] if tokens and tokens[0].type == "heading_open" else tokens
    headings = _anchored(body)
    _name_parts(body, title)
    links = tuple(_lead_on(body))
    return Page(
        entry=entry,
        title=title,
        html=mark_safe(reader.renderer.render(body, reader.options, {"slug": entry.slug})),
        headings=headings,
        sections=_sections(body, headings),
        links=links,
    )


class Renderer(RendererHTML):
    """Our parts in place of plain tags."""

    def fence(
        self,
        tokens: Sequence[Token],
        idx: int,
        options: OptionsDict,
        env: MutableMapping[str, Any],
    ) -> str:
        token = tokens[idx]
        language = token.info.strip().split(" ")[0]
        return render_to_string(
            "parts/code.html",
            {
                "code": token.content.rstrip("\n"),
                "language": language,
                "title": _LANGUAGES.get(language, language),
                "name": token.meta["name"],
                "id": f"code-{token.map[0] if token.map else idx}",
            },
        )

    def table_open(
        self,
        tokens: Sequence[Token],
        idx: int,
        options: OptionsDict,
        env: MutableMapping[str, Any],
    ) -> str:
        label = escape(tokens[idx].meta["name"])
        return f'<div class="scroll" tabindex="0" role="group" aria-label="{label}"><table>\n'

    def table_close(
        self,
        tokens: Sequence[Token],
        idx: int,
        options: OptionsDict,
        env: MutableMapping[str, Any],
    ) -> str:
        return "</table></div>\n"


def _anchored(tokens: list[Token]) -> tuple[Heading, ...]:
    """Gives every heading an id of its own."""
    found: list[Heading] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            text = _plain(tokens[place + 1])
            base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
            same = sum(1 for one in found if re.fullmatch(rf"{base}(-\d+)?", one.anchor))
            anchor = f"{base}-{same}" if same else base
            token.attrSet("id", anchor)
            found.append(Heading(level=int(token.tag[1]), anchor=anchor, text=text))
    return tuple(found)


def _name_parts(tokens: list[Token], title: str) -> None:
    """Names code blocks and tables after the heading they stand under, each another."""
    under = title
    used: Counter[str] = Counter()
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            under = _plain(tokens[place + 1])
        elif token.type in ("fence", "table_open"):
            kind = (
                _("Table") if token.type == "table_open" else _LANGUAGES.get(token.info, _("Code"))
            )
            name = f"{kind}: {under}"
            used[name] += 1
            token.meta["name"] = name if used[name] == 1 else f"{name}, {used[name]}"


def _sections(tokens: list[Token], headings: tuple[Heading, ...]) -> tuple[Section, ...]:
    texts: list[list[str]] = [[]]
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            texts.append([])
        elif token.type in ("inline", "fence") and tokens[place - 1].type != "heading_open":
            texts[-1].append(token.content if token.type == "fence" else _plain(token))
    return tuple(
        Section(heading=heading, text=" ".join(words))
        for heading, words in zip((None, *headings), texts, strict=True)
    )


def _plain(token: Token) -> str:
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in token.children or ()
    )


def _lead_on(tokens: list[Token]) -> list[str]:
    """Turns links to other files into addresses; returns all that the page leads to."""
    found = []
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                target = _address(str(child.attrGet("href") or ""))
                child.attrSet("href", target)
                if "://" in target:
                    child.attrSet("rel", "noreferrer")
                found.append(target)
    return found


def _address(href: str) -> str:
    page = _PAGE.fullmatch(href)
    if page is None:
        return href
    return f"{reverse('console:docs_page', args=[page['slug']])}{page['anchor'] or ''}"
