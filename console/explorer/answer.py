"""An answer of the FHIR API as a page shows it: a table, what went wrong, where it goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _

from console.explorer.columns import Column, columns_for
from console.explorer.line import BadLine, Line, read_line
from console.explorer.values import words
from fhirstore import digits

SHORT = 14
"""Characters of an id that are shown whole; longer ones often begin alike."""
_CULPRITS = re.compile(r"search parameters? (?:for \w+: )?(?P<names>[^:\s]+(?:, [^:\s]+)*)")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """`label` is what a phone writes behind the value, where no head row tells what it is."""

    text: str
    unit: str = ""
    css: str = ""
    href: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Titles as (words, css) and rows of as many cells."""

    titles: list[tuple[Any, str]]
    rows: list[list[Cell]]


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
    resources are in it. `following` and `before` are lines of other pages, "" for none."""

    status: int
    phrase: str
    state: str
    rtype: str
    body: bytes
    milliseconds: int
    total: int | None
    entries: int
    table: Table | None
    issues: list[Issue] = field(default_factory=list)
    following: str = ""

    @property
    def text(self) -> str:
        return self.body.decode()


def read_answer(body: bytes, *, status: int, line: Line, milliseconds: int, address: Any) -> Shown:
    """What a page shows of an answer. `address(line)` is where the page shows another line."""
    content = digits.loads(body) if body else {}
    rtype = words(content.get("resourceType"))
    resources, issues = _contents(content)
    return Shown(
        status=status,
        phrase=HTTPStatus(status).phrase,
        state="ok" if status < 400 else "warn" if status < 500 else "bad",
        rtype=rtype,
        body=body,
        milliseconds=milliseconds,
        total=content.get("total") if rtype == "Bundle" else None,
        entries=len(resources),
        table=_table(resources, line, address) if resources else None,
        issues=issues,
        following=_link(content, "next"),
    )


def _contents(content: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Issue]]:
    if content.get("resourceType") == "OperationOutcome":
        return [], _issues(content)
    if content.get("resourceType") != "Bundle":
        return ([content] if content else []), []
    found = [entry.get("resource") or _gone(entry) for entry in content.get("entry", ())]
    issues = [
        issue
        for resource in found
        if resource.get("resourceType") == "OperationOutcome"
        for issue in _issues(resource)
    ]
    return [one for one in found if one.get("resourceType") != "OperationOutcome"], issues


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


def _table(resources: list[dict[str, Any]], line: Line, address: Any) -> Table:
    columns = columns_for({words(one.get("resourceType")) for one in resources})
    rows = [
        [*(_cell(column, one) for column in columns), _id(one, line, address)] for one in resources
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


def _cell(column: Column, resource: dict[str, Any]) -> Cell:
    text, unit = column.text(resource)
    return Cell(text=text, unit=unit, css=column.css)


def _id(resource: dict[str, Any], line: Line, address: Any) -> Cell:
    fid, rtype = words(resource.get("id")), words(resource.get("resourceType"))
    one = Line(version=line.version, prefix=line.prefix, path=f"/{rtype}/{fid}", query="")
    return Cell(
        text=fid if len(fid) <= SHORT else f"{fid[:4]}…{fid[-6:]}",
        css="mono",
        href=address(str(one)) if fid and rtype else "",
        title=f"{rtype}/{fid}",
    )


def _link(content: dict[str, Any], relation: str) -> str:
    for link in content.get("link") or ():
        if link.get("relation") == relation and isinstance(link.get("url"), str):
            try:
                return str(read_line(link["url"], version="r4"))
            except BadLine:
                return ""
    return ""
