"""The demo's developer and application. Their keys are kept in VAR_DIR/secrets, so that a second
start prints the same."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from allauth.account.models import EmailAddress

from accounts.applications import create_client
from accounts.models import Application, User
from config import secret_files

EMAIL = "demo@careweave.test"
REDIRECT_URI = "http://localhost:3000/callback"
FILE = "demo_app.json"


@dataclass(frozen=True)
class DemoApp:
    """What the run command prints."""

    email: str
    password: str
    client_id: str
    client_secret: str
    redirect_uri: str


def demo_app(*, folder: Path, now: datetime) -> DemoApp:
    """The demo's application with its keys, made where this database does not know it. `folder` is
    VAR_DIR/secrets."""
    file = folder / FILE
    if file.exists():
        known = DemoApp(**json.loads(file.read_text()))
        if Application.objects.filter(client_id=known.client_id).exists():
            return known
    new = create_client(email=EMAIL, name="Demo app", redirect_uris=[REDIRECT_URI], now=now)
    password = secrets.token_urlsafe(9)
    developer = User.objects.get(pk=new.developer.pk)
    developer.set_password(password)
    developer.is_staff = developer.is_superuser = True
    developer.email_confirmed_at = now
    developer.save()
    EmailAddress.objects.create(user=developer, email=EMAIL, verified=True, primary=True)
    made = DemoApp(EMAIL, password, new.client_id, new.client_secret, REDIRECT_URI)
    secret_files.write(file, json.dumps(asdict(made)))
    return made
