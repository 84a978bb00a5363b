"""What a page holds that a person sees, in place of the access token it was opened with.

Context: the search page, the marketplace and quick connect are shown in frames of other sites,
where browsers keep cookies away; the source's sign-in opens in the top window, where they work. A
token in the page, or in the links that leave it, could read a whole record.

Decision: opening a page makes a page link. Its secret stands in the links that leave the page; the
first browser to follow one gets a cookie and a visit, and from then on the links work in that
browser only, as often as its person comes back. Its key, the secret signed, never stands in an
address: the page posts it to search on. Both open nothing but the choice of a hospital or device,
for half an hour.

Consequence: no page needs a cookie or a script, and the access token never leaves the request that
brought it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core import signing

from accounts.digests import digest
from accounts.models import Application
from connectors.models import ConnectSession, ConnectVisit
from connectors.refusals import LinkGone
from connectors.sessions import VISIT_LIFE, open_visit

_SALT = "connectors.page_links"
_SPACE = "page:"  # a session link's secret opens no page link, nor the other way round


@dataclass(frozen=True, kw_only=True)
class PageLink:
    """An open page: for whom, with which wishes of the app. `mark` names it without opening it."""

    secret: str
    application: Application
    app_user_id: int
    redirect_uri: str
    app_state: str

    @property
    def key(self) -> str:
        """What the page posts to stay itself."""
        return signing.dumps(self.secret, salt=_SALT)

    @property
    def mark(self) -> str:
        return mark_of(self.secret)


def mark_of(secret: str) -> str:
    """A few characters that tell pages apart, for an address that is shown."""
    return sha256(f"mark:{secret}".encode()).hexdigest()[:12]


def open_page(
    *,
    application: Application,
    app_user_id: int,
    redirect_uri: str,
    app_state: str,
    now: datetime,
) -> PageLink:
    """A new page for this user of the application."""
    secret = secrets.token_urlsafe(32)
    ConnectSession.objects.create(
        digest=digest(_SPACE + secret),
        application=application,
        app_user_id=app_user_id,
        redirect_uri=redirect_uri,
        app_state=app_state,
        expires=now + VISIT_LIFE,
    )
    return PageLink(
        secret=secret,
        application=application,
        app_user_id=app_user_id,
        redirect_uri=redirect_uri,
        app_state=app_state,
    )


def page_of(*, key: str, now: datetime) -> PageLink:
    """The page that holds this key. Raises `LinkGone`."""
    try:
        secret = signing.loads(key, salt=_SALT)
    except signing.BadSignature as error:
        raise LinkGone from error
    link = _open_link(secret, now)
    return PageLink(
        secret=secret,
        application=link.application,
        app_user_id=link.app_user_id,
        redirect_uri=link.redirect_uri,
        app_state=link.app_state,
    )


def look_at_page(*, secret: str, now: datetime) -> None:
    """Raise `LinkGone` where the page's links work no more; binds nothing."""
    _open_link(secret, now)


def leave_page(*, secret: str, browser: str, now: datetime) -> ConnectVisit:
    """The visit of this browser that a link on the page leads to: a new one for the first browser
    that comes, which alone may come again. Raises `LinkGone`.
    """
    link = _open_link(secret, now)
    if ConnectSession.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
        return open_visit(
            app_user_id=link.app_user_id,
            application_id=link.application_id,
            redirect_uri=link.redirect_uri,
            app_state=link.app_state,
            browser=browser,
            now=now,
        )
    visit = (
        ConnectVisit.objects.filter(
            browser_digest=digest(browser),
            expires__gt=now,
            app_user_id=link.app_user_id,
            application_id=link.application_id,
            redirect_uri=link.redirect_uri,
            app_state=link.app_state,
        )
        .order_by("-pk")
        .first()
    )
    if visit is None:
        raise LinkGone
    return visit


def _open_link(secret: str, now: datetime) -> ConnectSession:
    link = (
        ConnectSession.objects.select_related("application")
        .filter(digest=digest(_SPACE + secret), expires__gt=now, app_user__active=True)
        .first()
    )
    if link is None:
        raise LinkGone
    return link
