"""The data types of the Google Health API, version 4, as far as the simulated band has them."""

from __future__ import annotations

from dataclasses import dataclass

_SCOPE = "https://www.googleapis.com/auth/googlehealth.{}.readonly"
ACTIVITY = _SCOPE.format("activity_and_fitness")
MEASUREMENTS = _SCOPE.format("health_metrics_and_measurements")
SLEEP = _SCOPE.format("sleep")
PROFILE = _SCOPE.format("profile")
SETTINGS = _SCOPE.format("settings")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A data type: `slug` in paths, `name` in answers.

    `shape` decides which time a filter may name.
    """

    slug: str
    shape: str  # "interval", "sample", "daily", "session"
    scope: str
    rolls: bool = False
    listed: bool = True
    days: int = 90  # the longest range of a roll-up
    most: int = 10_000  # the largest page

    @property
    def snake(self) -> str:
        return self.slug.replace("-", "_")

    @property
    def name(self) -> str:
        first, *rest = self.slug.split("-")
        return first + "".join(word.capitalize() for word in rest)


KINDS = (
    Kind(slug="steps", shape="interval", scope=ACTIVITY, rolls=True),
    Kind(slug="distance", shape="interval", scope=ACTIVITY, rolls=True),
    Kind(slug="floors", shape="interval", scope=ACTIVITY, rolls=True),
    Kind(slug="active-energy-burned", shape="interval", scope=ACTIVITY, rolls=True),
    Kind(
        slug="total-calories", shape="interval", scope=ACTIVITY, rolls=True, listed=False, days=14
    ),
    Kind(slug="exercise", shape="session", scope=ACTIVITY, most=25),
    Kind(slug="heart-rate", shape="sample", scope=MEASUREMENTS, rolls=True, days=14),
    Kind(slug="daily-resting-heart-rate", shape="daily", scope=MEASUREMENTS),
    Kind(slug="daily-heart-rate-variability", shape="daily", scope=MEASUREMENTS),
    Kind(slug="daily-oxygen-saturation", shape="daily", scope=MEASUREMENTS),
    Kind(slug="daily-respiratory-rate", shape="daily", scope=MEASUREMENTS),
    Kind(slug="weight", shape="sample", scope=MEASUREMENTS, rolls=True),
    Kind(slug="body-fat", shape="sample", scope=MEASUREMENTS),
    Kind(slug="height", shape="sample", scope=MEASUREMENTS),
    Kind(slug="sleep", shape="session", scope=SLEEP, most=25),
)


def kind(slug: str) -> Kind | None:
    """The data type of a path."""
    return next((entry for entry in KINDS if entry.slug == slug), None)
