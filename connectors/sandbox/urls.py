"""Every address of the sandbox."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, register_converter

from connectors.sandbox import pages
from connectors.sandbox.hospital import views as hospital


class TypeName:
    """The name of a resource type in an address."""

    regex = "[A-Z][A-Za-z]{1,63}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TypeName, "type")


def _not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return JsonResponse({"error": f"There is nothing at {request.path}."}, status=404)


def _broken(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"error": "The sandbox has failed. Its log says why."}, status=500)


handler404 = _not_found
handler500 = _broken

urlpatterns = [
    path("sandbox.css", pages.stylesheet),
    path("hospital/<int:system>/oauth/authorize", hospital.authorize_page),
    path("hospital/<int:system>/oauth/token", hospital.token),
    path("hospital/<int:system>/oauth/revoke", hospital.revoke_token),
    path("hospital/<int:system>/fhir/metadata", hospital.metadata),
    path("hospital/<int:system>/fhir/<type:type_>", hospital.search_or_read),
    path("hospital/<int:system>/fhir/<type:type_>/<str:id_>", hospital.search_or_read),
    path("hospital/<int:system>/fhir/<path:rest>", hospital.no_such_page),
]
