"""The FHIR explorer: ask the API as one of the application's users, see table and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import Application, AppUser
from console.applications import application_of, slug_of
from console.explorer import advice
from console.explorer.answer import Shown
from console.explorer.builder import PREFIXES, builder_of, line_of
from console.explorer.calls import snippets_of
from console.explorer.examples import best_version, examples
from console.explorer.grammar import grammar
from console.explorer.line import VERSIONS, BadLine, Line, read_line
from console.explorer.pretty import coloured_json, indented
from console.queries.explorer import People, answer_to, numbered, people_of, person_of
from console.views.auth import developer_of, developer_required
from fhirstore.counts import count_by_version
from fhirstore.patients import patient_by_version
from fhirstore.search.definitions import types
from fhirstore.search.request import Pair

VIEWS = ("table", "json")
FILE = "file"
UNFILTERING = (
    "_count",
    "_sort",
    "_after",
    "_skip",
    "_offset",
    "_summary",
    "_elements",
    "_total",
    "_explain",
    "_include",
    "_revinclude",
    "_pretty",
    "_format",
)
"""Parameters without which a search finds no more."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An entry of tabs or segments."""

    label: str
    url: str
    current: bool


class Address:
    """Where the explorer shows what: the same user and view unless told."""

    def __init__(self, app: str, person: AppUser | None, view: str) -> None:
        self._path = reverse("console:explorer", args=[app])
        self._person, self._view = person, view

    def __call__(self, line: str = "", *, view: str = "", version: str = "") -> str:
        said = {
            "user": str(self._person.pk) if self._person else "",
            "version": "" if line else version,
            "view": view or self._view,
            "q": line,
        }
        query = urlencode(
            {name: value for name, value in said.items() if value and value != VIEWS[0]},
            quote_via=lambda text, *_: quote(text, safe="/:$?,|"),
        )
        return f"{self._path}?{query}" if query else self._path


@require_GET
@developer_required
def explorer(request: HttpRequest, app: str) -> HttpResponseBase:
    """Query: `user` (number) or `who` (either id), `q` (the line), `view` (table, json, file),
    `version` where there is no line. A sent form is turned into such an address."""
    application = application_of(developer_of(request), app)
    asked = request.GET
    view = asked.get("view", "") if asked.get("view") in (*VIEWS, FILE) else VIEWS[0]
    version = asked.get("version", "") if asked.get("version") in VERSIONS else "r4"
    person, problem = _person(application, request)
    people = people_of(application, chosen=person)
    address = Address(app, people.chosen, view)
    line, typed = None, asked.get("q", "")
    try:
        if "shown" in asked and not problem:
            return redirect(address(_sent(request, version)))
        line = read_line(typed, version=version) if typed.strip() else None
    except BadLine as error:
        problem = problem or str(error)
    shown = None
    if line and people.chosen and not problem:
        shown = answer_to(
            line,
            application=application,
            person=people.chosen,
            now=clock.now(),
            address=lambda other: address(other, view="json"),
        )
    if shown and view == FILE:
        return _file(shown)
    context = _context(application, people, line, shown, view=view, version=version)
    context |= {
        "address": request.get_full_path(),
        "typed": str(line) if line else typed,
        "problem": problem,
        "who": asked.get("who", people.chosen.app_user_id if people.chosen else ""),
        "tabs": [
            Choice(label=label, url=address(str(line), view=name), current=name == view)
            for name, label in zip(VIEWS, (_("Table"), _("JSON")), strict=True)
        ],
        "versions": [
            Choice(
                label=label,
                url=address(str(line.in_version(name)) if line else "", version=name),
                current=name == (line.version if line else version),
            )
            for name, label in VERSIONS.items()
        ],
    }
    return render(request, "console/explorer/page.html", context)


def _person(application: Application, request: HttpRequest) -> tuple[AppUser | None, str]:
    """The user that the page names, and what is wrong with the name."""
    number, who = request.GET.get("user", ""), request.GET.get("who", "").strip()
    named = numbered(application, number) if number else None
    if who and (named is None or named.app_user_id != who):
        named = person_of(application, who)
    wrong = (who or number) and named is None
    return named, _("This application has no user “%(id)s”.") % {
        "id": who or number
    } if wrong else ""


def _sent(request: HttpRequest, version: str) -> str:
    """The line of a sent form: what was typed, unless only fields were changed."""
    typed, before = request.GET.get("q", "").strip(), request.GET["shown"].strip()
    explain, explained = ("explain" in request.GET), ("explained" in request.GET)
    if typed != before or not request.GET.get("type"):
        if not typed:
            return ""
        line = read_line(typed, version=version)
        return str(line if explain == explained else line.explain(explain))
    if typed:
        version = read_line(typed, version=version).version
    return str(line_of(request.GET, version=version).explain(explain))


def _context(
    application: Application,
    people: People,
    line: Line | None,
    shown: Shown | None,
    *,
    view: str,
    version: str,
) -> dict[str, Any]:
    person, now = people.chosen, clock.now()
    held = count_by_version(owner=person.pk) if person else {}
    version = line.version if line else version
    address = Address(slug_of(application), person, view)
    wrong = _wrong(shown, line, person, now)
    patients = patient_by_version(owner=person.pk) if person and not line else {}
    return {
        "application": application,
        "live": application.mode == Application.LIVE,
        "people": people,
        "view": view,
        "version": version,
        "builder": builder_of(line, wrong=wrong) if line else None,
        "prefixes": PREFIXES,
        "held_types": [rtype for rtype in held if rtype in types(version)],
        "other_types": [rtype for rtype in sorted(types(version)) if rtype not in held],
        "examples": [(one, address(one.line)) for one in examples(held, version=version, now=now)],
        "grammar": [
            (one, address(one.line)) for one in grammar(held, patients=patients, version=version)
        ],
        "held": [
            (rtype, max(counts.values()), address(f"/fhir/{best_version(counts)}/{rtype}"))
            for rtype, counts in held.items()
        ],
        "line": line,
        "snippets": snippets_of(line) if line else [],
        "shown": shown,
        **(_result(shown, line, held, view, address) if shown and line else {}),
        "wrong": wrong,
        "marked": advice.marked(line, wrong) if line else "",
    }


def _wrong(
    shown: Shown | None, line: Line | None, person: AppUser | None, now: datetime
) -> list[Pair]:
    if not shown or not line or not person or shown.status < 400:
        return []
    names = {name for issue in shown.issues for name in issue.names}
    return advice.culprits(line, names, owner=person.pk, now=now)


def _result(
    shown: Shown, line: Line, held: dict[str, dict[str, int]], view: str, address: Address
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ignored": advice.ignored(line),
        "following": address(shown.following) if shown.following else "",
        "file": address(str(line), view=FILE),
    }
    if shown.issues:
        found["cure"] = advice.cure(shown, line)
    if shown.total == 0 and line.rtype:
        found["fewer"] = [
            (pair.raw, address(str(line.without(pair))))
            for pair in line.pairs
            if not pair.name.startswith(UNFILTERING)
        ]
        found["elsewhere"] = [
            (name, count, address(str(line.in_version(other))))
            for other, name, count in advice.elsewhere(held, line)
        ]
    if view == "json":
        text, cut = indented(shown.text)

        def target(reference: str) -> str:
            return _resource_address(reference, line, address)

        found |= {"json": coloured_json(text, address=target), "cut": cut}
    return found


def _resource_address(reference: str, line: Line, address: Address) -> str:
    """Where the explorer shows a reference; "" for what lies on other servers or is none."""
    try:
        if "://" in reference:
            return address(str(read_line(reference, version=line.version)))
    except BadLine:
        return ""
    rtype, slash, fid = reference.partition("/")
    if not slash or not rtype.isalpha() or not fid:
        return ""
    one = Line(version=line.version, prefix=line.prefix, path=f"/{reference}", query="")
    return address(str(one))


def _file(shown: Shown) -> HttpResponse:
    name = f"{shown.rtype or 'answer'}.json"
    return HttpResponse(
        shown.body,
        content_type="application/fhir+json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
