"""Where a page begins and what its links say (wire contract 12.4)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from fhirstore.errors import InvalidRequest
from fhirstore.search.request import PAGING, UNREPEATED, Pair, SearchRequest, Sort

Link = tuple[str, str]
"""(relation, url)."""

OWNER_MARK = "~"
"""Between id and owner in an `_afterid` that must part two users' resources of one id."""


@dataclass(frozen=True, kw_only=True)
class Position:
    """The row a page ended with: its sort value, id and owner."""

    value: str | int
    fid: str
    owner: int


def token(position: Position, sort: Sort) -> str:
    """The opaque `_after` of a position."""
    content = [sort.by, sort.descending, position.value, position.fid, position.owner]
    return urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def read_token(text: str, sort: Sort) -> Position | None:
    """The position an `_after` names; None where it is malformed or of another order: it then
    counts as absent."""
    try:
        content = orjson.loads(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except ValueError:
        return None
    if (
        not isinstance(content, list)
        or len(content) != 5
        or content[:2] != [sort.by, sort.descending]
    ):
        return None
    _, _, value, fid, owner = content
    expected = int if sort.by in ("rid", "updated") else str
    if type(value) is not expected or type(fid) is not str or type(owner) is not int or "\0" in fid:
        return None
    if isinstance(value, str) and "\0" in value:
        return None
    if any(isinstance(n, int) and not -(2**63) <= n < 2**63 for n in (value, owner)):
        return None
    return Position(value=value, fid=fid, owner=owner)


def check_window(request: SearchRequest, *, longest: int) -> None:
    """R4's limit on `_skip` in a search; `longest` 0: none."""
    if request.version == "r4" and longest and (request.skip or 0) > longest:
        raise InvalidRequest(
            f"_skip may be {longest} at most: the result window ends there; follow the next link"
        )


def links(
    *, version: str, url: str, pairs: Sequence[Pair], ignored: Iterable[Pair], following: str
) -> list[Link]:
    """The links of a page. `following` is the paging parameter of the next page, "" on the last.

    DSTU2 and STU3: `[self, next]` or none at all; R4: `self`, and `next` where there is one.
    Parameters stand as the client wrote them; in R4 what was ignored is left out.
    """
    if version != "r4" and not following:
        return []
    dropped = set(ignored) if version == "r4" else set()
    kept = [p for p in pairs if p.name not in UNREPEATED and p not in dropped]
    found = [("self", _url(url, [pair.raw for pair in kept]))]
    if following:
        others = [pair.raw for pair in kept if pair.name not in PAGING]
        found.append(("next", _url(url, [*others, following])))
    return found


def _url(url: str, raws: Sequence[str]) -> str:
    return f"{url}?{'&'.join(raws)}" if raws else url


def following_search(request: SearchRequest, *, last: Position, next_fid: str, shown: int) -> str:
    """The paging parameter of the page after `last`."""
    if request.skip is not None:
        return f"_skip={request.skip + shown}"
    if request.version == "r4":
        return f"_after={token(last, request.sort)}"
    mark = f"{OWNER_MARK}{last.owner}" if next_fid == last.fid else ""
    return f"_afterid={last.fid}{mark}"


def start_of(request: SearchRequest) -> Position | str | None:
    """Where the page begins: a position, an id (`_afterid`) or the beginning. `_skip` goes
    first.
    """
    if request.skip is not None:
        return None
    if request.after and (position := read_token(request.after, request.sort)):
        return position
    return request.afterid or None
