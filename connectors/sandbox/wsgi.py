"""The sandbox as a WSGI application: `gunicorn connectors.sandbox.wsgi:application`, one process
with threads.

`SANDBOX_STATE_DIR` is where used codes, faults and the clock are kept (unset: in memory only),
`SANDBOX_SECRET` signs its tokens (unset: a fresh one, so that tokens end with the process).
"""

from __future__ import annotations

import os
import secrets

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application


def configure(*, state_dir: str, secret: str) -> None:
    """Settings of this process alone; the product's are not read."""
    settings.configure(
        ALLOWED_HOSTS=["*"],
        APPEND_SLASH=False,
        DEBUG=False,
        LOGGING_CONFIG=None,
        MIDDLEWARE=[],
        ROOT_URLCONF="connectors.sandbox.urls",
        SANDBOX_SECRET=secret,
        SANDBOX_STATE_DIR=state_dir,
        SECRET_KEY=secret,
        USE_TZ=True,
    )


def _application() -> WSGIHandler:
    configure(
        state_dir=os.environ.get("SANDBOX_STATE_DIR", ""),
        secret=os.environ.get("SANDBOX_SECRET") or secrets.token_urlsafe(32),
    )
    return get_wsgi_application()


application = _application()
