"""Single-use links to the connect pages, and the visits they open (wire contract 9).

A link's secret and a browser's cookie are stored only as digests. A visit is what a browser, proven
by its cookie, may do on our pages: connect systems for one user of one app, until it expires.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.digests import digest
from accounts.models import Application
from connectors.models import ConnectSession, ConnectVisit, System
from connectors.refusals import LinkGone

LINK_LIFE = timedelta(minutes=10)
VISIT_LIFE = timedelta(minutes=30)


def make_link(
    *,
    application: Application,
    app_user_id: int,
    system: System | None,
    redirect_uri: str,
    app_state: str,
    now: datetime,
) -> str:
    """The secret of a new link, 43 URL-safe characters. `system` None leads to the list."""
    secret = secrets.token_urlsafe(32)
    ConnectSession.objects.create(
        digest=digest(secret),
        application=application,
        app_user_id=app_user_id,
        system=system,
        redirect_uri=redirect_uri,
        app_state=app_state,
        expires=now + LINK_LIFE,
    )
    return secret


def look_at_link(*, secret: str, now: datetime) -> None:
    """Raise `LinkGone` where the link does not work any more; uses nothing up."""
    if not _usable(secret, now).exists():
        raise LinkGone


def use_link(*, secret: str, browser: str, now: datetime) -> tuple[ConnectVisit, int | None]:
    """Use the link up: the visit it opens for this browser, and the system it leads to. Of several
    at once one wins. Raises `LinkGone`.
    """
    link = _usable(secret, now).first()
    # By columns of the row itself: a condition on another table would become a subquery, which
    # PostgreSQL does not check again on the row it waited for, and two would win.
    if link is None or not ConnectSession.objects.filter(pk=link.pk, used_at=None).update(
        used_at=now
    ):
        raise LinkGone
    visit = open_visit(
        app_user_id=link.app_user_id,
        application_id=link.application_id,
        redirect_uri=link.redirect_uri,
        app_state=link.app_state,
        browser=browser,
        now=now,
    )
    return visit, link.system_id


def open_visit(
    *,
    app_user_id: int,
    application_id: int,
    redirect_uri: str,
    app_state: str,
    browser: str,
    now: datetime,
) -> ConnectVisit:
    """A new visit of this browser on behalf of a user."""
    return ConnectVisit.objects.create(
        public_id=secrets.token_hex(8),
        browser_digest=digest(browser),
        app_user_id=app_user_id,
        application_id=application_id,
        redirect_uri=redirect_uri,
        app_state=app_state,
        expires=now + VISIT_LIFE,
    )


def visit_of(*, browser: str, public_id: str, now: datetime) -> ConnectVisit:
    """The visit of this browser with this id, its newest where the id is empty. Raises
    `LinkGone`.
    """
    found = ConnectVisit.objects.select_related("application").filter(
        browser_digest=digest(browser), expires__gt=now
    )
    if public_id:
        found = found.filter(public_id=public_id)
    visit = found.order_by("-pk").first() if browser and "\x00" not in public_id else None
    if visit is None:
        raise LinkGone
    return visit


def _usable(secret: str, now: datetime) -> QuerySet[ConnectSession]:
    return ConnectSession.objects.filter(
        digest=digest(secret), used_at=None, expires__gt=now, app_user__active=True
    )
