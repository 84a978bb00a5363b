"""Conditional interactions: a search decides which resource is written, or whether one is.

It is carried out under the user's write lock, in the transaction of the write: of two equal
conditional creates at once the second finds what the first made.
"""

from __future__ import annotations

from accounts.scopes import permits
from fhirstore.api.call import Call
from fhirstore.changes import lock_owner
from fhirstore.database import cursor
from fhirstore.errors import Forbidden, MultipleMatches
from fhirstore.search.find import matching
from fhirstore.search.rows import Row


def match(call: Call, query: str) -> Row | None:
    """The one resource of the call's type that meets the condition, None where there is none.

    Raises InvalidRequest and InvalidValue for a condition without or with unreadable parameters,
    MultipleMatches, and Forbidden where the token may not search: the answer would tell it. Call
    inside the transaction of the write.
    """
    if not permits(call.access.scope, call.rtype, "search"):
        raise Forbidden(f"the token's scope does not permit search of {call.rtype}")
    lock_owner(cursor(), owner=call.owner, changes=1)
    found = matching(
        version=call.version, rtype=call.rtype, query=condition(call, query), scope=call.scope()
    )
    if len(found) > 1:
        raise MultipleMatches(f"several {call.rtype} resources meet the condition", call.version)
    return found[0] if found else None


def condition(call: Call, query: str) -> str:
    """The search in `If-None-Exist`, which some clients write as "Patient?identifier=1"."""
    before, mark, after = query.strip().partition("?")
    named = before.removeprefix(call.full_base).removeprefix(call.base).strip("/")
    return after if mark and named in ("", call.rtype) else query.strip()
