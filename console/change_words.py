"""The change log's words, as people read them."""

from __future__ import annotations

from django.utils.translation import gettext as _


def worded(what: str) -> str:
    """ "secret-rotated" as "Secret rotated"; an unknown word as it stands."""
    known = {
        "app-created": _("Application created"),
        "app-deleted": _("Application deleted"),
        "secret-rotated": _("Secret rotated"),
        "previous-secret-ended": _("Previous secret ended"),
        "redirect-added": _("Redirect URL added"),
        "redirect-removed": _("Redirect URL removed"),
        "redirect-default": _("Default redirect URL changed"),
        "mode-live": _("Switched to live mode"),
        "mode-test": _("Switched to test mode"),
        "name-changed": _("Name changed"),
        "test-user-created": _("Test user created"),
        "user-created": _("User created"),
        "user-deactivated": _("User deactivated"),
        "user-activated": _("User activated"),
        "code-issued": _("Code for a user made"),
        "token-issued": _("Token for a user made"),
        "link-issued": _("Connect link for a user made"),
        "disconnected": _("Connection ended"),
        "data-deleted": _("Connection ended, its data deleted"),
    }
    return known.get(what, what.replace("-", " ").capitalize())
