"""The Google Health connector against recorded shapes of its API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from connectors import dance
from connectors.models import Connection, System
from tests.connectors.runs import run
from tests.connectors.suite import CALLBACK, REFRESHED, ConnectorSuite
from tests.connectors.vendor_server import Asked, Says, VendorServer

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 30, 10, 0, tzinfo=UTC)  # the day after a day of 23 hours
TYPES = "/v4/users/me/dataTypes"
KINDS = (
    "steps",
    "heart-rate",
    "sleep",
    "weight",
    "distance",
    "floors",
    "active-energy-burned",
    "daily-resting-heart-rate",
    "body-fat",
)


def civil(day: date) -> dict[str, Any]:
    return {"date": {"year": day.year, "month": day.month, "day": day.day}}


def rolled(day: date, count: object) -> dict[str, Any]:
    return {
        "civilStartTime": civil(day),
        "civilEndTime": civil(day + timedelta(days=1)),
        "steps": {"countSum": count},
    }


def steps(counts: dict[date, object]) -> Callable[[Asked], Says]:
    """`dailyRollUp` of steps, newest first, nothing outside the range asked."""

    def answer(asked: Asked) -> Says:
        first, last = (asked.json["range"][edge]["date"] for edge in ("start", "end"))
        found = [
            rolled(day, count)
            for day, count in sorted(counts.items(), reverse=True)
            if date(**first) <= day < date(**last)
        ]
        return Says(body={"rollupDataPoints": found} if found else {})

    return answer


class TestGoogleHealth(ConnectorSuite):
    window = "steps"
    data_path = f"{TYPES}/steps/dataPoints:dailyRollUp"
    expected = {  # noqa: RUF012 - never changed
        "Device/account",
        "Observation/steps/2026-03-28",
        "Observation/steps/2026-03-29",
    }

    @pytest.fixture
    def now(self, db: None) -> datetime:
        return NOON

    def make_system(self, server: VendorServer) -> System:
        return System.objects.create(
            id=4709,
            kind="device",
            name="Fitbit",
            slug="fitbit",
            resource_url="https://api.fitbit.com",
            api_base=server.url,
            token_url=f"{server.url}/token",
            client_id="careweave",
            client_secret="secret",
            allow_host=server.url.removeprefix("http://"),
        )

    def happy(self, server: VendorServer) -> None:
        server.says("/v4/users/me/settings", Says(body={"timeZone": "Europe/Berlin"}))
        server.says("/v4/users/me/identity", Says(body={"healthUserId": "acc-1"}))
        for kind in KINDS:
            for verb in ("", ":rollUp", ":dailyRollUp"):
                server.says(f"{TYPES}/{kind}/dataPoints{verb}", Says(body={}))
        counts: dict[date, object] = {date(2026, 3, 28): "9321", date(2026, 3, 29): "0"}
        server.routes[self.data_path] = steps(counts)

    def two_pages(self, server: VendorServer) -> None:
        whole = server.routes[self.data_path]

        def answer(asked: Asked) -> Says:
            rows = whole(asked).body.get("rollupDataPoints", [])
            if "pageToken" in asked.json:
                return Says(body={"rollupDataPoints": rows[1:]})
            return Says(body={"rollupDataPoints": rows, "nextPageToken": "tok"})

        server.routes[self.data_path] = answer

    def page_loop(self, server: VendorServer) -> None:
        server.says(self.data_path, Says(body={"nextPageToken": "tok"}))

    def error_inside_a_200(self) -> Says:
        return Says(body={"error": {"code": 503, "status": "UNAVAILABLE", "message": "busy"}})

    # --- readings -----------------------------------------------------------------------------

    def observations(
        self, server: VendorServer, connection: Connection, now: datetime, path: str, body: Any
    ) -> dict[str, dict[str, Any]]:
        server.says(self.data_path, Says(body={}))
        server.says(f"{TYPES}/{path}", Says(body=body))
        return {o["id"]: o for o in run(connection, now=now).of("Observation")}

    def test_a_finished_day_is_a_total_of_24_hours(
        self, connection: Connection, now: datetime
    ) -> None:
        found = run(connection, now=now).by_id()["Observation/steps/2026-03-28"]
        assert found == {
            "resourceType": "Observation",
            "id": "steps/2026-03-28",
            "meta": {
                "tag": [
                    {"system": "urn:careweave:vendor", "code": "fitbit"},
                    {"system": "urn:careweave:granularity", "code": "daily-total"},
                    {"system": "urn:careweave:entry", "code": "device"},
                    {"system": "urn:careweave:tz", "code": "exact"},
                ]
            },
            "text": {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml">Steps: 9321 on 2026-03-28</div>',
            },
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "activity",
                        }
                    ]
                }
            ],
            "code": {
                "coding": [
                    {"system": "http://loinc.org", "code": "66334-4"},
                    {"system": "http://loinc.org", "code": "41950-7"},
                ],
                "text": "Steps",
            },
            "effectivePeriod": {
                "start": "2026-03-28T00:00:00+01:00",
                "end": "2026-03-29T00:00:00+01:00",
            },
            "valueQuantity": {
                "value": 9321,
                "unit": "steps",
                "system": "http://unitsofmeasure.org",
                "code": "{steps}",
            },
            "device": {"reference": "Device/account"},
        }

    def test_a_day_of_23_hours_ends_at_its_own_midnight(
        self, connection: Connection, now: datetime
    ) -> None:
        found = run(connection, now=now).by_id()["Observation/steps/2026-03-29"]
        assert found["effectivePeriod"] == {
            "start": "2026-03-29T00:00:00+01:00",
            "end": "2026-03-30T00:00:00+02:00",
        }
        assert found["valueQuantity"]["value"] == 0, "no steps are steps, too"

    def test_the_running_day_is_an_interval_until_it_is_over(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.routes[self.data_path] = steps({date(2026, 3, 30): "17"})
        first = run(connection, now=now)
        running = first.by_id()["Observation/steps/2026-03-30"]
        assert running["status"] == "preliminary"
        assert [c["code"] for c in running["code"]["coding"]] == ["66334-4", "55423-8"]
        later = datetime(2026, 3, 30, 22, 1, tzinfo=UTC)
        second = run(connection, now=later, checkpoints=first.checkpoints)
        over = second.by_id()["Observation/steps/2026-03-30"]
        assert (over["id"], over["status"]) == (running["id"], "final")
        assert [c["code"] for c in over["code"]["coding"]] == ["66334-4", "41950-7"]

    def test_hours_of_heart_rate_are_means(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        rows = [
            {
                "startTime": f"2026-03-30T{hour:02}:00:00Z",
                "endTime": f"2026-03-30T{hour + 1:02}:00:00Z",
                "heartRate": {"beatsPerMinuteAvg": value},
            }
            for hour, value in ((8, 71.5), (9, 0), (10, "80"))
        ]
        path = "heart-rate/dataPoints:rollUp"
        found = self.observations(server, connection, now, path, {"rollupDataPoints": rows})
        ids = [f"heart-rate/2026-03-30T{h:02}:00:00Z/2026-03-30T{h + 1:02}:00:00Z" for h in (8, 10)]
        assert set(found) == set(ids), "a heart rate of 0 was not measured"
        assert found[ids[0]]["valueQuantity"]["value"] == 71.5
        assert found[ids[0]]["effectivePeriod"] == {
            "start": "2026-03-30T10:00:00+02:00",
            "end": "2026-03-30T11:00:00+02:00",
        }
        assert [found[i]["status"] for i in ids] == ["final", "preliminary"]
        asked = server.asked_for(f"{TYPES}/{path}")[0].json
        assert asked["windowSize"] == "3600s"
        assert asked["range"]["endTime"] == "2026-03-30T11:00:00Z"

    def test_a_weighing_is_a_point_in_time(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        row = {
            "name": "users/1/dataTypes/weight/dataPoints/w-9",
            "dataSource": {"recordingMethod": "MANUAL"},
            "weight": {
                "sampleTime": {"physicalTime": "2026-03-30T05:00:00Z", "utcOffset": "7200s"},
                "weightGrams": "72350",
            },
        }
        path = "weight/dataPoints"
        found = self.observations(server, connection, now, path, {"dataPoints": [row]})
        weight = found["weight/w-9"]
        assert weight["effectiveDateTime"] == "2026-03-30T07:00:00+02:00"
        assert weight["valueQuantity"]["value"] == 72.35
        assert {"system": "urn:careweave:entry", "code": "manual"} in weight["meta"]["tag"]
        asked = server.asked_for(f"{TYPES}/{path}")[0].query["filter"]
        assert asked.startswith('weight.sample_time.physical_time >= "2026-03-')

    def test_a_night_has_its_stages(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        night = {
            "sleep": {
                "interval": {
                    "startTime": "2026-03-29T21:10:00Z",
                    "startUtcOffset": "7200s",
                    "endTime": "2026-03-30T04:40:00Z",
                    "endUtcOffset": "7200s",
                },
                "type": "STAGES",
                "summary": {
                    "minutesAsleep": "410",
                    "minutesToFallAsleep": "6",
                    "stagesSummary": [
                        {"type": "DEEP", "minutes": "80", "count": "4"},
                        {"type": "AWAKE", "minutes": "40", "count": "3"},
                    ],
                },
                "metadata": {"processed": False, "externalId": "9911"},
            }
        }
        path = "sleep/dataPoints"
        found = self.observations(server, connection, now, path, {"dataPoints": [night]})
        sleep = found["sleep/9911"]
        assert sleep["status"] == "preliminary", "not processed yet"
        assert sleep["valueQuantity"]["value"] == 410
        parts = {p["code"]["text"]: p["valueQuantity"]["value"] for p in sleep["component"]}
        assert parts == {
            "Time in bed": 450,
            "Time to fall asleep": 6,
            "Deep sleep": 80,
            "Time awake": 40,
            "Awakenings": 3,
        }
        assert server.asked_for(f"{TYPES}/{path}")[0].query["pageSize"] == "25"

    def test_a_night_without_stages_gets_none_made_up(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        night = {
            "sleep": {
                "interval": {
                    "startTime": "2026-03-29T21:10:00Z",
                    "endTime": "2026-03-30T04:40:00Z",
                },
                "type": "CLASSIC",
                "summary": {
                    "minutesAsleep": "410",
                    "stagesSummary": [{"type": "RESTLESS", "minutes": "9"}],
                },
            }
        }
        found = self.observations(
            server, connection, now, "sleep/dataPoints", {"dataPoints": [night]}
        )
        sleep = found["sleep/2026-03-29T21:10:00Z/2026-03-30T04:40:00Z"]
        assert [p["code"]["text"] for p in sleep["component"]] == ["Time in bed"]

    def test_a_row_that_cannot_be_read_spares_its_neighbours(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        good = rolled(date(2026, 3, 28), "5")
        rows = [good, rolled(date(2026, 3, 29), "many"), {"steps": {}}, 7, {"civilStartTime": None}]
        server.says(self.data_path, Says(body={"rollupDataPoints": rows}))
        pages = self.fetch_window(connection, now)
        assert [len(page.resources) for page in pages] == [2, 0]
        assert pages[0].problems == ("steps: 4 rows cannot be read",)

    @pytest.mark.parametrize("says", [Says(status=403), Says(body={"timeZone": "Moon/Crater"})])
    def test_an_unknown_zone_is_utc_and_says_so(
        self, server: VendorServer, connection: Connection, now: datetime, says: Says
    ) -> None:
        server.says("/v4/users/me/settings", says)
        found = run(connection, now=now).by_id()["Observation/steps/2026-03-28"]
        assert found["effectivePeriod"]["start"] == "2026-03-28T00:00:00+00:00"
        assert {"system": "urn:careweave:tz", "code": "assumed"} in found["meta"]["tag"]

    # --- what is asked when -------------------------------------------------------------------

    def test_the_past_comes_newest_first_and_once(
        self, connection: Connection, now: datetime
    ) -> None:
        found = run(connection, now=now)
        spans = [(a, b) for key, a, b in found.windows if key == "steps" and a is not None]
        assert spans[0][1] == datetime(2026, 3, 31, tzinfo=BERLIN)
        assert all(newer[0] == older[1] for newer, older in pairwise(spans))
        while True:
            found = run(connection, now=now, checkpoints=found.checkpoints)
            if len(found.windows) == len(KINDS):
                break
        starts = [start for _, start, _ in found.windows]
        assert all(start is not None and now - start < timedelta(days=3) for start in starts)

    def test_after_an_outage_nothing_is_missing(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        found = run(connection, now=now)
        later = now + timedelta(days=40)
        self.renew(connection, later)
        server.says(self.data_path, Says(status=503))
        broken = run(connection, now=later, checkpoints=found.checkpoints, keep_going=True)
        assert broken.checkpoints["steps"] == found.checkpoints["steps"]
        server.routes[self.data_path] = steps({date(2026, 4, 2): "4"})
        mended = run(connection, now=later, checkpoints=broken.checkpoints)
        assert "Observation/steps/2026-04-02" in mended.by_id()

    def test_a_hole_in_the_past_is_asked_again(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        whole = server.routes[self.data_path]
        calls: list[Asked] = []

        def second_fails(asked: Asked) -> Says:
            calls.append(asked)
            return Says(status=503) if len(calls) == 2 else whole(asked)

        server.routes[self.data_path] = second_fails
        first = run(connection, now=now, keep_going=True)
        assert "steps" in first.failed
        missed = calls[1].json["range"]
        server.routes[self.data_path] = whole
        run(connection, now=now, checkpoints=first.checkpoints)
        again = [asked.json["range"] for asked in server.asked_for(self.data_path)[len(calls) :]]
        assert missed in again

    def test_only_what_was_granted_is_asked(self, connection: Connection, now: datetime) -> None:
        scope = "https://www.googleapis.com/auth/googlehealth.sleep.readonly"
        Connection.objects.filter(pk=connection.pk).update(scope=scope)
        assert {key for key, _, _ in run(connection, now=now).windows} == {"sleep"}

    def renew(self, connection: Connection, now: datetime) -> None:
        Connection.objects.filter(pk=connection.pk).update(
            token_expires_at=now + timedelta(hours=1)
        )

    # --- the dance ----------------------------------------------------------------------------

    def test_the_consent_is_asked_so_that_a_refresh_token_comes(
        self, server: VendorServer, system: System
    ) -> None:
        url = dance.authorization_url(system, state="s", code_challenge="c", redirect_uri=CALLBACK)
        query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
        assert (query["access_type"], query["prompt"]) == ("offline", "consent")
        assert "googlehealth.activity_and_fitness.readonly" in query["scope"]
        assert "aud" not in query

    def test_the_secret_is_sent_in_the_form(
        self, server: VendorServer, system: System, connection: Connection, now: datetime
    ) -> None:
        server.says("/token", Says(body=REFRESHED))
        grant = self.exchange(system, now)
        assert grant.base == "https://api.fitbit.com/user/acc-1"
        assert grant.iss == "https://api.fitbit.com"
        self.expire(connection, now)
        run(connection, now=now)
        for asked in server.asked_for("/token"):
            assert (asked.form["client_id"], asked.form["client_secret"]) == ("careweave", "secret")
            assert "Authorization" not in asked.headers
