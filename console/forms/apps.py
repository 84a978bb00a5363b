"""Forms about applications."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Application
from console.redirect_advice import Advice, advice, redirect_list

LONGEST_NAME = 100
MOST_REDIRECTS = 20
MODES = (
    (Application.TEST, _("Test: simulated people, and http and localhost as redirect URLs")),
    (Application.LIVE, _("Live: https only")),
)
GRACES = {
    "0": (_("End it at once"), timedelta(0)),
    "1h": (_("1 hour"), timedelta(hours=1)),
    "1d": (_("1 day"), timedelta(days=1)),
    "7d": (_("7 days"), timedelta(days=7)),
    "30d": (_("30 days"), timedelta(days=30)),
}


class AppName(forms.Form):
    """The name alone."""

    name = forms.CharField(
        label=_("Application name"),
        max_length=LONGEST_NAME,
        help_text=_("People see it when they connect."),
        error_messages={"required": _("Write a name that people will know.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewApp(AppName):
    """A new application: name, redirect URLs, mode."""

    redirect_uris = forms.CharField(
        label=_("OAuth2 redirect URL"),
        help_text=_(
            "Where people return to after connecting. Several: with commas or on lines of their "
            "own; the first is the default."
        ),
        error_messages={
            "required": _("Write at least one, such as http://localhost:3000/callback.")
        },
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "class": "mono",
                "placeholder": "https://app.example.org/callback",
                "spellcheck": "false",
                "autocapitalize": "none",
            }
        ),
    )
    mode = forms.ChoiceField(
        label=_("Mode"), choices=MODES, initial=Application.TEST, widget=forms.RadioSelect
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "redirect_uris" in cleaned and "mode" in cleaned:
            uris = redirect_list(cleaned["redirect_uris"])
            problems = [found for uri in uris if (found := advice(uri, mode=cleaned["mode"]))]
            if problems:
                self.add_error("redirect_uris", advice_html(problems))
            elif len(uris) > MOST_REDIRECTS:
                self.add_error("redirect_uris", _("At most 20 addresses."))
            cleaned["redirect_uris"] = uris
        return cleaned


class Rotation(forms.Form):
    """How long the old secret works on."""

    grace = forms.ChoiceField(
        label=_("The old secret works on for"),
        choices=[(key, words) for key, (words, _length) in GRACES.items()],
        initial="1d",
        widget=forms.RadioSelect,
        help_text=_("Long enough to change all your servers. End it at once if it leaked."),
    )

    @property
    def length(self) -> timedelta:
        return GRACES[self.cleaned_data["grace"]][1]


class TypedName(forms.Form):
    """The name, typed to confirm a deletion."""

    name = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wanted = wanted
        self.fields["name"].label = _("Type “%(name)s” to confirm") % {"name": wanted}

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"].strip()
        if typed != self._wanted:
            raise forms.ValidationError(
                _("That is not the name. It is “%(name)s”."), params={"name": self._wanted}
            )
        return typed


def advice_html(problems: list[Advice]) -> SafeString:
    """What is wrong with URLs, the URL itself and the repaired one in code letters."""
    return format_html_join(
        " ",
        "{}{}",
        [
            (problem.text, _repaired(problem.repaired) if problem.repaired else "")
            for problem in problems
        ],
    )


def _repaired(uri: str) -> SafeString:
    return format_html(" {} <code>{}</code>.", _("Try"), uri)
