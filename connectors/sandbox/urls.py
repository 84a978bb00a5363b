"""Every address of the sandbox."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, register_converter

from connectors.sandbox import control, pages
from connectors.sandbox.hospital import oauth
from connectors.sandbox.hospital import views as hospital
from connectors.sandbox.wearable import google


class TypeName:
    """The name of a resource type in an address."""

    regex = "[A-Z][A-Za-z]{1,63}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Verb(TypeName):
    """What is done to a list, after the colon."""

    regex = "reconcile|rollUp|dailyRollUp"


register_converter(TypeName, "type")
register_converter(Verb, "verb")


def _not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return JsonResponse({"error": f"There is nothing at {request.path}."}, status=404)


def _broken(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"error": "The sandbox has failed. Its log says why."}, status=500)


handler404 = _not_found
handler500 = _broken

urlpatterns = [
    path("sandbox.css", pages.stylesheet),
    path("control", control.state),
    path("control/people", control.people),
    path("control/advance", control.advance),
    path("control/results", control.results),
    path("control/faults", control.faults_),
    path("hospital/<int:system>/oauth/authorize", oauth.authorize_page),
    path("hospital/<int:system>/oauth/token", oauth.token),
    path("hospital/<int:system>/oauth/revoke", oauth.revoke_token),
    path("hospital/<int:system>/fhir/metadata", hospital.metadata),
    path("hospital/<int:system>/fhir/.well-known/smart-configuration", hospital.well_known),
    path("hospital/<int:system>/fhir/<type:type_>", hospital.search_or_read),
    path("hospital/<int:system>/fhir/<type:type_>/<str:id_>", hospital.search_or_read),
    path("hospital/<int:system>/fhir/<path:rest>", hospital.no_such_page),
    path("wearable/google/o/oauth2/v2/auth", google.authorize_page),
    path("wearable/google/token", google.token),
    path("wearable/google/revoke", google.revoke_token),
    path("wearable/google/v4/users/me/identity", google.about_me, {"what": "identity"}),
    path("wearable/google/v4/users/me/settings", google.about_me, {"what": "settings"}),
    path("wearable/google/v4/users/me/profile", google.about_me, {"what": "profile"}),
    path("wearable/google/v4/users/me/pairedDevices", google.about_me, {"what": "pairedDevices"}),
    path("wearable/google/v4/users/me/dataTypes/<slug:slug>/dataPoints", google.data_points),
    path(
        "wearable/google/v4/users/me/dataTypes/<slug:slug>/dataPoints:<verb:verb>",
        google.data_points,
    ),
    path("wearable/google/<path:rest>", google.no_such_page),
]
