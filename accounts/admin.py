"""Staff's view of developers, apps and their users. Secrets, codes and tokens are not shown, not
even as digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from oauth2_provider.models import DeviceGrant

from accounts import clock
from accounts.models import (
    AccessToken,
    Application,
    AppUser,
    AuditRecord,
    Grant,
    IDToken,
    RefreshToken,
    User,
)
from accounts.tokens import revoke_application

# The OAuth library registers these by itself, with pages that show more than staff should see.
for _model in (
    Application,
    Grant,
    AccessToken,
    RefreshToken,
    IDToken,
    DeviceGrant,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

if TYPE_CHECKING:
    _ApplicationAdmin = admin.ModelAdmin[Application]
    _AppUserAdmin = admin.ModelAdmin[AppUser]
    _AuditAdmin = admin.ModelAdmin[AuditRecord]
    _DeveloperAdmin = UserAdmin[User]
else:
    _DeveloperAdmin = UserAdmin
    _ApplicationAdmin = _AppUserAdmin = _AuditAdmin = admin.ModelAdmin


@admin.register(User)
class DeveloperAdmin(_DeveloperAdmin):
    list_display = ("email", "date_joined", "email_confirmed_at", "is_active", "is_staff")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "username")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("username", "email", "email_confirmed_at", "password")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "usable_password", "password1", "password2")}),
    )


@admin.register(Application)
class ApplicationAdmin(_ApplicationAdmin):
    list_display = ("name", "client_id", "user", "mode", "created")
    list_filter = ("mode",)
    list_select_related = ("user",)
    search_fields = ("name", "client_id", "user__email")
    fields = (
        "name",
        "client_id",
        "user",
        "mode",
        "redirect_uris",
        "previous_secret_expires",
        "created",
    )
    readonly_fields = ("client_id", "user", "previous_secret_expires", "created")
    actions = ("revoke_tokens",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an app is made where its secret can be shown once

    @admin.action(description=_("Revoke all codes and tokens of the app"), permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        now = clock.now()
        for application in queryset:
            revoke_application(application=application, now=now)
            self.log_change(request, application, "revoked all codes and tokens")
        done = queryset.count()
        text = ngettext("Tokens of %d app revoked.", "Tokens of %d apps revoked.", done) % done
        self.message_user(request, text, messages.SUCCESS)


@admin.register(AppUser)
class AppUserAdmin(_AppUserAdmin):
    list_display = ("id", "app_user_id", "application", "active", "created")
    list_filter = ("active",)
    list_select_related = ("application",)
    search_fields = ("=id", "app_user_id", "application__name", "application__client_id")
    readonly_fields = ("id", "application", "app_user_id", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # users are made by their app

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a user's health data would be left behind


@admin.register(AuditRecord)
class AuditRecordAdmin(_AuditAdmin):
    list_display = (
        "at",
        "application",
        "app_user",
        "via",
        "interaction",
        "resource_type",
        "resource_id",
        "outcome",
    )
    list_filter = ("interaction", "outcome")
    search_fields = ("=app_user", "=application")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
