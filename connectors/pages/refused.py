"""A refusal as a page, for people (wire contract 8.3)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused
from connectors import refusals
from connectors.pages.browser import is_framed

_OTHERWISE = (
    _("That did not work"),
    _("Nothing was shared. Go back to the app and try again."),
)
_WORDS = {
    refusals.InvalidToken.error: (
        _("This link does not work any more"),
        _("It has run out, or was made for another app. Go back to the app and start again there."),
    ),
    refusals.UnknownSystem.error: (
        _("We do not know this hospital or device"),
        _("The app asked for one that is not offered here. Go back to the app and choose another."),
    ),
    refusals.NotSetUp.error: (
        _("This hospital or device is not set up yet"),
        _("It is on our list, but cannot be connected so far. Nothing was shared."),
    ),
    refusals.LinkGone.error: (
        _("This link has expired or was already used"),
        _(
            "A link works once, for ten minutes, where cookies are allowed. "
            "Go back to the app and try again."
        ),
    ),
    refusals.UnknownReturn.error: (
        _("We do not know this sign-in"),
        _("It may have been too long ago. Nothing was shared. Go back to the app and try again."),
    ),
    refusals.OtherBrowser.error: (
        _("You began this in another browser"),
        _(
            "For your safety a sign-in ends where it was begun, in the same browser and with "
            "cookies allowed. Nothing was shared. Go back to the app and try again."
        ),
    ),
    refusals.SourceAway.error: (
        _("The hospital or device does not answer"),
        _("Nothing was shared. Try again in a few minutes."),
    ),
}


def wants_page(request: HttpRequest) -> bool:
    """Whether `Accept` names text/html; `*/*` does not."""
    named = (part.split(";")[0].strip() for part in request.META.get("HTTP_ACCEPT", "").split(","))
    return any(media_type.lower() == "text/html" for media_type in named)


def refused_page(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The page that says what was refused and what to do, with the refusal's status."""
    error = str(refused.body.get("error", ""))
    title, text = _WORDS.get(error, _OTHERWISE)
    values = {
        "title": title,
        "text": text,
        "error": error,
        "status": refused.status,
        "framed": is_framed(request),
    }
    response = render(request, "connectors/refused.html", values, status=refused.status)
    for name, value in refused.headers.items():
        response.headers[name] = value
    return response
