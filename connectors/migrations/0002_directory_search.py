"""The directory as it is searched: one line of plain words for each system, under a trigram index.

`careweave_words` makes that line of a name and its locations, and the words of a question alike: no
accents, lower case, letters, digits and apostrophes only, a space before each word.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

FUNCTION = r"""
create function careweave_words(name text, locations jsonb) returns text
language sql immutable parallel safe as $body$
  select ' ' || trim(regexp_replace(lower(regexp_replace(
    normalize(replace(concat_ws(' ', name, (
      select string_agg(part #>> '{}', ' ')
      from (
        select jsonb_path_query(locations, '$[*].name')
        union all select jsonb_path_query(locations, '$[*].address.line[*]')
        union all select jsonb_path_query(locations, '$[*].address.city')
        union all select jsonb_path_query(locations, '$[*].address.state')
        union all select jsonb_path_query(locations, '$[*].address.postalCode')
      ) as parts(part)
    )), '’', ''''), nfkd),
    '[\u0300-\u036f]', '', 'g')), '[^[:alnum:]'']+', ' ', 'g'))
$body$
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connectors", "0001_initial")]
    operations: ClassVar = [
        TrigramExtension(),
        migrations.RunSQL(FUNCTION, "drop function careweave_words(text, jsonb)"),
        migrations.RunSQL(
            "create index connectors_system_words on connectors_system"
            " using gin (careweave_words(name, locations) gin_trgm_ops)",
            "drop index connectors_system_words",
        ),
        migrations.RunSQL(
            "create index connectors_system_by_name on connectors_system (kind, lower(name), id)",
            "drop index connectors_system_by_name",
        ),
    ]
