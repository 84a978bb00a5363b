"""Where a page begins and what its links say (wire contract 12.4)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from cryptography.fernet import InvalidToken

from accounts.encryption import decrypt, encrypt
from fhirstore.errors import InvalidRequest
from fhirstore.search.request import (
    LONGEST_PAGE,
    PAGING,
    UNREPEATED,
    Pair,
    SearchRequest,
    number,
)
from fhirstore.search.rows import Row
from fhirstore.search.sorting import Column, Sort, Value, private, signature

Link = tuple[str, str]
"""(relation, url)."""

OWNER_MARK = "~"
"""Between id and owner in an `_afterid` that must part two users' resources of one id."""


@dataclass(frozen=True, kw_only=True)
class Position:
    """The row a page ended with: the values of the order's columns, in their order."""

    values: tuple[Value, ...]


def token(position: Position, sort: Sort) -> str:
    """The opaque `_after` of a position. Where it tells what a resource says it is encrypted:
    addresses end up in logs."""
    content = orjson.dumps([signature(sort), *position.values])
    if private(sort):
        return encrypt(content.decode()).rstrip("=")
    return urlsafe_b64encode(content).decode().rstrip("=")


def read_token(text: str, sort: Sort, columns: Sequence[Column]) -> Position | None:
    """The position an `_after` names; None where it is malformed or of another order: it then
    counts as absent."""
    padded = text + "=" * (-len(text) % 4)
    try:
        if private(sort):
            content = orjson.loads(decrypt(padded))
        else:
            content = orjson.loads(urlsafe_b64decode(padded.encode()))
    except (ValueError, InvalidToken):
        return None
    if not isinstance(content, list) or content[:1] != [signature(sort)]:
        return None
    values = tuple(content[1:])
    if len(values) != len(columns) or not all(map(_fits, values, columns)):
        return None
    return Position(values=values)


def _fits(value: object, column: Column) -> bool:
    if value is None:
        return column.nullable
    if column.kind == "text":
        return isinstance(value, str) and "\0" not in value and value.isprintable()
    if column.kind == "boolean":
        return type(value) is bool
    most = 2**15 if column.kind == "smallint" else 2**63
    return type(value) is int and -most <= value < most


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


def cut(pairs: Sequence[Pair], found: Sequence[Row]) -> tuple[Sequence[Row], str]:
    """The page by `_count` and `_skip` of what an operation found (all of it without `_count`), and
    the paging parameter of the next page, "" on the last."""
    skip, count = number(pairs, "_skip", "_offset") or 0, number(pairs, "_count")
    if count is None:
        return found[skip:], ""
    end = skip + min(count, LONGEST_PAGE)
    return found[skip:end], f"_skip={end}" if skip < end < len(found) else ""


def following_search(
    request: SearchRequest, *, last: Position, shown: Row, following: Row, count: int
) -> str:
    """The paging parameter of the page after `last`, the position of the row `shown`; `following`
    is the one behind it.

    In another order than by id the position itself: where the row stands now, or whether it is
    still there, would tell nothing of where the page ended.
    """
    if request.skip is not None:
        return f"_skip={request.skip + count}"
    by_id = [key.by for key in request.sort] == ["fid"]
    if request.version == "r4" or not request.rtype or not by_id:
        return f"_after={token(last, request.sort)}"
    mark = f"{OWNER_MARK}{shown.owner}" if following.fid == shown.fid else ""
    return f"_afterid={shown.fid}{mark}"


def start_of(request: SearchRequest, columns: Sequence[Column]) -> Position | str | None:
    """Where the page begins: a position, an id (`_afterid`) or the beginning. `_skip` goes
    first.
    """
    if request.skip is not None:
        return None
    if request.after and (position := read_token(request.after, request.sort, columns)):
        return position
    return request.afterid or None
