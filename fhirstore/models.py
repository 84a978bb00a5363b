"""What is not health data: exports that were asked for. The store's own tables are plain SQL
(fhirstore/schema.py)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Export(models.Model):
    """A bulk export that can be downloaded for a day (wire contract 15.1). Only the digest of its
    token is stored; the files are read from the store when they are downloaded.

    `app_user` is null for all users of the application. `files` are [type, after, upto]: the
    resources of one type in the order of owner and id, behind the position `after` up to and with
    `upto`, each [owner, id] or null for the end. A type whose files are not planned yet stands
    as [type]. In place of a type "deleted:Patient,Observation" stands for the file of what was
    deleted of these. `patients`: ids of those to whose compartments it keeps, null for all.
    """

    digest = models.CharField(max_length=64, unique=True)
    application = models.BigIntegerField()
    app_user = models.BigIntegerField(null=True)
    version = models.CharField(max_length=8)
    since = models.DateTimeField(null=True)
    request = models.TextField()
    made = models.DateTimeField()
    expires = models.DateTimeField()
    files = models.JSONField(default=list)
    patients = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires"], name="export_by_expiry")]

    def __str__(self) -> str:
        return f"export {self.pk}"
