"""Addresses of the FHIR API: both prefixes, every version, and whatever lies below
(`fhirstore.api.routes`); what is nothing there gets an OperationOutcome."""

from __future__ import annotations

from django.urls import re_path

from fhirstore.api.view import FhirView

urlpatterns = [
    re_path(
        r"^(?P<fhir>fhir/)?(?P<version>dstu2|stu3|r4)(?P<path>|/(?s:.*))\Z",
        FhirView.as_view(),
        name="fhir",
    )
]
