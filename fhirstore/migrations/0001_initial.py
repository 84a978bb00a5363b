"""The tables of the store: plain SQL, every primary key and unique constraint led by the owner
(docs in fhirstore/schema.py)."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from fhirstore.schema import CREATE, DROP


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [migrations.RunSQL(sql=CREATE, reverse_sql=DROP)]
