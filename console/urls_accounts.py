"""Signing up and in: allauth's pages under our addresses, which have no slash at the end. The names
are those that allauth looks up."""

from __future__ import annotations

from allauth.account import views
from django.urls import path, re_path

from console.views.sign_up import confirmation_sent

urlpatterns = [
    path("accounts/signup", views.signup, name="account_signup"),
    path("accounts/login", views.login, name="account_login"),
    path("accounts/logout", views.logout, name="account_logout"),
    path("accounts/inactive", views.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate", views.reauthenticate, name="account_reauthenticate"),
    path("accounts/email", views.email, name="account_email"),
    path("accounts/confirm-email", confirmation_sent, name="account_email_verification_sent"),
    re_path(
        r"^accounts/confirm-email/(?P<key>[-:\w]+)$",
        views.confirm_email,
        name="account_confirm_email",
    ),
    path("accounts/password/change", views.password_change, name="account_change_password"),
    path("accounts/password/set", views.password_set, name="account_set_password"),
    path("accounts/password/reset", views.password_reset, name="account_reset_password"),
    path(
        "accounts/password/reset/done",
        views.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "accounts/password/reset/key/done",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]
