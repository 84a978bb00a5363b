"""Links, visits and attempts that ran out: kept for a day, so that a second use can be told from an
unknown one, then forgotten by the daily job."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.models import ConnectSession, ConnectVisit, LinkAttempt

KEPT = timedelta(days=1)


def clear_expired(*, now: datetime) -> int:
    """Delete what ran out more than a day ago. Returns the rows deleted."""
    models = (LinkAttempt, ConnectVisit, ConnectSession)
    return sum(model.objects.filter(expires__lt=now - KEPT).delete()[0] for model in models)
