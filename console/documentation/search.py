"""Searching the documentation: all words must stand in a section; titles and headings first."""

from __future__ import annotations

from dataclasses import dataclass

from console.documentation.contents import Entry, entries
from console.documentation.rendering import Page, Section, read_page

MOST = 20
AROUND = 90


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A section; `anchor` is empty for the beginning of a page. `excerpt` is text around a
    match."""

    entry: Entry
    title: str
    heading: str
    anchor: str
    excerpt: str


def search(query: str) -> list[Hit]:
    """The sections that hold every word, best first."""
    words = [word.lower() for word in query.split()[:8]]
    if not words:
        return []
    found: list[tuple[int, Hit]] = []
    for entry in entries():
        page = read_page(entry)
        for section in page.sections:
            rank = _rank(page, section, words)
            if rank:
                found.append((rank, _hit(page, section, words)))
    found.sort(key=lambda row: -row[0])
    return [hit for _, hit in found[:MOST]]


def _rank(page: Page, section: Section, words: list[str]) -> int:
    heading = section.heading.text.lower() if section.heading else ""
    title, text = page.title.lower(), section.text.lower()
    if not all(word in heading or word in title or word in text for word in words):
        return 0
    if all(word in heading for word in words):
        return 3
    if all(word in title for word in words):
        return 4 if section.heading is None else 0
    return 2 if any(word in heading for word in words) else 1


def _hit(page: Page, section: Section, words: list[str]) -> Hit:
    text = section.text
    places = [place for word in words if (place := text.lower().find(word)) >= 0]
    begin = max(0, (min(places) if places else 0) - AROUND // 2)
    if begin:
        begin = text.find(" ", begin) + 1
    excerpt = text[begin : begin + 2 * AROUND].rsplit(" ", 1)[0]
    return Hit(
        entry=page.entry,
        title=page.title,
        heading=section.heading.text if section.heading else "",
        anchor=section.heading.anchor if section.heading else "",
        excerpt=f"{'… ' if begin else ''}{excerpt} …" if excerpt != text else text,
    )
