"""Pages of a long table by key: no offset, so that page 200 costs what page 1 does, and what is
added meanwhile moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from console.words import grouped

SIZE = 50
_LONGEST = 18

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Slice(Generic[Row]):
    """A page of rows, the newest first. `total` is how many there are in all, `first` the number of
    the first one; `newer` and `older` are the query strings of the neighbours, empty at the ends.
    """

    rows: list[Row]
    total: int
    first: int
    newer: str
    older: str

    @property
    def summary(self) -> str:
        """ "1 to 50 of 10,412"."""
        if not self.rows:
            return _("0 of %(total)s") % {"total": grouped(self.total)}
        return _("%(first)s to %(last)s of %(total)s") % {
            "first": grouped(self.first),
            "last": grouped(self.first + len(self.rows) - 1),
            "total": grouped(self.total),
        }


def page_of(found: QuerySet[Row], query: QueryDict, *, size: int = SIZE) -> Slice[Row]:
    """The page that `older` or `newer` of the address asks for: the rows beyond that id; three
    statements.
    """
    total = found.count()
    older_than, newer_than = _number(query, "older"), _number(query, "newer")
    if newer_than is not None:
        rows = list(found.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        more_newer, more_older = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        chosen = found if older_than is None else found.filter(pk__lt=older_than)
        rows = list(chosen.order_by("-pk")[: size + 1])
        more_newer, more_older = older_than is not None, len(rows) > size
        rows = rows[:size]
    before = found.filter(pk__gt=rows[0].pk).count() if rows and more_newer else 0
    return Slice(
        rows=rows,
        total=total,
        first=before + 1,
        newer=_neighbour(query, newer=rows[0].pk) if rows and before else "",
        older=_neighbour(query, older=rows[-1].pk) if rows and more_older else "",
    )


def _number(query: QueryDict, name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None


def _neighbour(query: QueryDict, **key: Any) -> str:
    changed = query.copy()
    for name in ("older", "newer"):
        changed.pop(name, None)
    changed.update(key)
    return f"?{changed.urlencode()}"
