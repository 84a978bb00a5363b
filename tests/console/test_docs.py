"""The documentation: every page is listed, renders, and leads only to what is there."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from console.documentation.contents import FOLDER, Entry, entries
from console.documentation.rendering import Page, read_page, render_page
from console.documentation.search import search

ENTRIES = list(entries())
CALL = re.compile(r'"\$BASE(/[^"?]*)')


@pytest.fixture
def reader() -> Client:
    """Somebody who is not logged in."""
    return Client(headers={"Accept": "text/html,*/*"})


def test_every_file_is_listed_and_every_listed_one_is_there() -> None:
    assert {file.name for file in FOLDER.glob("*.md")} == {entry.file.name for entry in ENTRIES}


@pytest.mark.django_db
@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.slug for entry in ENTRIES])
def test_a_page_renders(entry: Entry, reader: Client) -> None:
    answer = reader.get(f"/docs/{entry.slug}")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count("<h1>") == 1
    assert f"<h1>{read_page(entry).title}</h1>" in unescape(html)
    assert 'aria-current="page"' in html
    assert " style=" not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    regions = re.findall(r' role="(?:region|group)" aria-label="([^"]+)"', html)
    assert len(regions) == len(set(regions))


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.slug for entry in ENTRIES])
def test_every_link_leads_somewhere(entry: Entry) -> None:
    pages = {f"/docs/{one.slug}": read_page(one) for one in ENTRIES}
    for link in read_page(entry).links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        assert f'href="{link}"' in read_page(entry).html
        page = pages.get(path) if path else read_page(entry)
        assert page is not None, link
        assert not anchor or anchor in {heading.anchor for heading in page.headings}, link


def test_the_readme_leads_only_to_what_is_there() -> None:
    readme = FOLDER.parent / "README.md"
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", readme.read_text()):
        assert "://" in target or (readme.parent / target).exists(), target


def test_the_readmes_picture_is_there_and_small() -> None:
    picture = FOLDER / "images" / "explorer.png"
    assert "](docs/images/explorer.png)" in (FOLDER.parent / "README.md").read_text()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 200_000


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.slug for entry in ENTRIES])
def test_every_call_is_to_an_address_that_exists(entry: Entry) -> None:
    for path in CALL.findall(entry.file.read_text()):
        try:
            resolve(path)
        except Resolver404:
            pytest.fail(f"{entry.slug}: there is nothing at {path}")


@pytest.mark.parametrize("name", ["quickstart", "tokens", "querying"])
def test_the_guides_have_calls(name: str) -> None:
    assert CALL.findall((FOLDER / f"{name}.md").read_text())


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_said(reader: Client) -> None:
    assert reader.get("/docs/nowhere").status_code == 404
    assert reader.get("/docs/..%2FREADME").status_code == 404


@pytest.mark.django_db
def test_the_first_page_is_the_quickstart(reader: Client) -> None:
    assert reader.get("/docs")["Location"] == "/docs/quickstart"
    assert reader.get("/dev/quick-start")["Location"] == "/docs/quickstart"


@pytest.mark.django_db
def test_headings_and_words_are_found(reader: Client) -> None:
    first = search("refresh")[0]
    assert (first.entry.slug, first.anchor) == ("tokens", "refresh")
    assert search("handling strict")
    assert search("no such words anywhere") == []
    html = reader.get("/docs", {"q": "refresh <b>"}).content.decode()
    assert "refresh &lt;b&gt;" in html
    assert 'href="/docs/tokens#refresh"' in reader.get("/docs?q=refresh").content.decode()


def rendered(text: str) -> Page:
    return render_page(ENTRIES[0], text)


def test_html_in_a_page_stays_text() -> None:
    page = rendered("# T\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    assert "<script>" not in page.html
    assert "href" not in page.html


def test_same_headings_have_anchors_of_their_own() -> None:
    page = rendered("# T\n\n## Errors\n\n### Errors\n\n## Errors, again\n")
    assert [heading.anchor for heading in page.headings] == ["errors", "errors-1", "errors-again"]


def test_code_is_coloured_and_can_be_copied() -> None:
    page = rendered('# T\n\n```json\n{"a": 1}\n```\n')
    assert '<span class="k">&quot;a&quot;</span>' in page.html
    assert "data-copy-from" in page.html
