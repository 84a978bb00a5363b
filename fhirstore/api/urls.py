"""Addresses of bulk export, and of the FHIR API: both prefixes, every version, whatever lies below
(`fhirstore.api.routes`); what is nothing there gets an OperationOutcome."""

from __future__ import annotations

from django.urls import re_path

from fhirstore.api import export
from fhirstore.api.view import FhirView

_BULK = r"^bulk-data/(?P<version>dstu2|stu3|r4)/\$export"

urlpatterns = [
    re_path(
        r"^(?P<fhir>fhir/)?(?P<version>dstu2|stu3|r4)(?P<path>|/(?s:.*))\Z",
        FhirView.as_view(),
        name="fhir",
    ),
    re_path(_BULK + r"\Z", export.start),
    re_path(_BULK + r"/status/(?P<token>[\w-]{1,100})\Z", export.status),
    re_path(_BULK + r"/(?P<rtype>[A-Za-z]+)/(?P<token>[\w-]{1,100})\.ndjson\Z", export.download),
    re_path(r"^bulk-data/", export.nowhere),
]
