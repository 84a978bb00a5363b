"""What an application has, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import AccessToken, Application, AppUser
from connectors.models import Connection


@dataclass(frozen=True, kw_only=True)
class WhatGoes:
    """What ends with an application: users, open connections, access tokens."""

    users: int
    connections: int
    tokens: int


def what_goes(application: Application) -> WhatGoes:
    """In three statements; resources are not counted, which would take long for a large app."""
    connections = Connection.objects.filter(app_user__application=application)
    return WhatGoes(
        users=AppUser.objects.filter(application=application).count(),
        connections=connections.exclude(status=Connection.DISCONNECTED).count(),
        tokens=AccessToken.objects.filter(application=application).count(),
    )
