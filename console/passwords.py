"""How long a password must be, said with what is missing."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SHORTEST = 12


class LongEnough:
    """A password validator (setting AUTH_PASSWORD_VALIDATORS): 12 characters or more."""

    def validate(self, password: str, user: Any = None) -> None:
        missing = SHORTEST - len(password)
        if missing > 0:
            words = ngettext(
                "Use %(shortest)d characters or more, %(missing)d is missing. Spaces are fine.",
                "Use %(shortest)d characters or more, %(missing)d are missing. Spaces are fine.",
                missing,
            )
            raise ValidationError(
                words % {"shortest": SHORTEST, "missing": missing}, code="password_too_short"
            )

    def get_help_text(self) -> str:
        return _("%(shortest)d characters or more. Spaces are fine.") % {"shortest": SHORTEST}
