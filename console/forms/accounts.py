"""allauth's forms in our words: labels instead of placeholders, and what helps below."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from console.passwords import SHORTEST


def _worded(form: forms.Form, name: str, label: Any, help_text: Any = "") -> None:
    """Give a field its label and help, and take allauth's placeholder away."""
    field = form.fields.get(name)
    if field is not None:
        field.label, field.help_text = label, help_text
        field.widget.attrs.pop("placeholder", None)


class LogIn(allauth.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self, "login", _("E-mail"))
        reset = format_html(
            '<a href="{}">{}</a>', reverse_lazy("account_reset_password"), _("Forgot it?")
        )
        _worded(self, "password", _("Password"), reset)


class CreateAccount(allauth.SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self, "email", _("E-mail"), _("We send one link to confirm it."))
        _worded(self, "password1", _("Password"), _password_help())


class AskForReset(allauth.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self, "email", _("E-mail"), _("The address you signed up with."))


class NewPassword(allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self, "password1", _("New password"), _password_help())
        _worded(self, "password2", _("New password again"))


class ChangePassword(allauth.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self, "oldpassword", _("Present password"))
        _worded(self, "password1", _("New password"), _password_help())
        _worded(self, "password2", _("New password again"))


class Reauthenticate(allauth.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _worded(self, "password", _("Password"))


def _password_help() -> str:
    words: str = _("%(shortest)d characters or more. Spaces are fine.") % {"shortest": SHORTEST}
    return words
