"""Searching the directory by what people type (wire contract 11.3).

Each word typed must begin a word of the system's name or of one of its locations (name, address
line, city, state, postal code). Where nothing does, a word that begins none is taken for a slip and
replaced by the one most like it, by trigrams. What counts as a word is decided by the database's
`careweave_words`, for the systems and for the question alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db import connection, transaction
from django.db.models import F, Func, Q, QuerySet, TextField
from django.db.models.functions import Lower

from connectors.catalog.find import enabled_systems
from connectors.models import System

PAGE = 20
LONGEST_QUERY = 100
MOST_WORDS = 8
_ALIKE, _TRIGRAMS_ALIKE = 0.7, 0.4
_ZIP = re.compile(r"[0-9]{5}")

_NEAR_SQL = """
select careweave_words(name, locations) from connectors_system
where enabled and careweave_words(name, locations) %%> %(word)s
order by word_similarity(%(word)s, careweave_words(name, locations)) desc, id
limit 20
"""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of systems in alphabetical order. `words` are those searched for; `repaired` says that
    they are not the ones typed; `more` that another page follows.
    """

    systems: list[System]
    words: tuple[str, ...]
    repaired: bool
    more: bool


def search_systems(
    *,
    query: str,
    kind: str = "",
    system_type: str = "",
    ready: bool = False,
    exact: bool = False,
    offset: int = 0,
) -> Found:
    """Enabled systems that match, 20 from `offset` on, narrowed by what is not empty; `ready`
    leaves out those that cannot be connected or have no name, `exact` repairs nothing.
    """
    among = enabled_systems(kind=kind, system_type=system_type).defer("client_secret")
    if ready:
        among = among.exclude(client_id="").exclude(name="")
    words = _words(query)
    rows = _page(among, words, offset)
    if rows or not words or exact or offset:
        return Found(systems=rows[:PAGE], words=words, repaired=False, more=len(rows) > PAGE)
    repaired = tuple(_repaired(word) for word in words)
    rows = _page(among, repaired, 0) if repaired != words else []
    return Found(
        systems=rows[:PAGE],
        words=repaired if rows else words,
        repaired=bool(rows),
        more=len(rows) > PAGE,
    )


def systems_near(*, postal_code: str, kind: str) -> QuerySet[System]:
    """Enabled systems with a location of this postal code, alphabetical; where there is none, of
    the same postal area, the first three digits. Empty for what is no postal code.
    """
    among = _alphabetical(enabled_systems(kind=kind).defer("client_secret"))
    code = _ZIP.match(postal_code.strip())
    if code is None:
        return among.none()
    there = _matching(among, (code[0],))
    return there if there.exists() else _matching(among, (code[0][:3],))


def plain_query(text: str) -> str:
    """What was typed as the database can take it, at most 100 characters in single spaces."""
    storable = text.encode("utf-8", "ignore").decode().replace("\x00", " ")
    return " ".join(storable.split())[:LONGEST_QUERY]


def _words(query: str) -> tuple[str, ...]:
    query = plain_query(query)
    if not query:
        return ()
    with connection.cursor() as cursor:
        cursor.execute("select careweave_words(%s, '[]')", [query])
        (text,) = cursor.fetchone()
    return tuple(text.split()[:MOST_WORDS])


def _page(among: QuerySet[System], words: tuple[str, ...], offset: int) -> list[System]:
    """One more than a page, so that one knows whether another follows."""
    return list(_alphabetical(_matching(among, words))[offset : offset + PAGE + 1])


def _matching(among: QuerySet[System], words: tuple[str, ...]) -> QuerySet[System]:
    line = Func(F("name"), F("locations"), function="careweave_words", output_field=TextField())
    every = Q()
    for word in words:
        every &= Q(words__contains=f" {word}")
    return among.alias(words=line).filter(every)


def _alphabetical(among: QuerySet[System]) -> QuerySet[System]:
    return among.order_by(Lower("name"), "pk")


def _repaired(word: str) -> str:
    """The directory's word most like this one, or the word itself: where it begins one, or none is
    like it.
    """
    if len(word) < 3 or _matching(enabled_systems(), (word,)).exists():
        return word
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select set_config('pg_trgm.word_similarity_threshold', %s, true)",
            [str(_TRIGRAMS_ALIKE)],
        )
        cursor.execute(_NEAR_SQL, {"word": word})
        near = {known for (line,) in cursor.fetchall() for known in line.split()}
    likeness, best = max(((_likeness(word, known), known) for known in near), default=(0.0, word))
    return best if likeness >= _ALIKE else word


def _likeness(word: str, known: str) -> float:
    """How like they are, from 0 to 1; the known word may go on after what was typed."""
    return max(SequenceMatcher(None, word, text).ratio() for text in (known, known[: len(word)]))
