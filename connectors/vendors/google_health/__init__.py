"""Google Health API v4, the home of Fitbit's data since November 2026.

https://developers.google.com/health/reference/rest - totals come from roll-ups, never from adding
up `list`, which holds the steps of watch and phone both.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import requests

from connectors.answer import ask, check, trouble
from connectors.connector import Link
from connectors.errors import ConnectorError, Malformed, ScopeMissing
from connectors.local_time import ASSUMED, LocalTime, local_time
from connectors.mapping import measures
from connectors.vendors.google_health.kinds import (
    ACTIVITY,
    MEASUREMENTS,
    PROFILE,
    SETTINGS,
    SLEEP,
    day_total,
    day_value,
    hourly_mean,
    nights,
    single,
)
from connectors.wearable import WearableConnector, parsed

THOUSAND = Decimal(1000)


class GoogleHealth(WearableConnector):
    """Fitbit and Pixel Watch accounts, by way of Google."""

    slug, name = "fitbit", "Fitbit"
    api_base = "https://health.googleapis.com"
    authorize_url = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url = "https://oauth2.googleapis.com/token"
    revoke_url = "https://oauth2.googleapis.com/revoke"
    scope = " ".join((ACTIVITY, MEASUREMENTS, SLEEP, SETTINGS, PROFILE))
    authorize_extra = (
        ("access_type", "offline"),
        ("prompt", "consent"),  # else a second consent brings no refresh token
        ("include_granted_scopes", "true"),
    )
    metrics = (
        day_total(measures.STEPS, "steps", "steps.countSum"),
        hourly_mean(measures.HEART_RATE, "heart-rate", "heartRate.beatsPerMinuteAvg"),
        nights(),
        single(measures.WEIGHT, "weight", "weight.weightGrams", per=THOUSAND),
        day_total(measures.DISTANCE, "distance", "distance.millimetersSum", per=THOUSAND),
        day_total(measures.FLOORS, "floors", "floors.countSum"),
        day_total(measures.ACTIVE_ENERGY, "active-energy-burned", "activeEnergyBurned.kcalSum"),
        day_value(
            measures.RESTING_HEART_RATE,
            "daily-resting-heart-rate",
            "dailyRestingHeartRate.beatsPerMinute",
        ),
        single(measures.BODY_FAT, "body-fat", "bodyFat.percentage"),
    )

    def account(
        self, session: requests.Session, *, api_base: str, tokens: dict[str, Any], now: datetime
    ) -> str:
        """`healthUserId` of users.getIdentity."""
        response = ask(session, "GET", f"{api_base}/v4/users/me/identity")
        check(response, now=now, what="identity")
        return str(parsed(response, what="identity").get("healthUserId") or "")

    def local_time(self, session: requests.Session, link: Link, *, now: datetime) -> LocalTime:
        """`timeZone` of users.getSettings; UTC, marked as assumed, where it may not be read."""
        response = ask(session, "GET", f"{link.api_base}/v4/users/me/settings")
        try:
            check(response, now=now, what="settings")
            return local_time(parsed(response, what="settings").get("timeZone"))
        except (ScopeMissing, Malformed):
            return ASSUMED

    def complaint(self, body: dict[str, Any], *, what: str, now: datetime) -> ConnectorError | None:
        """Google's envelope `{"error": {"code": 403, …}}`."""
        error = body.get("error")
        if error is None:
            return None
        code = error.get("code") if isinstance(error, dict) else None
        status = code if isinstance(code, int) else 0
        return trouble(status, what=what, until=None, now=now) or Malformed(f"{what}: an error")
