"""A small hospital on loopback, over real HTTP, and a connector that reads it: enough to prove the
engine without any vendor's module.

`GET /<Type>?from=<n>` answers a page of resources and the number to go on from. Faults are chosen
per type.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.connector import Link, Page, Window
from connectors.errors import (
    Malformed,
    NeedsReauthorization,
    RateLimited,
    ScopeMissing,
    Unavailable,
)
from sync.pull import Opener

PAGE = 5
PATIENT = "p1"
SECRET = "s3cret"
"""In a fault of ours: must reach no log."""


def observation(number: int, value: float = 1.5) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "effectiveDateTime": f"2026-01-{number % 27 + 1:02}",
        "valueQuantity": {"value": value, "unit": "g/dL"},
    }


def condition(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"c{number}",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]},
    }


class Hospital:
    """The server: `records` by type, `faults` type → status, `pause` seconds before each page."""

    def __init__(self) -> None:
        self.records: dict[str, list[dict[str, Any]]] = {
            "Patient": [{"resourceType": "Patient", "id": PATIENT, "gender": "female"}],
            "Condition": [condition(n) for n in range(7)],
            "Observation": [observation(n) for n in range(23)],
        }
        self.faults: dict[str, int] = {}
        self.pause = 0.0
        self.asked: Counter[str] = Counter()
        self.on_page: threading.Event = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def size(self) -> int:
        return sum(map(len, self.records.values()))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def page(self, rtype: str, start: int) -> tuple[int, dict[str, Any]]:
        self.asked[rtype] += 1
        self.on_page.set()
        sleep(self.pause)
        if rtype in self.faults:
            return self.faults[rtype], {}
        found = self.records.get(rtype, [])
        more = start + PAGE if start + PAGE < len(found) else None
        return 200, {"resources": found[start : start + PAGE], "next": more}

    def _handler(hospital) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                start = int(parse_qs(url.query).get("from", ["0"])[0])
                status, body = hospital.page(url.path.strip("/"), start)
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


class HospitalPull:
    """Reads the hospital's types, in order; each page's checkpoint is the window's end."""

    def __init__(self, url: str, now: datetime) -> None:
        self.url = url
        self.now = now
        self.session = requests.Session()
        self.session.trust_env = False
        self.checkpoints: Mapping[str, str] = {}

    def windows(self, *, checkpoints: Mapping[str, str], now: datetime) -> Sequence[Window]:
        starts = {key: datetime.fromisoformat(value) for key, value in checkpoints.items()}
        return [
            Window(key=key, start=starts.get(key), end=now)
            for key in ("Patient", "Condition", "Observation")
        ]

    def fetch(self, window: Window) -> Iterator[Page]:
        start: int | None = 0
        while start is not None:
            answer = self._get(window.key, start)
            resources = tuple(json.dumps(one).encode() for one in answer["resources"])
            start = answer["next"]
            yield Page(resources=resources)

    def _get(self, key: str, start: int) -> dict[str, Any]:
        try:
            response = self.session.get(f"{self.url}/{key}", params={"from": start}, timeout=30)
        except requests.ConnectionError as error:
            raise Unavailable("no connection") from error
        match response.status_code:
            case 200:
                return dict(response.json())
            case 401:
                raise NeedsReauthorization("the source ended the grant")
            case 403:
                raise ScopeMissing(f"{key} is out of scope")
            case 429:
                raise RateLimited("slow down", until=self.now + timedelta(minutes=7))
            case 418:
                raise KeyError(SECRET)
            case 422:
                raise Malformed("not FHIR")
            case status:
                raise Unavailable(f"HTTP {status}")


def opener(url: str) -> Opener:
    """Opens a pull over the hospital at this address, for any link."""

    def open_hospital(link: Link, *, now: datetime) -> HospitalPull:
        return HospitalPull(url, now)

    return open_hospital
