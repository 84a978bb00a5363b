"""A developer's applications as console pages name them."""

from __future__ import annotations

from django.http import Http404

from accounts.models import Application, User

SLUG_LENGTH = 12


def slug_of(application: Application) -> str:
    """The part of an address that stands for an application: its client id's first 12 digits."""
    return application.client_id[:SLUG_LENGTH]


def application_of(developer: User, slug: str) -> Application:
    """The developer's own application of this slug. Raises Http404 for all others."""
    own = Application.objects.filter(user=developer, client_id__startswith=slug)
    found = own.first() if len(slug) == SLUG_LENGTH else None
    if found is None:
        raise Http404("no such application")
    return found
