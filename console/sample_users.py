"""Test users that the console makes: sample-001, sample-002 and so on."""

from __future__ import annotations

from datetime import datetime

from accounts.app_users import UserExists, create_app_user
from accounts.models import Application, AppUser

PREFIX = "sample-"


def next_name(application: Application) -> str:
    """The id the next test user gets."""
    taken = (
        AppUser.objects.filter(
            application=application, app_user_id__regex=rf"^{PREFIX}[0-9]{{3,6}}$"
        )
        .order_by("-app_user_id")
        .values_list("app_user_id", flat=True)
    )
    highest = max((int(name.removeprefix(PREFIX)) for name in taken[:50]), default=0)
    return f"{PREFIX}{highest + 1:03d}"


def make_test_user(*, application: Application, now: datetime) -> AppUser:
    """The next one. Of two at once each gets its own."""
    while True:
        try:
            return create_app_user(
                application=application, app_user_id=next_name(application), active=True, now=now
            )
        except UserExists:
            continue
