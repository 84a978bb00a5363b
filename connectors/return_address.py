"""Where a dance ends: the app's redirect URL with what happened (wire contract 8.4)."""

from __future__ import annotations

from urllib.parse import quote

from connectors.linking import Outcome


def return_address(outcome: Outcome) -> str:
    """The address the browser goes back to. The URL's own query stays; in `iss` the characters `:`
    and `/` stay as they are.
    """
    if outcome.success:
        pairs = {"success": "true", "iss": outcome.iss}
    else:
        pairs = {
            "success": "false",
            "error": outcome.error,
            "error_description": outcome.error_description,
        }
    if outcome.app_state:
        pairs["state"] = outcome.app_state
    ours = "&".join(
        f"{name}={quote(value, safe=':/' if name == 'iss' else '')}"
        for name, value in pairs.items()
    )
    uri = outcome.redirect_uri
    if "?" not in uri:
        return f"{uri}?{ours}"
    return f"{uri}{ours}" if uri.endswith(("?", "&")) else f"{uri}&{ours}"
