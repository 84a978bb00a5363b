"""Django's settings: the one place where the environment becomes values. Every variable is
described in docs/settings.md.

In the demo what is missing is made and kept in VAR_DIR, so that `manage.py` finds everything from
VAR_DIR alone. Production makes up nothing: it refuses to start without its own keys, address and
database.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_email_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import database, env, logs, secret_files

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where and as what this runs ------------------------------------------------------------------
ENVIRONMENT = env.choice("ENVIRONMENT", "demo", "production")
PRODUCTION = ENVIRONMENT == "production"
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1)
VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")
SECRETS_DIR = VAR_DIR / "secrets"

SANDBOX = env.flag("SANDBOX", default=not PRODUCTION)
SANDBOX_PORT = env.integer("SANDBOX_PORT", PORT + 1000, minimum=1)
LOCAL = HOST if HOST not in ("0.0.0.0", "::", "") else "127.0.0.1"
SANDBOX_URL = f"http://{LOCAL}:{SANDBOX_PORT}"

if PRODUCTION:
    own = ("SECRET_KEY", "TOKEN_ENCRYPTION_KEYS", "DATABASE_URL", "ONEUP_PUBLIC_BASE_URL")
    missing = [name for name in own if not env.text(name)]
    if missing:
        raise ImproperlyConfigured(f"production needs its own {', '.join(missing)}")

DEBUG = False
PUBLIC_BASE_URL = env.base_url("ONEUP_PUBLIC_BASE_URL", f"http://{LOCAL}:{PORT}")
HOSTS = {
    name: env.base_url(f"ONEUP_HOST_{name.upper()}", PUBLIC_BASE_URL)
    for name in ("api", "auth", "search", "quick", "bulk")
}
ALLOWED_HOSTS = sorted(
    {urlsplit(url).hostname or "" for url in (PUBLIC_BASE_URL, *HOSTS.values())}
    | {LOCAL, "127.0.0.1", "localhost"}
)


# --- Secrets --------------------------------------------------------------------------------------
def _own_or_kept(variable: str, file: str, make: Any) -> str:
    """The variable's value; in the demo, where it is unset, one of its own that stays in
    VAR_DIR/secrets."""
    return env.text(variable) or secret_files.kept(SECRETS_DIR, file, make)


SECRET_KEY = _own_or_kept("SECRET_KEY", "secret_key", secret_files.random_text)
TOKEN_ENCRYPTION_KEYS = (
    env.words("TOKEN_ENCRYPTION_KEYS")
    or secret_files.kept(SECRETS_DIR, "token_encryption_keys", secret_files.fernet_key).split()
)
# One key for as long as the index lives. Derived, where unset, from the secret key: set it before
# that one is ever changed.
INDEX_KEY = blake2b(
    env.text("INDEX_KEY", SECRET_KEY).encode(), digest_size=32, person=b"careweave-index"
).digest()
SANDBOX_SECRET = (
    _own_or_kept("SANDBOX_SECRET", "sandbox_secret", secret_files.random_text) if SANDBOX else ""
)

# --- The contract's settings (wire contract 18) ---------------------------------------------------
TOKEN_STYLE = env.choice("ONEUP_TOKEN_STYLE", "modern", "legacy")
OAUTH_ERROR_STYLE = env.choice("ONEUP_OAUTH_ERROR_STYLE", "legacy", "modern")
SEARCH_STYLE = env.choice("ONEUP_SEARCH_STYLE", "array", "legacy")
FULLURL_STYLE = env.choice("ONEUP_FULLURL_STYLE", "request", "short")
WRITE_ID_STYLE = env.choice("ONEUP_WRITE_ID_STYLE", "keep", "hashed")
USER_EXISTS_STATUS = int(env.choice("ONEUP_USER_EXISTS_STATUS", "200", "400"))
CREATE_STATUS = env.choice("ONEUP_CREATE_STATUS", "by-version", "200", "201")
USER_RATE_PER_HOUR = env.integer("ONEUP_USER_RATE_PER_HOUR", 0)
CORS_USER_MANAGEMENT = env.flag("ONEUP_CORS_USER_MANAGEMENT", default=False)
CONNECT_URL_TOKEN = env.choice("ONEUP_CONNECT_URL_TOKEN", "accept", "refuse")
FRAME_ANCESTORS = env.text("ONEUP_FRAME_ANCESTORS", "*")
QUICK_CONNECT = env.choice("ONEUP_QUICK_CONNECT", "page", "redirect")
REFRESH_DAYS = env.integer("ONEUP_REFRESH_DAYS", 14, minimum=1)
REFRESH_GRACE = env.integer("ONEUP_REFRESH_GRACE", 60)
R4_SKIP_MAX = env.integer("ONEUP_R4_SKIP_MAX", 9990)
VALIDATE_WRITES = env.flag("ONEUP_VALIDATE_WRITES", default=True)
SYNC_SECONDS = env.integer("ONEUP_SYNC_SECONDS", 120, minimum=1)
SUBSCRIPTION_SECONDS = env.integer("ONEUP_SUBSCRIPTION_SECONDS", 900, minimum=1)

# --- Between the apps -----------------------------------------------------------------------------
ALLOWED_OUTBOUND_HOSTS = env.words("ALLOWED_OUTBOUND_HOSTS")
env.let_oauthlib_speak_http()
FIRST_SYNC_TASK = "sync.tasks.first_sync"
CONNECTION_DATA = "sync.disconnect"
MEMBER_EVENTS = "sync.member_events"
SCOPE_IS_READABLE = "fhirstore.readable_scopes.readable"
SYNC_LEASE_SECONDS = env.integer("SYNC_LEASE_SECONDS", 45, minimum=3)

# --- Django ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "allauth",
    "allauth.account",
    "django_htmx",
    "oauth2_provider",
    "config",  # before django_q: its command qcluster replaces the one of that name
    "django_q",
    "accounts",
    "connectors",
    "fhirstore",
    "sync",
    "console",
]
MIDDLEWARE = [
    "config.middleware.EveryAnswer",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.PagePolicy",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.PageCompression",
    "config.middleware.PageSessions",
    "config.middleware.PageForms",
    "config.middleware.PageAuthentication",
    "config.middleware.PageMessages",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
DATA_MIDDLEWARE = ["config.data_answers.DataAnswers"]  # of the FHIR API (config/wsgi.py)
ROOT_URLCONF = "config.urls"
DATA_URLCONF = "fhirstore.api.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.navigation.navigation",
            ]
        },
    }
]
DATABASES = database.databases(
    url=env.text("DATABASE_URL"),
    var_dir=VAR_DIR,
    statement_seconds=env.integer("STATEMENT_SECONDS", 0, minimum=0),
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
CACHES = {
    # The cluster reports here that it lives, and the web server reads it: a table, so that both may
    # be on different machines.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "careweave_cache",
    }
}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = True

vars().update(dj_email_url.parse(env.text("EMAIL_URL", "console:")))

# --- People and tokens ----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "console.passwords.LongEnough",
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",  # the admin's login
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console"
ACCOUNT_ADAPTER = "console.sign_up.SignUp"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "console.forms.accounts.LogIn",
    "signup": "console.forms.accounts.CreateAccount",
    "reset_password": "console.forms.accounts.AskForReset",
    "reset_password_from_key": "console.forms.accounts.NewPassword",
    "change_password": "console.forms.accounts.ChangePassword",
    "reauthenticate": "console.forms.accounts.Reauthenticate",
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Application"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "accounts.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "accounts.RefreshToken"
OAUTH2_PROVIDER_GRANT_MODEL = "accounts.Grant"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "accounts.IDToken"

# --- Browsers -------------------------------------------------------------------------------------
HTTPS = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION and HTTPS else 0
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
_OPEN = r"fhir/(?!oauth2/)|(dstu2|stu3|r4)(/|$)|connect/api/|search(/|$)|api/|bulk-data/"
_SECRET = r"|user-management/|fhir/oauth2/|oauth2/(token|revoke|introspect)"
CORS_URLS_REGEX = rf"^/({_OPEN}{_SECRET if CORS_USER_MANAGEMENT else ''})"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "client_id",
    "client_secret",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-exist",
    "if-none-match",
    "prefer",
    "x-client-id",
    "x-oneup-user-id",
)
CORS_EXPOSE_HEADERS = (
    "Content-Location",
    "ETag",
    "Last-Modified",
    "Location",
    "Retry-After",
    "X-Progress",
)
CORS_PREFLIGHT_MAX_AGE = 86_400

# --- The queue ------------------------------------------------------------------------------------
Q_CLUSTER: dict[str, Any] = {
    "name": "careweave",
    "label": "Queue",
    "workers": env.integer("WORKERS", 2, minimum=1),
    "timeout": 1_080,
    "retry": 1_200,  # above the longest timeout, or a running task is handed out again
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,  # a success tells nothing: runs have rows of their own
    "recycle": 500,
    "guard_cycle": 1,
    "log_level": "WARNING",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- Logs -----------------------------------------------------------------------------------------
LOGGING = logs.CONFIG
LOGGING_CONFIG = "config.logs.configure"
