"""Bundles spliced from stored bytes: nothing is parsed, nothing printed again (wire contract
12.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from fhirstore.search.paging import Link

MATCH, OUTCOME = b'"search":{"mode":"match"}', b'"search":{"mode":"outcome"}'
INCLUDE = b'"search":{"mode":"include"}'


def matching(start: str) -> tuple[bytes, bytes]:
    """What stands in the entry of a match before its id and between id and body, where `start` is
    the address of the type; `}` ends it."""
    return b'{"fullUrl":' + orjson.dumps(start)[:-1], b'",' + MATCH + b',"resource":'


def match(*, full_url: str, body: bytes) -> bytes:
    """An entry of a searchset."""
    return b'{"fullUrl":' + orjson.dumps(full_url) + b"," + MATCH + b',"resource":' + body + b"}"


def include(*, full_url: str, body: bytes) -> bytes:
    """An entry of a searchset that came along with the matches."""
    return b'{"fullUrl":' + orjson.dumps(full_url) + b"," + INCLUDE + b',"resource":' + body + b"}"


def hint(body: bytes) -> bytes:
    """The entry that tells what was ignored."""
    return b"{" + OUTCOME + b',"resource":' + body + b"}"


def bundle(
    *, kind: str, total: int | None, entries: Iterable[bytes], links: Sequence[Link]
) -> bytes:
    """A Bundle. `entry` is always there; `link` only where there are links; `total` None: none."""
    parts = [b'{"resourceType":"Bundle","type":"', kind.encode(), b'"']
    if total is not None:
        parts.append(b',"total":%d' % total)
    parts += [b',"entry":[', b",".join(entries), b"]"]
    if links:
        said = [{"relation": relation, "url": url} for relation, url in links]
        parts += [b',"link":', orjson.dumps(said)]
    parts.append(b"}")
    return b"".join(parts)
