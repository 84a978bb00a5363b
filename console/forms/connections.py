"""Forms about connections."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class Disconnect(forms.Form):
    """What becomes of the data; deleting it asks for the system's name."""

    KEEP, DELETE = "keep", "delete"

    what = forms.ChoiceField(
        label=_("What came through this connection"),
        choices=[
            (KEEP, _("Keep it: your app can read it on")),
            (DELETE, _("Delete it for ever")),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        required=False,
        help_text=_("Only to delete the data."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wanted = wanted
        self.fields["name"].label = _("Type “%(name)s” to confirm") % {"name": wanted}

    @property
    def deletes(self) -> bool:
        return bool(self.cleaned_data["what"] == self.DELETE)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        typed = cleaned.get("name", "").strip()
        if cleaned.get("what") == self.DELETE and typed != self._wanted:
            self.add_error(
                "name", _("Type the name “%(name)s” to delete the data.") % {"name": self._wanted}
            )
        return cleaned
