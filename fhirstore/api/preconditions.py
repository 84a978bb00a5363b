"""The conditions in a call's headers (RFC 9110, section 13): `If-None-Match` and
`If-Modified-Since` of a read, `If-Match` and `If-None-Match` of a write."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fhirstore.api.call import Call
from fhirstore.api.stored import etag, find
from fhirstore.changes import FIRST_VERSION, Stored, lock_owner
from fhirstore.database import cursor
from fhirstore.errors import InvalidRequest, VersionMismatch

_TAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')
_TAG = re.compile(r'"[^"]*"')


def unchanged(call: Call, stored: Stored) -> bool:
    """Whether the caller has this version already: by `If-None-Match`, and only where that is not
    sent by `If-Modified-Since` (to the second; a date that cannot be read counts as absent)."""
    known = call.headers.get("if-none-match", "").strip()
    if known:
        return known == "*" or _fits(known, stored.version_id)
    told = call.headers.get("if-modified-since", "")
    since = _date(told) if told else None
    return since is not None and stored.updated.replace(microsecond=0) <= since


def check(call: Call) -> None:
    """Take the user's write lock and refuse where the resource a call names is not as its headers
    demand. Call inside the transaction of the write; nothing happens without such headers.

    Raises InvalidRequest for a header that is no list of ETags, VersionMismatch.
    """
    wanted, unwanted = demanded(call, "If-Match"), demanded(call, "If-None-Match")
    if not wanted and not unwanted:
        return
    lock_owner(cursor(), owner=call.owner, changes=1)
    row = find(call, call.owners())
    present = FIRST_VERSION + row.version if row else None
    if wanted and not _holds(wanted, present):
        raise VersionMismatch(f"{call.rtype}/{call.fid} is not at the version of If-Match")
    if unwanted and _holds(unwanted, present):
        raise VersionMismatch(f"{call.rtype}/{call.fid} is at a version of If-None-Match")


def demanded(call: Call, name: str) -> str:
    """The ETags of a header, or `*`; "" where it was not sent. Raises InvalidRequest for what is no
    list of ETags, as is an empty one: a write that was to be conditional must not go through.
    """
    tags = call.headers.get(name.lower())
    if tags is None:
        return ""
    tags = tags.strip()
    if tags != "*" and not _TAGS.fullmatch(tags):
        raise InvalidRequest(f'{name} is not an ETag such as W/"{FIRST_VERSION}"')
    return tags


def _holds(tags: str, present: int | None) -> bool:
    return present is not None and (tags == "*" or _fits(tags, present))


def _fits(tags: str, version_id: int) -> bool:
    """Whether an ETag of the list is that of the version; weak and strong ones alike."""
    return etag(version_id).removeprefix("W/") in _TAG.findall(tags)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
