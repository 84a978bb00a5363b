"""Random requests over the whole grammar, mostly about what somebody in the world has."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fhirstore.search.definitions import SearchParameter, parameters
from tests.conformance.fuzz_world import CODES, IDS, NAMES, TYPES

PREFIXES = ("", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
MODIFIERS = {
    "token": ("", "", ":not", ":text", ":in", ":not-in", ":of-type", ":missing"),
    "string": ("", "", ":exact", ":contains", ":missing"),
    "date": ("", ":missing"),
    "number": ("", ":missing"),
    "quantity": ("", ":missing"),
    "reference": ("", "", ":identifier", ":Patient", ":missing"),
    "uri": ("", ":below", ":above", ":missing"),
    "composite": ("", ":missing"),
    "special": ("",),
}
LIKELY = ("code", "name", "date", "subject", "patient", "identifier", "family", "value-quantity")
"""Parameters by which there is something to find."""

INCLUDES = (
    "_include=Observation:subject",
    "_include=Observation:*",
    "_include=*",
    "_include=Observation:performer",
    "_include:iterate=Patient:general-practitioner",
    "_include=Provenance:target",
    "_revinclude=Observation:subject",
    "_revinclude=Provenance:target",
    "_revinclude=Condition:patient",
    "_revinclude:iterate=Provenance:target",
    "_revinclude=*:patient",
)
CONTROLS = (
    "_count=1",
    "_count=3",
    "_count=0",
    "_skip=2",
    "_sort=-date",
    "_sort=name,-_lastUpdated",
    "_sort=code",
    "_sort=_id",
    "_total=none",
    "_total=estimate",
    "_total=accurate",
    "_summary=true",
    "_summary=count",
    "_summary=text",
    "_elements=code,name",
    "_explain=true",
    "_contained=true",
    "_contained=both",
    "_contained=true&_containedType=contained",
)


@dataclass(frozen=True)
class Request:
    """One call. `body` is JSON, or a form where it is text."""

    method: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}{f' {json.dumps(self.body)}' if self.body else ''}"


class Requests:
    """Requests of one kind of randomness."""

    def __init__(self, seed: int, version: str) -> None:
        self.random = random.Random(seed)
        self.version = version

    def make(self) -> Request:
        kinds = (
            [self.search] * 6
            + [self.read, self.history, self.within, self.system, self.everything, self.operation]
            + [self.write] * 2
            + [self.bundle] * 2
            + [self.export]
        )
        made: Request = self.random.choice(kinds)()
        return made

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def base(self) -> str:
        return f"/fhir/{self.version}"

    # --- searches -----------------------------------------------------------------------------

    def search(self) -> Request:
        rtype = self.one(*TYPES)
        query = self.query(rtype)
        if self.one(True, False, False):
            return Request("POST", f"{self.base()}/{rtype}/_search", query)
        prefer = self.one((), (("prefer", "handling=strict"),), (("prefer", "handling=lenient"),))
        return Request("GET", f"{self.base()}/{rtype}?{query}", headers=prefer)

    def query(self, rtype: str) -> str:
        pairs = [self.clause(rtype) for _ in range(self.random.randint(0, 2))]
        pairs += [self.one(*INCLUDES)] if self.one(True, False, False) else []
        pairs += [self.one(*CONTROLS)] if self.one(True, False) else []
        return "&".join(pairs)

    def clause(self, rtype: str, depth: int = 0) -> str:
        known = parameters(self.version, rtype)
        kind = self.random.random()
        if kind < 0.15 and depth < 2:
            return f"_has:{self.one(*TYPES)}:patient:{self.clause('Observation', 2)}"
        if kind < 0.25:
            return self.common()
        likely = [code for code in LIKELY if code in known]
        parameter = known[self.one(*(likely if self.one(True, False) else sorted(known)))]
        if kind < 0.45 and depth < 2:
            references = [p for p in known.values() if p.type == "reference"]
            if references:
                target = self.one("Patient", "Practitioner", "Observation")
                code = self.one(*references).code
                return f"{code}:{target}.{self.clause(target, depth + 1)}"
        modifier = self.one(*MODIFIERS[parameter.type])
        value = self.one("true", "false") if modifier == ":missing" else self.value(parameter)
        return f"{parameter.code}{modifier}={quote(value)}"

    def common(self) -> str:
        return str(
            self.one(
                f"_id={self.one(*IDS)}",
                f"_id={','.join(IDS)}",
                f"_tag={self.one(*CODES)}",
                f"_tag=urn:tags|{self.one(*CODES)}",
                f"_security:not={self.one(*CODES)}",
                f"_list={self.one(*IDS)}",
                f"_content={self.one(*NAMES)}",
                f"_text={self.one(*NAMES)}",
                "_lastUpdated=ge2020",
                f"_profile=http://{self.one(*NAMES)}.example.org",
                f"_source=http://{self.one(*NAMES)}.example.org",
                f"_has:Observation:subject:code={self.one(*CODES)}",
                f"_has:Observation:patient:_has:Provenance:target:_id={self.one(*IDS)}",
            )
        )

    def value(self, parameter: SearchParameter) -> str:
        values = [self.simple(parameter.type) for _ in range(self.random.choice((1, 1, 2)))]
        if parameter.type == "composite":
            values = [f"{self.simple('token')}${self.simple('quantity')}"]
        return ",".join(values)

    def simple(self, kind: str) -> str:
        match kind:
            case "date":
                return f"{self.one(*PREFIXES)}{self.one('2024', '2024-05', '2024-05-03')}"
            case "number":
                return f"{self.one(*PREFIXES)}{self.random.randint(0, 9)}"
            case "quantity":
                unit = self.one("", "||kg", "|http://unitsofmeasure.org|kg")
                return f"{self.one(*PREFIXES)}{self.random.randint(60, 90)}{unit}"
            case "reference":
                return str(self.one(self.one(*IDS), f"{self.one(*TYPES)}/{self.one(*IDS)}"))
            case "uri":
                return f"http://{self.one(*NAMES)}.example.org"
            case "string":
                return str(self.one(*NAMES))
        code = self.one(*CODES, *NAMES)
        return str(self.one(code, f"urn:codes|{code}", f"|{code}", "urn:codes|"))

    # --- by id and by place -------------------------------------------------------------------

    def read(self) -> Request:
        tail = self.one("", "", "/_history/9000000000000", "/_history/9000000000001")
        headers = self.one((), (("if-none-match", 'W/"9000000000000"'),))
        return Request(
            self.one("GET", "GET", "HEAD"),
            f"{self.base()}/{self.one(*TYPES)}/{self.one(*IDS)}{tail}",
            headers=headers,
        )

    def history(self) -> Request:
        rtype, fid = self.one(*TYPES), self.one(*IDS)
        place = self.one(f"/{rtype}/{fid}", f"/{rtype}", "")
        more = self.one("", "?_count=2", "?_since=2020-01-01T00:00:00Z", "?_at=2024")
        return Request("GET", f"{self.base()}{place}/_history{more}")

    def within(self) -> Request:
        compartment = self.one("Patient", "Patient", "Practitioner", "Encounter", "Device")
        rtype = self.one(*TYPES, "*")
        query = "_count=3" if rtype == "*" else self.query(rtype)
        return Request("GET", f"{self.base()}/{compartment}/{self.one(*IDS)}/{rtype}?{query}")

    def system(self) -> Request:
        types = ",".join(self.random.sample(TYPES, self.random.randint(1, 3)))
        more = self.one("", f"&_id={self.one(*IDS)}", "&_lastUpdated=ge2020", "&_count=2")
        return Request("GET", f"{self.base()}?_type={types}{more}")

    def everything(self) -> Request:
        more = self.one("", "?_count=3", "?_type=Observation", "?start=2024-01-01", "?_skip=2")
        return Request("GET", f"{self.base()}/Patient/{self.one(*IDS)}/$everything{more}")

    def operation(self) -> Request:
        fid = self.one(*IDS)
        return Request(
            "GET",
            self.base()
            + self.one(
                f"/Observation/$lastn?patient={fid}&max=2",
                f"/Observation/$lastn?subject=Patient/{fid}&code={self.one(*CODES)}",
                f"/DocumentReference/$docref?patient={fid}",
                f"/Patient/{fid}/$validate",
                f"/Observation/{fid}/$validate?mode=delete",
            ),
        )

    def export(self) -> Request:
        more = self.one("", "?_type=Patient", "?_since=2020-01-01T00:00:00Z")
        headers = self.one((), (("prefer", "respond-async"),))
        place = self.one("/Patient/$export", "/$export")
        return Request("GET", f"{self.base()}{place}{more}", headers=headers)

    # --- writes -------------------------------------------------------------------------------

    def write(self) -> Request:
        rtype, fid, name = self.one("Patient", "Observation"), self.one(*IDS), self.one(*NAMES)
        where = f"{self.base()}/{rtype}"
        condition = self.one(f"name={name}", f"_id={fid}", f"identifier=urn:mrn|{name}")
        body = self.body(rtype, fid)
        made: Request = self.one(
            Request("PUT", f"{where}/{fid}", body),
            Request("POST", where, body),
            Request("POST", where, body, (("if-none-exist", condition),)),
            Request("PUT", f"{where}?{condition}", self.body(rtype, "")),
            Request("DELETE", f"{where}/{fid}"),
            Request("DELETE", f"{where}?{condition}"),
            Request("DELETE", f"{where}/{fid}/_history/9000000000000"),
            Request("DELETE", f"{self.base()}/Patient/{fid}/$everything"),
            Request("PUT", f"{where}/{fid}", body, (("if-match", 'W/"9000000000000"'),)),
            Request("POST", f"{where}/$validate", body),
            Request("DELETE", f"{self.base()}/purge?_type={rtype}"),
        )
        return made

    def body(self, rtype: str, fid: str) -> dict[str, Any]:
        body: dict[str, Any] = {"resourceType": rtype, "language": "en"}
        body |= {"id": fid} if fid else {}
        if rtype == "Observation":
            body |= {"status": "final", "code": {"text": "written"}}
            body["subject"] = {"reference": f"Patient/{self.one(*IDS)}"}
        return body

    def bundle(self) -> Request:
        entries = []
        for _ in range(self.random.randint(1, 4)):
            inner = self.one(self.search, self.read, self.write, self.everything)()
            if isinstance(inner.body, str):
                continue
            url = inner.path.removeprefix(f"{self.base()}/")
            entry: dict[str, Any] = {"request": {"method": inner.method, "url": url}}
            entry |= {"resource": inner.body} if inner.body else {}
            for name, value in inner.headers:
                if name == "if-none-exist":
                    entry["request"]["ifNoneExist"] = value
            entries.append(entry)
        kind = self.one("batch", "transaction")
        return Request(
            "POST", self.base(), {"resourceType": "Bundle", "type": kind, "entry": entries}
        )
