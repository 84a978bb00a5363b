from __future__ import annotations

import json

import pytest
from django.db import connection, transaction

from config import database
from fhirstore.api.answered import answered
from fhirstore.api.call import Answer


@pytest.mark.django_db
def test_the_database_is_an_embedded_postgresql_18() -> None:
    with connection.cursor() as cursor:
        cursor.execute("show server_version_num")
        assert cursor.fetchone()[0].startswith("18")


def test_a_limit_on_statements_joins_other_options() -> None:
    given = database.from_url("postgres://careweave@db/careweave?options=-c%20jit%3Doff")
    limited = database.for_requests(given, seconds=60)
    said = "-c jit=off -c statement_timeout=60s -c plan_cache_mode=force_generic_plan"
    said += " -c max_parallel_workers_per_gather=0"
    assert limited["OPTIONS"]["options"] == said
    assert database.for_requests(given, seconds=0) is given


@pytest.mark.django_db
def test_a_fhir_call_that_takes_too_long_says_so() -> None:
    def act() -> Answer:
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = 20")
            cursor.execute("select pg_sleep(5)")
        raise AssertionError("nothing cancelled it")

    with transaction.atomic():
        answer = answered(act)
        transaction.set_rollback(True)
    issue = json.loads(answer.body)["issue"][0]
    assert (answer.status, issue["code"]) == (503, "timeout")
