"""Connections, runs and the ledger for staff. Tokens and bodies are not shown, and nothing is
edited: actions park, resume, sync.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import clock
from connectors.models import Connection
from sync import disconnect
from sync.models import SyncRun, Window

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin


class ReadOnly(_Admin):
    """Rows are looked at, never added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class _ErrorCodes(admin.AllValuesFieldListFilter):
    """The error codes there are; a connection without one has a name, too."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or _("none")}


@admin.register(Connection)
class ConnectionAdmin(ReadOnly):
    list_display = (
        "public_id",
        "app_user",
        "system",
        "status",
        "parked",
        "last_success_at",
        "next_sync_at",
        "last_error_code",
    )
    list_filter = ("status", "parked", "system__kind", ("last_error_code", _ErrorCodes))
    list_select_related = ("app_user", "system")
    search_fields = (
        "public_id",
        "=app_user__id",
        "app_user__app_user_id",
        "system__name",
        "=system__id",
    )
    # The account is the person's number at the source, and a device's base ends with it.
    exclude = ("access_token", "refresh_token", "lease_id", "account", "base")
    actions = ("park", "resume", "sync_now")

    @admin.action(description=_("Park: stop polling until resumed"), permissions=["steer"])
    def park(self, request: HttpRequest, chosen: QuerySet[Connection]) -> None:
        self._note(request, chosen, "parked")
        self._tell(request, chosen.filter(parked=False).update(parked=True))

    @admin.action(description=_("Resume parked connections"), permissions=["steer"])
    def resume(self, request: HttpRequest, chosen: QuerySet[Connection]) -> None:
        self._note(request, chosen, "resumed")
        parked = chosen.filter(parked=True)
        self._tell(request, parked.update(parked=False, next_sync_at=clock.now()))

    @admin.action(description=_("Sync now"), permissions=["steer"])
    def sync_now(self, request: HttpRequest, chosen: QuerySet[Connection]) -> None:
        self._note(request, chosen, "asked for a sync")
        ids = list(chosen.values_list("pk", flat=True))
        self._tell(request, len(disconnect.request_refresh(ids, clock.now())))

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Who may park and sync: holders of the right to change connections, though no field is
        edited here.
        """
        return bool(request.user.has_perm("connectors.change_connection"))

    def _note(self, request: HttpRequest, chosen: QuerySet[Connection], what: str) -> None:
        for connection in chosen:
            self.log_change(request, connection, what)

    def _tell(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%(count)d connection", "%(count)d connections", count) % {"count": count}
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly):
    list_display = (
        "connection",
        "trigger",
        "started",
        "finished",
        "outcome",
        "created",
        "updated",
        "unchanged",
        "rejected",
        "irregular",
        "error_code",
    )
    list_filter = ("outcome", "trigger", "error_code")
    list_select_related = ("connection",)
    search_fields = ("connection__public_id",)
    exclude = ("lease_id",)


@admin.register(Window)
class WindowAdmin(ReadOnly):
    list_display = (
        "connection",
        "key",
        "state",
        "asked_from",
        "asked_to",
        "last_at",
        "times",
        "resources",
        "error_code",
    )
    list_filter = ("state", "error_code")
    list_select_related = ("connection",)
    search_fields = ("connection__public_id", "key")
