"""A Subscription delivers what the token that wrote it may read; those that are there were written
when that was everything. And the number of a version that was removed is not given again."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from fhirstore.schema import GIVEN, SUBSCRIPTION_SCOPES


class Migration(migrations.Migration):
    dependencies: ClassVar = [("fhirstore", "0004_vacuum_after_imports")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=SUBSCRIPTION_SCOPES, reverse_sql="drop table fhir_subscription_scope;"
        ),
        migrations.RunSQL(sql=GIVEN, reverse_sql="alter table fhir_resource drop column given;"),
    ]
