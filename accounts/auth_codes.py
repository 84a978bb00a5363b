"""Authorization codes handed out by user management, out of band, for one of an app's users (wire
contract 6.5).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from accounts.app_users import InactiveUser
from accounts.digests import digest
from accounts.models import AppUser, Grant
from accounts.scopes import EVERYTHING

CODE_SECONDS = 2 * 60 * 60


def issue_code(*, app_user: AppUser, now: datetime) -> str:
    """A new code for the user: 32 lower-case hex, single use, two hours. Earlier codes stay good.
    Raises `InactiveUser`.
    """
    if not app_user.active:
        raise InactiveUser
    code = secrets.token_hex(16)
    Grant.objects.create(
        user=app_user,
        application_id=app_user.application_id,
        code=digest(code),
        expires=now + timedelta(seconds=CODE_SECONDS),
        redirect_uri="",
        scope=EVERYTHING,
    )
    return code
