"""The project's settings, in a folder that goes with the test run, with hashing and static files
made cheap."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

VAR = tempfile.mkdtemp(prefix="careweave-tests-")
atexit.register(shutil.rmtree, VAR, ignore_errors=True)
os.chmod(VAR, 0o711)  # ours; root's PostgreSQL runs under another account, which must get in
os.environ["VAR_DIR"] = VAR
os.mkdir(os.path.join(VAR, "static"))
for name in [name for name in os.environ if name.startswith("ONEUP_")] + ["ENVIRONMENT", "SANDBOX"]:
    os.environ.pop(name, None)

from config.settings import *  # noqa: E402, F403 - reads the environment set above
from config.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
