"""Forms about users."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.app_users import LONGEST_ID


class NewUser(forms.Form):
    """A new user's id."""

    app_user_id = forms.CharField(
        label=_("App user id"),
        max_length=LONGEST_ID,
        help_text=_(
            "The id under which your app knows the person. No names: it is shown in lists."
        ),
        error_messages={
            "required": _("Write the id that your app uses for this person, such as sample-014.")
        },
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
