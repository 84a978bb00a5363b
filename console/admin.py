"""Staff's pages of users and connections with what only the console can tell: how many resources of
which type there are. Never what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import ApplicationAdmin, AppUserAdmin
from accounts.models import Application, AppUser
from connectors.models import Connection
from console.views.staff import buttons_for
from fhirstore.counts import count_by_connection, count_by_type
from sync.admin import ConnectionAdmin

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = object


class Steered(_Admin):
    """A page of one row with its actions as buttons."""

    change_form_template = "admin/steered.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        more = {"buttons": buttons_for(request, row) if row else []}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})


class CountedUserAdmin(AppUserAdmin):
    def get_readonly_fields(self, request: HttpRequest, obj: AppUser | None = None) -> list[str]:
        return [*AppUserAdmin.readonly_fields, "resources", "connections"]

    @admin.display(description=gettext_lazy("Resources"))
    def resources(self, user: AppUser) -> str:
        counts = [f"{row.rtype} {row.resources:,}" for row in count_by_type(owner=user.pk)]
        return ", ".join(counts) or _("none")

    @admin.display(description=gettext_lazy("Connections"))
    def connections(self, user: AppUser) -> SafeString:
        address = reverse("admin:connectors_connection_changelist")
        count = Connection.objects.filter(app_user=user).count()
        return format_html('<a href="{}?app_user__id__exact={}">{}</a>', address, user.pk, count)


class CountedConnectionAdmin(Steered, ConnectionAdmin):
    readonly_fields = ("resources",)

    @admin.display(description=gettext_lazy("Resources"))
    def resources(self, connection: Connection) -> str:
        counts = count_by_connection(owners=[connection.app_user_id])
        return f"{counts.get(connection.pk, 0):,}"


class SteeredApplicationAdmin(Steered, ApplicationAdmin):
    pass


for _model, _page in (
    (AppUser, CountedUserAdmin),
    (Connection, CountedConnectionAdmin),
    (Application, SteeredApplicationAdmin),
):
    admin.site.unregister(_model)
    admin.site.register(_model, _page)
