"""Reading Bundles as apps do: page by page, or many pages at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Bundle = dict[str, Any]
A = TypeVar("A")
B = TypeVar("B")


def next_url(bundle: Bundle) -> str | None:
    """Where the following page is, if there is one."""
    links = bundle.get("link", ())
    return next((link["url"] for link in links if link["relation"] == "next"), None)


def pages(get: Callable[[str], Bundle], first: str) -> list[Bundle]:
    """All pages from `first` on. The source's data may grow while they are read; such a reading is
    begun again."""
    return unchanged(lambda: _pages(get, first))


def unchanged(read: Callable[[], list[Bundle]]) -> list[Bundle]:
    """The first reading during which `total` stayed the same; a source may add data meanwhile."""
    for _ in range(3):
        found = read()
        if len({bundle["total"] for bundle in found}) == 1:
            return found
    raise AssertionError(f"never one total: {[bundle['total'] for bundle in found]}")


def at_once(ask: Callable[[A], B], questions: Iterable[A]) -> list[B]:
    """Ask all questions in parallel; the answers in the order of the questions."""
    with ThreadPoolExecutor(32) as threads:
        return list(threads.map(ask, questions))


def full_urls(bundles: Iterable[Bundle]) -> list[str]:
    """The `fullUrl` of every entry, in order."""
    return [entry["fullUrl"] for bundle in bundles for entry in bundle["entry"]]


def _pages(get: Callable[[str], Bundle], first: str) -> list[Bundle]:
    found = [get(first)]
    while url := next_url(found[-1]):
        found.append(get(url))
        assert len(found) < 500, f"pages without end from {first.split('?')[0]} on"
    return found
