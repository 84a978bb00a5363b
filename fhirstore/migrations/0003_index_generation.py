"""Which generation of the search index an owner's rows are of, and bodies as jsonb without fear."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from fhirstore.schema import GENERATION, JSON


class Migration(migrations.Migration):
    dependencies: ClassVar = [("fhirstore", "0002_export")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=GENERATION,
            reverse_sql="alter table fhir_owner drop column indexed;",
        ),
        migrations.RunSQL(sql=JSON, reverse_sql="drop function fhir_json(text);"),
    ]
