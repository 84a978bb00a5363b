"""Staff's view of the catalogue: bind a system to its real address and credentials, switch it off.
A stored secret is never shown; a new one may be typed over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from connectors.catalog.add import next_system_id
from connectors.catalog.load import SIMULATOR_CLIENT
from connectors.models import System

if TYPE_CHECKING:
    _SystemForm = forms.ModelForm[System]
    _SystemAdmin = admin.ModelAdmin[System]
else:
    _SystemForm, _SystemAdmin = forms.ModelForm, admin.ModelAdmin


class SystemForm(_SystemForm):
    new_client_secret = forms.CharField(
        label=_("New client secret"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Leave empty to keep the one there is; it is stored encrypted."),
    )

    class Meta:
        model = System
        fields = (
            "kind",
            "name",
            "enabled",
            "status",
            "slug",
            "fhir_version",
            "system_type",
            "ehr",
            "resource_url",
            "api_base",
            "client_id",
            "auth_method",
            "authorize_url",
            "token_url",
            "revoke_url",
            "scope",
            "allow_host",
            "min_interval_seconds",
            "locations",
        )

    def clean_resource_url(self) -> str:
        """Ids are made from this URL: one spelling only."""
        return str(self.cleaned_data["resource_url"]).rstrip("/")


@admin.register(System)
class SystemAdmin(_SystemAdmin):
    form = SystemForm
    list_display = ("id", "name", "kind", "fhir_version", "is_set_up", "simulator", "enabled")
    list_filter = ("kind", "enabled", "simulator", "fhir_version", "ehr")
    search_fields = ("=id", "name", "resource_url")
    readonly_fields = ("id", "simulator")
    fields: ClassVar = ["id", "simulator", *SystemForm.Meta.fields, "new_client_secret"]

    @admin.display(boolean=True, description=_("Set up"))
    def is_set_up(self, system: System) -> bool:
        return system.configured

    def save_model(self, request: HttpRequest, obj: System, form: Any, change: bool) -> None:
        """A new system gets a number of its own; one with credentials of the operator's is no
        simulator any more.
        """
        if not change:
            obj.pk = next_system_id()
        if secret := form.cleaned_data["new_client_secret"]:
            obj.client_secret = secret
        obj.simulator = obj.simulator and obj.client_id == SIMULATOR_CLIENT
        obj.save(force_insert=not change)

    def has_delete_permission(self, request: HttpRequest, obj: System | None = None) -> bool:
        """Numbers stay taken and apps hold them in their code: a system is switched off instead."""
        return False
