"""An answer of the FHIR API as a page shows it: a table, what went wrong, where it goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _

from console.explorer.columns import HISTORY, Column, columns_for
from console.explorer.line import BadLine, Line, read_line
from console.explorer.values import at, words
from fhirstore import digits

EXPLAINED = "informational"
"""The issue code of what `_explain` tells."""
SHORT = 14
"""Characters of an id that are shown whole; longer ones often begin alike."""
_CULPRITS = re.compile(r"search parameters? (?:for \w+: )?(?P<names>[^:\s]+(?:, [^:\s]+)*)")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """`note` is a word on why the row is there, behind the value."""

    text: str
    unit: str = ""
    css: str = ""
    href: str = ""
    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Titles as (words, css) and rows of as many cells."""

    titles: list[tuple[Any, str]]
    rows: list[list[Cell]]


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A sentence of `_explain`: what was understood, and by what it was found ("" where the
    sentence does not tell)."""

    text: str
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What an OperationOutcome says; `names` are the parameters it is about."""

    severity: str
    code: str
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """`state` is a pill's. `total` is None where the answer counts nothing; `entries` is how many
    resources are in it that count in the total, `included` how many came along with them.
    `following` is the line of the next page, "" for none."""

    status: int
    phrase: str
    state: str
    rtype: str
    body: bytes
    milliseconds: int
    total: int | None
    entries: int
    table: Table | None
    included: int = 0
    issues: list[Issue] = field(default_factory=list)
    explained: list[Understood] = field(default_factory=list)
    following: str = ""

    @property
    def text(self) -> str:
        return self.body.decode()


def read_answer(body: bytes, *, status: int, line: Line, milliseconds: int, address: Any) -> Shown:
    """What a page shows of an answer. `address(line)` is where the page shows another line."""
    content = digits.loads(body) if body else {}
    rtype = words(content.get("resourceType"))
    entries = _entries(content)
    resources = [one for one in entries if not _is_outcome(one)]
    issues = [issue for one in entries if _is_outcome(one) for issue in _issues(one["resource"])]
    included = sum(_came_along(one) for one in resources)
    return Shown(
        status=status,
        phrase=HTTPStatus(status).phrase,
        state="ok" if status < 400 else "warn" if status < 500 else "bad",
        rtype=rtype,
        body=body,
        milliseconds=milliseconds,
        total=content.get("total") if rtype == "Bundle" else None,
        entries=len(resources) - included,
        included=included,
        table=_table(resources, line, address) if resources else None,
        issues=[issue for issue in issues if issue.code != EXPLAINED],
        explained=[_understood(issue.text) for issue in issues if issue.code == EXPLAINED],
        following=_link(content, "next"),
    )


def _entries(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a Bundle; anything else as if it were the only one."""
    if content.get("resourceType") != "Bundle":
        return [{"resource": content}] if content else []
    return [
        entry if entry.get("resource") else {**entry, "resource": _gone(entry)}
        for entry in content.get("entry", ())
    ]


def _is_outcome(entry: dict[str, Any]) -> bool:
    return bool(entry["resource"].get("resourceType") == "OperationOutcome")


def _came_along(entry: dict[str, Any]) -> bool:
    return bool(at(entry, "search.mode") == "include")


def _understood(text: str) -> Understood:
    understood, _found, by = text.rstrip(".").partition("; found by ")
    return Understood(text=understood, by=by)


def _gone(entry: dict[str, Any]) -> dict[str, Any]:
    """A deletion in a history has no resource."""
    url = words((entry.get("request") or {}).get("url")) or words(entry.get("fullUrl"))
    rtype, _slash, fid = url.rpartition("/")
    return {"resourceType": rtype.rpartition("/")[2], "id": fid, "status": _("deleted")}


def _issues(outcome: dict[str, Any]) -> list[Issue]:
    found = []
    for issue in outcome.get("issue", ()):
        text = words(issue.get("details")) or words(issue.get("diagnostics"))
        about = _CULPRITS.search(text)
        found.append(
            Issue(
                severity=words(issue.get("severity")),
                code=words(issue.get("code")),
                text=text,
                names=tuple(about["names"].split(", ")) if about else (),
            )
        )
    return found


def _table(entries: list[dict[str, Any]], line: Line, address: Any) -> Table:
    columns = _columns(entries)
    rows = [
        [*(_cell(column, one) for column in columns), _id(one, line, address)] for one in entries
    ]
    used = [
        place
        for place in range(len(columns) + 1)
        if place == len(columns) or any(row[place].text for row in rows)
    ]
    titles = [(column.title, column.css) for column in columns] + [("Id", "mono")]
    return Table(
        titles=[titles[place] for place in used],
        rows=[[row[place] for place in used] for row in rows],
    )


def _columns(entries: list[dict[str, Any]]) -> tuple[Column, ...]:
    if all("request" in entry for entry in entries):
        return HISTORY
    return columns_for({words(one["resource"].get("resourceType")) for one in entries})


def _cell(column: Column, entry: dict[str, Any]) -> Cell:
    text, unit = column.text(entry if column.of_entry else entry["resource"])
    note = _("came along") if "lead" in column.css and _came_along(entry) else ""
    return Cell(text=text, unit=unit, css=column.css, note=note)


def _id(entry: dict[str, Any], line: Line, address: Any) -> Cell:
    resource = entry["resource"]
    fid, rtype = words(resource.get("id")), words(resource.get("resourceType"))
    version = words(at(resource, "meta.versionId")) if "request" in entry else ""
    path = f"/{rtype}/{fid}" + (f"/_history/{version}" if version else "")
    one = Line(version=line.version, prefix=line.prefix, path=path, query="")
    return Cell(
        text=fid if len(fid) <= SHORT else f"{fid[:4]}…{fid[-6:]}",
        css="mono",
        href=address(str(one)) if fid and rtype else "",
        title=path[1:],
    )


def _link(content: dict[str, Any], relation: str) -> str:
    for link in content.get("link") or ():
        if link.get("relation") == relation and isinstance(link.get("url"), str):
            try:
                return str(read_line(link["url"], version="r4"))
            except BadLine:
                return ""
    return ""
