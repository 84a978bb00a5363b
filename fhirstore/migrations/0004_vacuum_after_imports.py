"""Imports are followed by a vacuum sooner, so that totals are counted from the index alone."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from fhirstore.schema import VACUUM


class Migration(migrations.Migration):
    dependencies: ClassVar = [("fhirstore", "0003_index_generation")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=VACUUM,
            reverse_sql="alter table fhir_resource reset (autovacuum_vacuum_insert_scale_factor);",
        )
    ]
