"""At most so many user-management calls per hour and client (wire contract 6.6), counted once for
all processes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import connection

from accounts.models import Application
from accounts.refusals import Refused, failure

HOUR = timedelta(hours=1)

_COUNT_SQL = """
insert into accounts_callcount as c (application_id, started, calls) values (%(app)s, %(now)s, 1)
on conflict (application_id) do update set
  calls = case when c.started <= %(past)s then 1 else c.calls + 1 end,
  started = case when c.started <= %(past)s then excluded.started else c.started end
returning calls, started
"""


class RateLimitExceeded(Refused):
    """The client used up its hour; `retry_after` seconds remain of it."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            429, failure("rate limit exceeded"), {"Retry-After": str(max(1, retry_after))}
        )


def count_call(*, application: Application, now: datetime) -> None:
    """Count one call. Raises `RateLimitExceeded` over `settings.USER_RATE_PER_HOUR`; 0 counts
    nothing.

    The hour begins with a client's first call, and the next one with the first call after it.
    """
    if not settings.USER_RATE_PER_HOUR:
        return
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_SQL, {"app": application.pk, "now": now, "past": now - HOUR})
        calls, started = cursor.fetchone()
    if calls > settings.USER_RATE_PER_HOUR:
        raise RateLimitExceeded(ceil((started + HOUR - now).total_seconds()))
