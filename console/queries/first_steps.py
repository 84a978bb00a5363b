"""How far a developer is on the way to first data."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Application, AppUser, User
from connectors.models import Connection


@dataclass(frozen=True, kw_only=True)
class FirstSteps:
    """The three steps: `application`, then `app_user`, then a connection that has brought data.
    `waiting`: a connection exists, and nothing has come yet.
    """

    application: Application | None
    app_user: AppUser | None
    waiting: bool

    @property
    def done(self) -> int:
        """How many steps are done: 0, 1 or 2."""
        return (self.application is not None) + (self.app_user is not None)


def has_data(developer: User) -> bool:
    """Whether any connection of the developer's applications was ever answered."""
    return Connection.objects.filter(
        app_user__application__user=developer, last_success_at__isnull=False
    ).exists()


def first_steps(developer: User, *, preferred: str) -> FirstSteps:
    """`preferred` is the client id's beginning of the application last looked at."""
    own = Application.objects.filter(user=developer).order_by("-created")
    application = (own.filter(client_id__startswith=preferred).first() if preferred else None) or (
        own.first()
    )
    if application is None:
        return FirstSteps(application=None, app_user=None, waiting=False)
    users = AppUser.objects.filter(application=application, active=True)
    connected = Connection.objects.filter(app_user__application=application)
    waiting = connected.select_related("app_user").order_by("-pk").first()
    return FirstSteps(
        application=application,
        app_user=waiting.app_user if waiting else users.order_by("-pk").first(),
        waiting=waiting is not None,
    )
