"""What was asked of whom, and how it went."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from connectors.models import Connection


class SyncRun(models.Model):
    """One run over one connection, from claim to release."""

    RUNNING, OK, PARTIAL, FAILED, LOST = "running", "ok", "partial", "failed", "lost"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="runs")
    lease_id = models.UUIDField()
    trigger = models.CharField(max_length=16)  # first, tick, refresh, command
    started = models.DateTimeField()
    finished = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, default=RUNNING)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    # Stored as they came although their structure is wrong, and what is wrong with them.
    irregular = models.PositiveIntegerField(default=0)
    irregularities = models.JSONField(default=list, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_message = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["connection", "-started"], name="run_by_connection"),
            models.Index(
                fields=["started"],
                name="run_with_news",
                condition=models.Q(created__gt=0) | models.Q(updated__gt=0),
                include=["connection", "created", "updated"],
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of connection {self.connection_id}"


class Checkpoint(models.Model):
    """How far a connection's resource type or metric was answered completely."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="checkpoints")
    key = models.CharField(max_length=100)
    value = models.TextField()
    moved = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "key"], name="checkpoint_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} of connection {self.connection_id}"


class Window(models.Model):
    """A row of the ledger: over a span of runs, one window key was answered the same way. The last
    row is extended in place while the state stays the same; a new row begins only on change (a row
    per poll would be 86 million a day at 20,000 connections).
    """

    ANSWERED, EMPTY, REFUSED, FAILED = "answered", "empty", "refused", "failed"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="windows")
    key = models.CharField(max_length=100)
    state = models.CharField(max_length=8)
    # The earliest instant the windows of this row reach back to; None: all there is.
    asked_from = models.DateTimeField(null=True, blank=True)
    asked_to = models.DateTimeField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    resources = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=32, blank=True)
    error_message = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["connection", "key", "-id"], name="ledger_by_key")
        ]

    def __str__(self) -> str:
        return f"{self.key} of connection {self.connection_id}: {self.state}"


class Tick(models.Model):
    """The clock's own record: one row, updated at every tick; /readyz reads it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    claimed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"tick at {self.at.isoformat()}"


class Transfer(models.Model):
    """A transfer of a connection's data that was announced and has not ended: a first pull, a
    reconnect or a refresh on demand (wire contract 15.3). The row goes with its end, so that each
    has exactly one.

    `event` is the id of the AuditEvent that announced it.
    """

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="transfer"
    )
    opened = models.DateTimeField()
    event = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"transfer of connection {self.connection_id}"


class SubscriptionState(models.Model):
    """How far a Subscription was told what changed (wire contract 15.2): up to `seq` of its owner's
    changes.

    `lease_until` is the claim under which one process at a time delivers.
    """

    owner = models.BigIntegerField()
    fhir_version = models.CharField(max_length=8)
    fid = models.CharField(max_length=64)
    seq = models.BigIntegerField()
    due = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "fhir_version", "fid"], name="subscription_state_once"
            )
        ]

    def __str__(self) -> str:
        return f"subscription {self.fid} of user {self.owner}"
