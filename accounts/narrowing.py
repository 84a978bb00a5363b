"""Scopes that a client asks for at the token endpoint, against those it may have (RFC 6749 sections
3.3 and 6; SMART App Launch 2, "Scopes for requesting FHIR resources").
"""

from __future__ import annotations

import re

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.scopes import Clinical, parse

LONGEST = 8000
"""So many characters may a scope string have ..."""
MOST_NARROWED = 50
"""... so many scopes in it a query: each is a search that every answer is filtered by ..."""
MOST_FILTERS = 10
"""... and so many parameters such a query."""

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_CLINICAL = re.compile(r"(patient|user|system)/", re.IGNORECASE)


class ScopeRefused(Exception):
    """What is asked is malformed or more than there is to give: `invalid_scope`."""


def narrowed(granted: str, asked: str, *, drop_unknown: bool) -> str:
    """The scope string a token gets, of `asked` that is within `granted`: each word once, as asked;
    `granted` itself where nothing is asked.

    Words that are no scopes over resources (`openid`, `offline_access`) count where granted;
    `drop_unknown` leaves the others out, and what then asks for no resources at all gets what is
    granted. Raises `ScopeRefused`.
    """
    if len(asked) > LONGEST:
        raise ScopeRefused
    words = tuple(dict.fromkeys(asked.split()))
    kept = [word for word in words if _kept(word, granted, drop_unknown=drop_unknown)]
    if not all(_TOKEN.fullmatch(word) for word in kept):
        raise ScopeRefused
    clinical = parse(" ".join(kept))
    queries = [one.pairs for one in clinical if one.query]
    if len(queries) > MOST_NARROWED or any(len(query) > MOST_FILTERS for query in queries):
        raise ScopeRefused
    # What types and searches there are is not for this app to know; what was granted stays granted.
    readable = import_string(settings.SCOPE_IS_READABLE)
    new = parse(" ".join(word for word in kept if word not in granted.split()))
    if not all(readable(one.resource_type, one.pairs) for one in new):
        raise ScopeRefused
    if drop_unknown and not clinical:
        return granted
    return " ".join(kept) or granted


def within(asked: str, granted: str) -> bool:
    """Whether every scope of `asked` is within `granted`."""
    try:
        narrowed(granted, asked, drop_unknown=False)
    except ScopeRefused:
        return False
    return True


def _kept(word: str, granted: str, *, drop_unknown: bool) -> bool:
    """False for what is left out. Raises `ScopeRefused` for what nothing granted covers."""
    if word in granted.split():
        return True
    if not _CLINICAL.match(word):
        if drop_unknown:
            return False
        raise ScopeRefused
    asked = parse(word)  # one, or none where it is misspelt
    if not asked or not all(_covered(asked[0], letter, granted) for letter in asked[0].letters):
        raise ScopeRefused
    return True


def _covered(asked: Clinical, letter: str, granted: str) -> bool:
    return any(
        letter in one.letters
        and one.context in (asked.context, _BROADER.get(asked.context))
        and one.resource_type in ("*", asked.resource_type)
        and _selects(one, asked)
        for one in parse(granted)
    )


_BROADER = {"patient": "user"}
"""What a user may see holds what is in one patient's record."""


def _selects(granted: Clinical, asked: Clinical) -> bool:
    """Whether what `asked` finds is among what `granted` finds: a search with more filters finds
    less.
    """
    if not granted.query:
        return True
    return bool(asked.query) and set(granted.pairs) <= set(asked.pairs)
