"""The end users of a client app: create, find, change (wire contract 6)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Application, AppUser
from accounts.refusals import Refused, failure

LONGEST_ID = 255
_NUMBER = re.compile(r"[0-9]{1,30}")
_LARGEST = 2**63 - 1


class UserRefused(Refused):
    """A user-management call that names no usable user (wire contract 6.6)."""


class UserExists(UserRefused):
    """The `app_user_id` is taken; the text is compared literally by clients (wire contract 6.2)."""

    def __init__(self, user: AppUser | None = None) -> None:
        shown = {} if user is None else described(user)
        super().__init__(
            settings.USER_EXISTS_STATUS,
            {**failure("this user already exists"), **shown},
        )


class UnknownUser(UserRefused):
    def __init__(self) -> None:
        super().__init__(200, failure("this user does not exist"))


class InactiveUser(UserRefused):
    def __init__(self) -> None:
        super().__init__(200, failure("this user is not active"))


class BadUserInput(UserRefused):
    def __init__(self, error: str) -> None:
        super().__init__(400, failure(error))


def described(user: AppUser) -> dict[str, Any]:
    """The three keys every answer about a user holds."""
    return {
        "oneup_user_id": user.pk,
        "app_user_id": user.app_user_id,
        "active": user.active,
    }


def create_app_user(
    *, application: Application, app_user_id: str, active: bool, now: datetime
) -> AppUser:
    """A new user of the application. Raises `UserExists`, also to all but one of several callers at
    once, and `BadUserInput`.
    """
    _check_id(app_user_id)
    user, created = AppUser.objects.get_or_create(
        application=application,
        app_user_id=app_user_id,
        defaults={"active": active, "created": now},
    )
    if not created:
        raise UserExists(user)
    return user


def find_app_user(
    *, application: Application, app_user_id: str = "", oneup_user_id: str = ""
) -> AppUser:
    """The application's user by either id; given both, they must agree. Raises `UnknownUser` and
    `BadUserInput`.
    """
    if not app_user_id and not oneup_user_id:
        raise BadUserInput("app_user_id or oneup_user_id is required")
    user = app_users(
        application=application, app_user_id=app_user_id, oneup_user_id=oneup_user_id
    ).first()
    if user is None:
        raise UnknownUser
    return user


def app_users(
    *, application: Application, app_user_id: str = "", oneup_user_id: str = ""
) -> QuerySet[AppUser]:
    """The application's users, ordered by `oneup_user_id`, narrowed by the filters that are not
    empty. Raises `BadUserInput`.
    """
    found = AppUser.objects.filter(application=application).order_by("pk")
    if app_user_id:
        found = found.filter(app_user_id=app_user_id) if _storable(app_user_id) else found.none()
    if oneup_user_id:
        number = user_number(oneup_user_id)
        found = found.filter(pk=number) if number <= _LARGEST else found.none()
    return found


def change_app_user(
    *,
    application: Application,
    oneup_user_id: str,
    app_user_id: str = "",
    active: bool | None = None,
) -> AppUser:
    """Give a user another `app_user_id`, another `active`, or both. Raises `UserExists`,
    `UnknownUser` and `BadUserInput`.

    An inactive user gets no new codes and tokens and is not synchronised; its data and its running
    access tokens stay (wire contract 6.4).
    """
    if not oneup_user_id:
        raise BadUserInput("oneup_user_id is required")
    changes: dict[str, Any] = {}
    if app_user_id:
        _check_id(app_user_id)
        changes["app_user_id"] = app_user_id
    if active is not None:
        changes["active"] = active
    chosen = app_users(application=application, oneup_user_id=oneup_user_id)
    try:
        with transaction.atomic():
            if changes:
                chosen.order_by().update(**changes)
            user = chosen.first()
    except IntegrityError as error:
        raise UserExists from error
    if user is None:
        raise UnknownUser
    return user


def user_number(text: str) -> int:
    """A `oneup_user_id` as number. Raises `BadUserInput`."""
    if not _NUMBER.fullmatch(text):
        raise BadUserInput("oneup_user_id must be a number")
    return int(text)


def _check_id(app_user_id: str) -> None:
    if not app_user_id:
        raise BadUserInput("app_user_id is required")
    if len(app_user_id) > LONGEST_ID:
        raise BadUserInput(f"app_user_id is longer than {LONGEST_ID} characters")
    if not _storable(app_user_id):
        raise BadUserInput("app_user_id is not valid text")


def _storable(text: str) -> bool:
    """No NUL and no half of a surrogate pair: neither can be stored nor compared in the
    database.
    """
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
