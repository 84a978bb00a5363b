"""The Google Health API of the band: roll-ups, lists, filters, scopes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from connectors.sandbox.wearable.cloud import GOOGLE
from connectors.sandbox.wearable.kinds import KINDS
from connectors.sandbox.world import world
from tests.sandbox.visitor import Visitor

BODY = GOOGLE.bodies["AB12CD"]


def day(value: date) -> dict[str, Any]:
    return {"date": {"year": value.year, "month": value.month, "day": value.day}}


def daily(visitor: Visitor, slug: str, first: date, last: date, **more: Any) -> Any:
    body = {"range": {"start": day(first), "end": day(last)}, "windowSizeDays": 1, **more}
    return visitor.post(f"dataTypes/{slug}/dataPoints:dailyRollUp", body)


def today() -> date:
    return BODY.day_of(world().now())


def steps_today(visitor: Visitor) -> int:
    answer = daily(visitor, "steps", today(), today() + timedelta(days=1)).json()
    return int(answer["rollupDataPoints"][0]["steps"]["countSum"])


def test_the_account_is_named(walker: Visitor) -> None:
    assert walker.get("identity").json()["healthUserId"] == "AB12CD"
    assert walker.get("settings").json()["timeZone"] == "America/New_York"
    kinds = [d["deviceType"] for d in walker.get("pairedDevices").json()["pairedDevices"]]
    assert kinds == ["TRACKER", "SCALE"]


def test_two_minutes_later_there_are_more_steps(walker: Visitor) -> None:
    before, that_day = steps_today(walker), today()
    world().state.advance(120)
    assert steps_today(walker) > before or today() != that_day


@pytest.mark.parametrize("that", [date(2026, 11, 24), date(2025, 3, 9), date(2024, 11, 3)])
def test_at_any_hour_there_are_more_steps_two_minutes_later(that: date) -> None:
    """Also on the days with 23 and 25 hours."""
    start, end = BODY.span(that)
    minutes = range((end - start) // timedelta(minutes=1) - 2)
    counts = [BODY.steps_until(start + timedelta(minutes=m)) for m in minutes]
    assert counts[0] == 0
    assert all(later > earlier for earlier, later in zip(counts, counts[2:], strict=False))
    assert counts[-1] <= BODY.steps_of_day(that) == BODY.steps_between(start, end)


def test_a_year_back_every_day_has_steps(walker: Visitor) -> None:
    last = today() + timedelta(days=1)
    counts: dict[date, int] = {}
    for chunk in range(5):
        end = last - timedelta(days=90 * chunk)
        answer = daily(walker, "steps", end - timedelta(days=90), end).json()
        for point in answer["rollupDataPoints"]:
            counts[date(**point["civilStartTime"]["date"])] = int(point["steps"]["countSum"])
    del counts[today()]
    year = [counts[today() - timedelta(days=back)] for back in range(1, 366)]
    assert min(year) >= 1900
    assert max(year) < 25_000
    assert 6_000 < sum(year) / 365 < 11_000


def test_control_announces_the_same_steps(walker: Visitor) -> None:
    account = walker.client.get("/control", {"system": "4709"}).json()["systems"][0]["accounts"][0]
    for text, count in account["steps"].items():
        that = date.fromisoformat(text)
        if that != today():
            answer = daily(walker, "steps", that, that + timedelta(days=1)).json()
            assert int(answer["rollupDataPoints"][0]["steps"]["countSum"]) == count


@pytest.mark.parametrize("slug, member", [("steps", "count"), ("distance", "millimeters"),
                                          ("floors", "count")])  # fmt: skip
def test_intervals_add_up_to_the_day(walker: Visitor, slug: str, member: str) -> None:
    that = date(2024, 11, 3)  # the clock goes back: 25 hours
    start, end = BODY.span(that)
    query = (
        f'{slug}.interval.civil_start_time >= "2024-11-03"'
        f' AND {slug}.interval.civil_start_time < "2024-11-04"'
    )
    points = walker.get(f"dataTypes/{slug}/dataPoints", filter=query).json()["dataPoints"]
    whole = daily(walker, slug, that, that + timedelta(days=1)).json()["rollupDataPoints"][0]
    assert sum(int(p[slug][member]) for p in points) == int(whole[slug][f"{member}Sum"])
    if slug == "steps":
        assert len(points) == 100
    hours = walker.post(
        f"dataTypes/{slug}/dataPoints:rollUp",
        {
            "range": {"startTime": start.isoformat(), "endTime": end.isoformat()},
            "windowSize": "3600s",
        },
    ).json()["rollupDataPoints"]
    assert len(hours) == 25
    assert sum(int(h[slug][f"{member}Sum"]) for h in hours) == int(whole[slug][f"{member}Sum"])


def test_the_pulse_by_the_hour_is_plausible(walker: Visitor) -> None:
    days = (date(2024, 6, 1) + timedelta(days=number) for number in range(30))
    ran = next(day for day in days if BODY.runs_on(day))
    end = BODY.midnight(ran + timedelta(days=7))
    answer = walker.post(
        "dataTypes/heart-rate/dataPoints:rollUp",
        {
            "range": {"startTime": BODY.midnight(ran).isoformat(), "endTime": end.isoformat()},
            "windowSize": "3600s",
        },
    ).json()
    hours = [point["heartRate"] for point in answer["rollupDataPoints"]]
    assert len(hours) == 7 * 24
    assert all(45 <= h["beatsPerMinuteMin"] <= h["beatsPerMinuteAvg"] for h in hours)
    assert all(h["beatsPerMinuteAvg"] <= h["beatsPerMinuteMax"] <= 175 for h in hours)
    assert max(h["beatsPerMinuteMax"] for h in hours) > 130  # a run


@pytest.mark.parametrize("kind", [k for k in KINDS if k.listed], ids=lambda k: k.slug)
def test_every_listed_type_has_points_newest_first(walker: Visitor, kind: Any) -> None:
    path = f"dataTypes/{kind.slug}/dataPoints"
    points = walker.get(path, pageSize="3").json()["dataPoints"]
    assert points
    assert all(kind.name in point for point in points)
    times = [_time(point[kind.name]) for point in points]
    assert times == sorted(times, reverse=True)


def _time(value: dict[str, Any]) -> Any:
    if "date" in value:
        return date(**value["date"]).isoformat()
    return value.get("interval", {}).get("startTime") or value["sampleTime"]["physicalTime"]


def test_a_night_is_whole(walker: Visitor) -> None:
    nights = walker.get("dataTypes/sleep/dataPoints", pageSize="25").json()["dataPoints"]
    assert len(nights) == 25
    for night in (point["sleep"] for point in nights):
        stages = night["stages"]
        assert stages[0]["startTime"] == night["interval"]["startTime"]
        assert stages[-1]["endTime"] == night["interval"]["endTime"]
        assert all(a["endTime"] == b["startTime"] for a, b in pairwise(stages))
        assert 300 < int(night["summary"]["minutesAsleep"]) < 620


def test_pages_of_a_list_follow_each_other(walker: Visitor) -> None:
    path = "dataTypes/weight/dataPoints"
    query = {"filter": 'weight.sample_time.civil_time < "2025-01-01"'}
    whole = walker.get(path, **query).json()
    assert "nextPageToken" not in whole
    found, token = [], ""
    while True:
        page = walker.get(path, **query, pageSize="20", **({"pageToken": token} if token else {}))
        found += page.json()["dataPoints"]
        token = page.json().get("nextPageToken", "")
        if not token:
            break
    assert found == whole["dataPoints"]
    assert all(70_000 < p["weight"]["weightGrams"] < 90_000 for p in found)


def test_reconcile_has_no_source(walker: Visitor) -> None:
    points = walker.get("dataTypes/weight/dataPoints:reconcile", pageSize="2").json()["dataPoints"]
    assert all("dataSource" not in p and "dataPointName" in p for p in points)


@pytest.mark.parametrize(
    "slug, text",
    [
        ("steps", 'steps.start_time >= "2026-11-01T00:00:00Z"'),
        ("steps", 'steps.interval.start_time > "2026-11-01T00:00:00Z"'),
        ("steps", 'steps.interval.start_time >= "2026-11-01T00:00:00"'),
        ("steps", 'steps.interval.start_time >= "yesterday"'),
        ("sleep", 'sleep.interval.start_time >= "2026-11-01T00:00:00Z"'),
    ],
)
def test_a_wrong_filter_is_named(walker: Visitor, slug: str, text: str) -> None:
    answer = walker.get(f"dataTypes/{slug}/dataPoints", filter=text)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["reason"] == "INVALID_DATA_POINT_FILTER"


@pytest.mark.parametrize(
    "slug, verb, body",
    [
        ("heart-rate", "dailyRollUp", {"range": {"start": day(date(2026, 1, 1)),
                                                 "end": day(date(2026, 2, 1))}}),
        ("steps", "dailyRollUp", {"range": {"start": day(date(2026, 1, 1)),
                                            "end": day(date(2026, 6, 1))}}),
        ("steps", "dailyRollUp", {"range": {"start": day(date(2026, 1, 2)),
                                            "end": day(date(2026, 1, 2))}}),
        ("steps", "dailyRollUp", {}),
        ("steps", "rollUp", {"range": {"startTime": "2026-01-01T00:00:00Z",
                                       "endTime": "2026-01-02T00:00:00Z"}}),
        ("sleep", "dailyRollUp", {"range": {}}),
        ("steps", "dailyRollUp", []),
    ],
)  # fmt: skip
def test_a_wrong_roll_up_is_refused(walker: Visitor, slug: str, verb: str, body: object) -> None:
    answer = walker.post(f"dataTypes/{slug}/dataPoints:{verb}", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400)


def test_an_unticked_group_is_refused() -> None:
    visitor = Visitor(system=4709)
    found = visitor.connect("demo", "demo", untick="share_sleep")
    assert "sleep" not in found["scope"]
    assert visitor.get("dataTypes/sleep/dataPoints").status_code == 403
    assert visitor.get("dataTypes/steps/dataPoints", pageSize="1").status_code == 200


def test_what_does_not_exist_has_googles_envelope(walker: Visitor) -> None:
    for path, status in (("nothing", 404), ("dataTypes/blood-pressure/dataPoints", 400)):
        answer = walker.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_nothing_comes_from_the_future(walker: Visitor) -> None:
    now = world().now()
    tomorrow = (now + timedelta(days=2)).astimezone(UTC).isoformat()
    for kind in KINDS:
        if kind.shape in ("interval", "sample", "session") and kind.listed:
            points = walker.get(f"dataTypes/{kind.slug}/dataPoints", pageSize="1").json()
            latest = points["dataPoints"][0][kind.name]
            end = latest.get("interval", {}).get("endTime") or latest["sampleTime"]["physicalTime"]
            assert datetime.fromisoformat(end) <= now < datetime.fromisoformat(tomorrow)
