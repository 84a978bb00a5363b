"""Outside systems, the links to them, and dances in progress."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.encryption import EncryptedTextField
from accounts.models import Application, AppUser

CLINICAL, DEVICE = "clinical", "device"


class System(models.Model):
    """A catalogue row: a hospital, payer or wearable. `id` is public, allocated once and never
    reused (wire contract 8.1, 16).
    """

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=8, choices=[(CLINICAL, "clinical"), (DEVICE, "device")])
    name = models.CharField(max_length=255, blank=True)
    # The canonical FHIR base: used for ids, identifiers and `iss`; never has a trailing slash.
    resource_url = models.CharField(max_length=500)
    # The URL really called; empty: resource_url.
    api_base = models.CharField(max_length=500, blank=True)
    fhir_version = models.CharField(max_length=8, blank=True)  # dstu2, stu3, r4; empty for a device
    system_type = models.CharField(max_length=32, default="HealthSystem")
    status = models.CharField(max_length=32, default="connection_working")
    ehr = models.CharField(max_length=64, blank=True)
    logo = models.CharField(max_length=255, blank=True)
    locations = models.JSONField(default=list, blank=True)
    # A platform's quirk sheet ("generic", "epic") for a clinical system, a vendor's connector
    # ("fitbit") for a device.
    slug = models.CharField(max_length=32, default="generic")
    enabled = models.BooleanField(default=True)
    simulator = models.BooleanField(default=False)
    client_id = models.CharField(max_length=255, blank=True)
    client_secret = EncryptedTextField(blank=True)
    auth_method = models.CharField(
        max_length=32, blank=True
    )  # client_secret_basic, client_secret_post, none, private_key_jwt
    authorize_url = models.CharField(
        max_length=500, blank=True
    )  # empty: discovered, or the vendor's own
    token_url = models.CharField(max_length=500, blank=True)
    revoke_url = models.CharField(max_length=500, blank=True)
    scope = models.TextField(blank=True)  # empty: the platform's or vendor's own
    allow_host = models.CharField(
        max_length=255, blank=True
    )  # host:port an operator named: allowed although private or http
    min_interval_seconds = models.PositiveIntegerField(
        default=0
    )  # a source that does not allow the contract's pace

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"

    @property
    def configured(self) -> bool:
        """Whether the operator has given client credentials, so that a link can start."""
        return bool(self.client_id)


class SystemNumber(models.Model):
    """One row for every system id given out, kept for ever: the id is the row's number plus
    `FIRST` less one, so that none is used twice, even after a system was deleted.
    """

    FIRST = 1_000_000

    id = models.BigAutoField(primary_key=True)

    def __str__(self) -> str:
        return str(self.pk)


class LinkAttempt(models.Model):
    """An OAuth dance in progress: single use, ten minutes, bound to user, app and browser."""

    state_digest = models.CharField(max_length=64, unique=True)
    browser_digest = models.CharField(max_length=64)
    app_user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="+")
    code_verifier = EncryptedTextField()
    redirect_uri = models.TextField(blank=True)  # the app's, as registered; empty: it has none
    app_state = models.TextField(blank=True)  # the app's own state, echoed
    origin = models.CharField(
        max_length=300
    )  # scheme and host the browser began at: its cookie is there
    created = models.DateTimeField()
    expires = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class ConnectSession(models.Model):
    """A single-use link to a connect page (wire contract 9); only the digest of its secret is
    stored.
    """

    digest = models.CharField(max_length=64, unique=True)
    app_user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    system = models.ForeignKey(
        System, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    redirect_uri = models.TextField(blank=True)
    app_state = models.TextField(blank=True)
    expires = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"session link {self.pk}"


class ConnectVisit(models.Model):
    """A person on our connect pages. `browser_digest` is of the HttpOnly cookie that proves it;
    `public_id` may stand in an address: alone it opens nothing.
    """

    public_id = models.CharField(max_length=32, unique=True)
    browser_digest = models.CharField(max_length=64, db_index=True)
    app_user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    redirect_uri = models.TextField(blank=True)
    app_state = models.TextField(blank=True)
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"visit {self.pk}"


class Connection(models.Model):
    """One user's link to one account at one system, with its tokens and its place in the queue.

    The database is the queue: a connection is due when `status` is live, `next_sync_at` has come
    and no lease runs. Claims are conditional updates (sync/due.py). `refresh_lease_until` is the
    claim under which one process at a time refreshes the tokens.
    """

    PENDING, CONNECTED, FAILING = "pending", "connected", "failing"
    NEEDS_REAUTHORIZATION, DISCONNECTED = "needs_reauthorization", "disconnected"
    LIVE = (PENDING, CONNECTED, FAILING)
    STATUSES = (*LIVE, NEEDS_REAUTHORIZATION, DISCONNECTED)

    id = models.BigAutoField(primary_key=True)
    public_id = models.CharField(max_length=32, unique=True)  # "c_" + hex
    app_user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="connections")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="connections")
    base = models.CharField(max_length=500)  # see connector.Link.base
    iss = models.CharField(max_length=500)  # what the app is told on return
    account = models.CharField(max_length=255)
    status = models.CharField(max_length=24, choices=[(s, s) for s in STATUSES], default=PENDING)
    parked = models.BooleanField(default=False)  # by staff, or while the app user is inactive
    scope = models.TextField(blank=True)
    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    token_generation = models.PositiveIntegerField(default=0)
    refresh_lease_until = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField()
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    next_sync_at = models.DateTimeField()
    held_until = models.DateTimeField(
        null=True, blank=True
    )  # hold-back after errors or a vendor's Retry-After
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_id = models.UUIDField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error_code = models.CharField(max_length=32, blank=True)
    last_error_message = models.CharField(max_length=255, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["app_user", "system", "base", "account"], name="connection_once_per_account"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_sync_at"],
                name="connection_due",
                condition=models.Q(status__in=("pending", "connected", "failing"), parked=False),
            )
        ]

    def __str__(self) -> str:
        return self.public_id
