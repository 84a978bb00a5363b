"""What is wrong with a redirect URL, in words that help, and the URL that would do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from accounts.models import Application
from accounts.redirects import LOCAL_HOSTS, BadRedirectUri, check_redirect_uri

_SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Why a URL cannot be registered. `repaired` is one that can, empty where none follows."""

    uri: str
    text: str
    repaired: str


def redirect_list(text: str) -> list[str]:
    """The URLs of a field, separated by commas, spaces or lines, each once and in their order."""
    return list(dict.fromkeys(uri for uri in _SEPARATORS.split(text) if uri))


def advice(uri: str, *, mode: str) -> Advice | None:
    """None for a URL that may be registered in this mode."""
    try:
        check_redirect_uri(uri, mode=mode)
    except BadRedirectUri:
        wrong, repaired = _examined(uri, live=mode == Application.LIVE)
        return Advice(uri=uri, text=wrong, repaired=_usable(repaired, mode))
    return None


def _examined(uri: str, *, live: bool) -> tuple[str, str]:
    try:
        parts = urlsplit(uri if "://" in uri else f"https://{uri}")
        host, local = parts.hostname or "", (parts.hostname or "").lower() in LOCAL_HOSTS
        port = parts.port
    except ValueError:
        return _("“%(uri)s” cannot be read as an address.") % {"uri": uri}, ""
    if "*" in host:
        return _("Write every host in full: “*” stands for nothing here."), ""
    short = "." not in host and not local and ":" not in host
    if not host or (short and "://" not in uri):
        return _("“%(uri)s” names no host. Write the whole address.") % {"uri": uri}, ""
    wrong = []
    if "://" not in uri:
        wrong.append(_("start with https://"))
    elif parts.scheme not in ("http", "https"):
        wrong.append(_("use https instead of “%(scheme)s”") % {"scheme": parts.scheme})
    elif live and parts.scheme == "http":
        wrong.append(_("use https"))
    if parts.username is not None:
        wrong.append(_("leave off the user name"))
    if "#" in uri:
        wrong.append(_("leave off “#%(fragment)s”") % {"fragment": parts.fragment})
    if live and local:
        return _("“%(host)s” is allowed in test mode only.") % {"host": host}, ""
    scheme = "http" if parts.scheme == "http" and not live else "https"
    place = f"[{host}]" if ":" in host else host
    netloc = f"{place}:{port}" if port else place
    repaired = urlunsplit(SplitResult(scheme, netloc, parts.path, parts.query, ""))
    if not wrong:
        return _("“%(uri)s” is no address people can return to.") % {"uri": uri}, ""
    text = _(" and ").join([", ".join(wrong[:-1]), wrong[-1]] if wrong[1:] else wrong)
    return f"{text[0].upper()}{text[1:]}.", "" if short else repaired


def _usable(uri: str, mode: str) -> str:
    try:
        return check_redirect_uri(uri, mode=mode) if uri else ""
    except BadRedirectUri:
        return ""
