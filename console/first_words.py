"""The calls that the first steps show, as one would type them."""

from __future__ import annotations

from django.conf import settings

CREATE_USER = """curl -X POST {base}/user-management/v1/user \\
  -d app_user_id={user} \\
  -d client_id=$CLIENT_ID -d client_secret=$CLIENT_SECRET"""


def curl(call: str, *, user: str) -> str:
    """The call with this installation's address and the user's id."""
    return call.format(base=settings.HOSTS["api"], user=user)
