from __future__ import annotations

from django.apps import AppConfig


class FhirstoreConfig(AppConfig):
    name = "fhirstore"
    default_auto_field = "django.db.models.BigAutoField"
