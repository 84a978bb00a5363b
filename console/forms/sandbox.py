"""Forms of the sandbox page."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

STEPS = {
    "1h": (_("+ 1 hour"), timedelta(hours=1)),
    "1d": (_("+ 1 day"), timedelta(days=1)),
    "7d": (_("+ 7 days"), timedelta(days=7)),
}


class Whom(forms.Form):
    """A simulated person."""

    system = forms.IntegerField(min_value=1)
    account = forms.CharField(max_length=100)


class ChosenFault(Whom):
    """A fault for a person, for some calls or until cleared."""

    fault = forms.CharField(max_length=40)
    count = forms.IntegerField(min_value=1, max_value=1000, required=False)


class Step(forms.Form):
    """How far the clock moves on."""

    step = forms.ChoiceField(choices=[(key, words) for key, (words, _length) in STEPS.items()])

    @property
    def length(self) -> timedelta:
        return STEPS[self.cleaned_data["step"]][1]
