"""People, client apps and tokens.

All five django-oauth-toolkit models are swapped here from the first migration on; `user` of grants
and tokens is an AppUser, the end user of one client app, not a developer.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)


class User(AbstractUser):
    """A developer (console) or, with `is_staff`, a member of staff. Signs in by e-mail; `username`
    holds the lower-case e-mail.
    """

    email = models.EmailField("e-mail address")
    email_confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_once")]


class Application(AbstractApplication):
    """A client app of a developer (`user`).

    `client_id` is 32 lower-case hex. DOT's `client_secret` column stays empty: `secret_digest` is
    the SHA-256 of a random secret, which is shown once (wire contract 5). `previous_*` keep a
    rotated secret valid until its time; the `*_ending`s are the last characters, by which a person
    tells secrets apart. An app that is being deleted is nobody's (`user` null) since `closing`.
    """

    TEST, LIVE = "test", "live"

    secret_digest = models.CharField(max_length=64)
    secret_ending = models.CharField(max_length=4, blank=True)
    secret_made = models.DateTimeField(null=True, blank=True)
    previous_secret_digest = models.CharField(max_length=64, blank=True)
    previous_secret_ending = models.CharField(max_length=4, blank=True)
    previous_secret_expires = models.DateTimeField(null=True, blank=True)
    mode = models.CharField(max_length=8, choices=[(TEST, "test"), (LIVE, "live")], default=TEST)
    closing = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta(AbstractApplication.Meta):
        pass


class AppUser(models.Model):
    """One app's end user. `id` is the contract's `oneup_user_id` and the owner of all FHIR data."""

    id = models.BigAutoField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="app_users")
    app_user_id = models.CharField(max_length=255)
    active = models.BooleanField(default=True)
    created = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "app_user_id"],
                name="app_user_once_per_application",
            )
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    def get_username(self) -> str:
        return str(self.pk)

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_anonymous(self) -> bool:
        return False


class Grant(AbstractGrant):
    """An authorization code; `code` holds its SHA-256, never the code."""

    user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")  # type: ignore[assignment]


class AccessToken(AbstractAccessToken):
    """An app's access token; only `token_checksum` (SHA-256) is filled, `token` stays empty."""

    user = models.ForeignKey(  # type: ignore[assignment]
        AppUser, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )


class RefreshToken(AbstractRefreshToken):
    """A refresh token; only `token_checksum` (SHA-256) is filled, `token` stays empty.

    `revoked` is set when it was exchanged or withdrawn. `replay` holds, encrypted and only on the
    directly preceding token of a family, the pair it was exchanged for (wire contract 7.2).
    """

    user = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")  # type: ignore[assignment]
    expires = models.DateTimeField()
    scope = models.TextField(blank=True)
    replay = models.TextField(blank=True)


class IDToken(AbstractIDToken):
    user = models.ForeignKey(  # type: ignore[assignment]
        AppUser, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )


class AuditRecord(models.Model):
    """Who read or changed what, and when; never what it said. Append-only: a trigger refuses
    updates and deletes.

    Plain numbers instead of foreign keys: a record outlives its user, and a data call takes no row
    locks. `app_user` is null for a call over all users of a client. What a developer changed
    (accounts/developer_changes.py) is here too, `via` the console.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    application = models.BigIntegerField()
    app_user = models.BigIntegerField(null=True)
    via = models.CharField(max_length=8)
    interaction = models.CharField(max_length=32)
    resource_type = models.CharField(max_length=64, blank=True)
    resource_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=16)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["app_user", "at"], name="audit_of_user"),
            models.Index(
                fields=["application", "-id"],
                name="audit_of_developers",
                condition=models.Q(via="console"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interaction} {self.resource_type}"


class PatientPermission(models.Model):
    """A user (`owner`) lets another user of the same app (`seer`) see one Patient and what belongs
    to it, in one FHIR version (wire contract 12.9).
    """

    owner = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+")
    version = models.CharField(max_length=8)
    patient = models.CharField(max_length=64)
    seer = models.ForeignKey(AppUser, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seer", "version", "owner", "patient"], name="patient_permission_once"
            )
        ]

    def __str__(self) -> str:
        return f"user {self.seer_id} sees a patient of user {self.owner_id}"


class CallCount(models.Model):
    """How many user-management calls an application made in its present hour (wire contract
    6.6).
    """

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    started = models.DateTimeField()
    calls = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.calls} calls"


class ClockOffset(models.Model):
    """How far the demo's clock runs ahead; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seconds = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_clock_offset")
        ]

    def __str__(self) -> str:
        return f"{self.seconds} s ahead"
