"""The hospital's OAuth endpoints, and what a grant leaves out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from connectors.sandbox.dance.authorize import authorize
from connectors.sandbox.dance.token import Issued, revoke, token_answer
from connectors.sandbox.hospital.directory import hospital as by_number
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.tokens import Grant


def authorize_page(request: HttpRequest, system: int) -> HttpResponse:
    """The authorization endpoint."""
    house = by_number(system)
    if house is None:
        return no_hospital(system)
    return authorize(request, house=house, audience=fhir_base(request, house))


def token(request: HttpRequest, system: int) -> HttpResponse:
    """The token endpoint; `careweave_base` names the account's canonical FHIR base."""
    house = by_number(system)
    if house is None:
        return no_hospital(system)
    known = house

    def extra(issued: Issued) -> dict[str, object]:
        return {
            "patient": issued.account.subject,
            "careweave_base": issued.account.base,
            "scope": granted_scope(known, issued.grant),
        }

    return token_answer(request, house=house, extra=extra)


def revoke_token(request: HttpRequest, system: int) -> HttpResponse:
    """The revocation endpoint."""
    house = by_number(system)
    return no_hospital(system) if house is None else revoke(request, house=house)


def granted_scope(house: Hospital, grant: Grant) -> str:
    """The scope as granted: what was asked for, or type by type where something is withheld."""
    asked = grant.scope.split() or ["launch/patient", "patient/*.read"]
    if not grant.withheld:
        return " ".join(asked)
    shared = [
        f"patient/{type_}.read"
        for type_ in ("Patient", *sorted(house.renderer.patient_element))
        if type_ not in withheld_types(house, grant)
    ]
    return " ".join([*(scope for scope in asked if not scope.startswith("patient/")), *shared])


def withheld_types(house: Hospital, grant: Grant) -> set[str]:
    """The types the person did not tick."""
    return {t for group in house.groups if group.key in grant.withheld for t in group.opens}


def fhir_base(request: HttpRequest, house: Hospital) -> str:
    """The hospital's FHIR base as it was called."""
    return request.build_absolute_uri(f"/hospital/{house.system}/fhir")


def oauth_base(base: str) -> str:
    """Where the OAuth endpoints are, of a FHIR base."""
    return base.removesuffix("/fhir") + "/oauth"


def no_hospital(system: int) -> HttpResponse:
    """The answer for a number nobody has."""
    return JsonResponse({"error": f"There is no hospital {system} in this sandbox."}, status=404)
