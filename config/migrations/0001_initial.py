"""The table of the shared cache, as `createcachetable` would make it, but not written ahead: losing
it in a crash loses nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL(
            """
            create unlogged table careweave_cache (
              cache_key varchar(255) primary key,
              value text not null,
              expires timestamptz not null
            );
            create index careweave_cache_expires on careweave_cache (expires);
            """,
            "drop table careweave_cache",
        )
    ]
