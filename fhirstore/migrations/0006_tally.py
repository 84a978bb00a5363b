"""How many resources of a type an owner has is kept, not counted for each page."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from fhirstore.tally import CREATE, DROP


class Migration(migrations.Migration):
    dependencies: ClassVar = [("fhirstore", "0005_subscription_scope")]
    operations: ClassVar = [migrations.RunSQL(sql=CREATE, reverse_sql=DROP)]
