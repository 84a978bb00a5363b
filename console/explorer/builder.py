"""The form beside the request line: a search's type and parameters as fields, and back. Line and
form are two views of one query."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import quote

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.explorer.line import EXPLAIN, Line
from fhirstore.search.definitions import parameters, types
from fhirstore.search.request import Pair

COMMON = {
    "_id": "token",
    "_lastUpdated": "date",
    "_tag": "token",
    "_profile": "uri",
    "_security": "token",
    "_sort": "order",
    "_include": "comes along",
    "_revinclude": "comes along",
    "_list": "reference",
    "_text": "words",
    "_content": "words",
    "_summary": "what is shown",
    "_elements": "what is shown",
    "_total": "counting",
}
UNOFFERED = {"_has": "referred to by"}
"""Understood, but longer than a name and a value."""
OF_ONE_TYPE = ("_include", "_revinclude", "_has", "_elements")
"""Their values name parameters or elements of the type that was searched."""
PREFIXES = (
    ("", gettext_lazy("exactly")),
    ("ge", gettext_lazy("from")),
    ("gt", gettext_lazy("after")),
    ("le", gettext_lazy("until")),
    ("lt", gettext_lazy("before")),
)
COMPARED = ("date", "number", "quantity")
_PREFIX = re.compile(r"(ge|gt|le|lt)(?=[0-9-])")
_PAGING = ("_after", "_afterid", "_skip", "_offset")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter of the query. `prefix` is chosen from `PREFIXES` where `compared`; `kind` is its
    type in words; `wrong` is what the answer complained of."""

    name: str
    kind: str
    value: str
    prefix: str
    compared: bool
    known: bool
    wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A parameter that can be added."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Builder:
    """The form's state; `offers` are the parameters of the type."""

    rtype: str
    fields: list[Field]
    count: str
    offers: list[Offer]


def builder_of(line: Line, *, wrong: Collection[Pair] = ()) -> Builder:
    """The form that shows a line. Of what is no search of a type it shows no fields."""
    rtype = line.rtype
    kinds = _kinds(line.version, rtype)
    fields, count = [], ""
    for pair in line.pairs if rtype else ():
        if pair.name == "_count":
            count = pair.value
        elif pair.name not in (*_PAGING, EXPLAIN):
            field = _field(pair.name, pair.value, kinds)
            fields.append(replace(field, wrong=pair in wrong))
    return Builder(
        rtype=rtype,
        fields=fields,
        count=count,
        offers=[Offer(name=name, kind=kind) for name, kind in kinds.items()],
    )


def line_of(data: QueryDict, *, version: str) -> Line:
    """The line that a sent form stands for. Parameters that the chosen type does not know go when
    the type was changed."""
    rtype, before = data.get("type", ""), data.get("was", "")
    kinds = _kinds(version, rtype)
    pairs = [
        (name, f"{prefix if _takes(prefix, value) else ''}{value}")
        for name, prefix, value in _sent(data)
        if rtype == before or _base(name) in {*kinds, "_count"} - {*OF_ONE_TYPE}
    ]
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return Line(version=version, prefix=f"/fhir/{version}", path=f"/{rtype}", query=query)


def _sent(data: QueryDict) -> list[tuple[str, str, str]]:
    rows = zip(data.getlist("name"), data.getlist("prefix"), data.getlist("value"), strict=False)
    found = [row for row in rows if row[0] and row[2].strip()]
    for name, value in (
        (data.get("add", ""), data.get("added", "")),
        ("_count", data.get("count", "")),
    ):
        if name and value.strip():
            found.append((name, "", value))
    return [(name, prefix, value.strip()) for name, prefix, value in found]


def _takes(prefix: str, value: str) -> bool:
    known = any(prefix == word for word, _ in PREFIXES)
    return known and "," not in value and not _PREFIX.match(value)


def _field(name: str, value: str, kinds: dict[str, str]) -> Field:
    kind = kinds.get(_base(name), "") or UNOFFERED.get(_base(name), "")
    compared = kind in COMPARED and ":" not in name and "," not in value
    found = _PREFIX.match(value) if compared else None
    prefix = found[1] if found else ""
    return Field(
        name=name,
        kind=kind or _("not known here"),
        value=value[len(prefix) :],
        prefix=prefix,
        compared=compared,
        known=bool(kind),
    )


def _kinds(version: str, rtype: str) -> dict[str, str]:
    """The parameters a search of the type understands, with their types."""
    if rtype not in types(version):
        return dict(COMMON)
    own = {
        code: one.type
        for code, one in sorted(parameters(version, rtype).items())
        if one.paths or one.parts
    }
    return {**own, **COMMON}


def _base(name: str) -> str:
    return re.split(r"[:.]", name, maxsplit=1)[0]


def _quoted(text: str) -> str:
    return quote(text, safe=":|/,.-_~$")
