"""What the explorer reads: the people to act as, and the API's answer to a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from accounts.access import Access
from accounts.models import Application, AppUser
from connectors.models import Connection
from console.explorer.answer import Shown, read_answer
from console.explorer.line import Line
from fhirstore.api.inside import ask

MOST_PEOPLE = 50
VIA = "explorer"


@dataclass(frozen=True, kw_only=True)
class People:
    """Whom the explorer can act as. `listed` are all of them, or the newest where there are more
    (`many`): then the id is typed."""

    chosen: AppUser | None
    listed: list[AppUser]
    many: bool


def people_of(application: Application, *, chosen: AppUser | None) -> People:
    """The application's users, newest first, and the one to act as: the chosen, else whose data
    arrived last, else the newest."""
    found = list(AppUser.objects.filter(application=application).order_by("-id")[: MOST_PEOPLE + 1])
    return People(
        chosen=chosen or _last_synced(application) or (found[0] if found else None),
        listed=found[:MOST_PEOPLE],
        many=len(found) > MOST_PEOPLE,
    )


def person_of(application: Application, text: str) -> AppUser | None:
    """The application's user of this `app_user_id`, or of this number."""
    own = AppUser.objects.filter(application=application)
    named = own.filter(app_user_id=text).first()
    return named or numbered(application, text)


def numbered(application: Application, text: str) -> AppUser | None:
    """The application's user of this number; None for what is none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        return None
    return AppUser.objects.filter(application=application, pk=int(text)).first()


def _last_synced(application: Application) -> AppUser | None:
    fresh = Connection.objects.filter(
        app_user__application=application, last_success_at__isnull=False
    )
    newest = fresh.order_by("-last_success_at").select_related("app_user").first()
    return newest.app_user if newest else None


def answer_to(
    line: Line, *, application: Application, person: AppUser, now: datetime, address: Any
) -> Shown:
    """What the API answers to the line for this user, by the API's own code, audited like any
    call. `address(line)` is where the page shows another line."""
    access = Access(
        application_id=application.pk,
        client_id=application.client_id,
        app_user_id=person.pk,
        via=VIA,
    )
    begun = perf_counter()
    answer = ask(
        access=access,
        version=line.version,
        prefix=line.prefix,
        path=line.path,
        query=line.query,
        now=now,
    )
    return read_answer(
        answer.body,
        status=answer.status,
        line=line,
        milliseconds=max(1, round((perf_counter() - begun) * 1000)),
        address=address,
    )
