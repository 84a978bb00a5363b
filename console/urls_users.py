"""Addresses of the console's pages about users: whole paths, without a slash at the end."""

from __future__ import annotations

from django.urls import path

from console.views import user, users

_USERS = "console/apps/<str:app>/users"

urlpatterns = [
    path(_USERS, users.users, name="users"),
    path(f"{_USERS}/new", users.new_user, name="user_new"),
    path(f"{_USERS}/<int:user>", user.user, name="user"),
    path(f"{_USERS}/<int:user>/deactivate", users.deactivate, name="user_deactivate"),
]
