"""Addresses of the console's home, of applications and of the account: whole paths, without a slash
at the end."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views import account, app_delete, app_new, credentials, first_data, home

urlpatterns: list[URLPattern] = [
    path("console", home.home, name="home"),
    path("console/account", account.account, name="account"),
    path("console/apps/new", app_new.new, name="app_new"),
    path("console/apps/<str:app>", credentials.credentials, name="app"),
    path("console/apps/<str:app>/name", credentials.change_name, name="app_name"),
    path("console/apps/<str:app>/mode", credentials.change_mode, name="app_mode"),
    path("console/apps/<str:app>/secret", credentials.rotate, name="app_secret"),
    path("console/apps/<str:app>/secret/end", credentials.end_previous, name="app_secret_end"),
    path("console/apps/<str:app>/redirects", credentials.change_redirects, name="app_redirects"),
    path("console/apps/<str:app>/delete", app_delete.delete, name="app_delete"),
    path("console/apps/<str:app>/test-user", first_data.make_user, name="test_user"),
    path(
        "console/apps/<str:app>/users/<int:user>/try/<int:system>",
        first_data.connect,
        name="try_connect",
    ),
    path("console/apps/<str:app>/users/<int:user>/arrived", first_data.arrived, name="arrived"),
]
