"""Addresses of staff's pages beside the admin's own, under /admin/."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from console.views import staff

urlpatterns = [
    path("find/", admin.site.admin_view(staff.find), name="staff_find"),
    path("act/", admin.site.admin_view(staff.act), name="staff_act"),
]
