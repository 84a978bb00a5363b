"""The SMART client against a hospital that does what hospitals do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors import dance
from connectors.errors import Malformed, Misconfigured, Unavailable
from connectors.models import Connection, System
from connectors.smart import discovery
from tests.connectors.runs import run
from tests.connectors.suite import CALLBACK, REFRESHED, ConnectorSuite
from tests.connectors.vendor_server import Asked, Says, VendorServer, vendor_server

PATIENT = b'{"resourceType": "Patient", "id": "acc-1", "name": [{"family": "Ay"}]}'
PRACTITIONER = {"resourceType": "Practitioner", "id": "dr"}
CONDITIONS = [
    {
        "resourceType": "Condition",
        "id": f"c{number}",
        "meta": {"lastUpdated": "2026-01-01T00:00:00Z"},
        "asserter": {"reference": "Practitioner/dr"},
    }
    for number in (1, 2)
]
SEARCHED = ("Condition", "Observation", "DocumentReference")


def statement(*types: str, params: tuple[str, ...] = ("patient", "_lastUpdated")) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "rest": [
            {
                "resource": [
                    {"type": rtype, "searchParam": [{"name": name} for name in params]}
                    for rtype in types
                ]
            }
        ],
    }


def bundle(*resources: Any, **links: str) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
        "entry": [{"resource": resource} for resource in resources],
    }


def searching(server: VendorServer, rtype: str, *resources: Any) -> Callable[[Asked], Says]:
    """A server that understands `_lastUpdated`."""

    def answer(asked: Asked) -> Says:
        since = asked.query.get("_lastUpdated", "").removeprefix("ge")
        found = [r for r in resources if r.get("meta", {}).get("lastUpdated", "9999") >= since]
        query = "&".join(f"{name}={value}" for name, value in asked.query.items())
        return Says(body=bundle(*found, self=f"{server.url}/fhir/{rtype}?{query}"))

    return answer


class TestSmart(ConnectorSuite):
    window = "Condition"
    data_path = "/fhir/Condition"
    expected = {  # noqa: RUF012 - never changed
        "Patient/acc-1",
        "Condition/c1",
        "Condition/c2",
        "Practitioner/dr",
    }

    def make_system(self, server: VendorServer) -> System:
        return System.objects.create(
            id=1_000_001,
            kind="clinical",
            name="Lakeside",
            resource_url=f"{server.url}/fhir",
            fhir_version="r4",
            client_id="careweave",
            client_secret="s e:cret",
            allow_host=server.url.removeprefix("http://"),
        )

    def happy(self, server: VendorServer) -> None:
        discovery.forget(f"{server.url}/fhir")  # a port may have been another server's
        server.says(
            "/fhir/.well-known/smart-configuration",
            Says(
                body={
                    "authorization_endpoint": f"{server.url}/authorize?site=1",
                    "token_endpoint": "../token",
                    "capabilities": ["permission-v2"],
                }
            ),
        )
        server.says("/fhir/metadata", Says(body=statement(*SEARCHED)))
        server.says("/fhir/Patient/acc-1", Says(body=PATIENT))
        server.says("/fhir/Practitioner/dr", Says(body=PRACTITIONER))
        server.routes["/fhir/Condition"] = searching(server, "Condition", *CONDITIONS)
        for rtype in SEARCHED[1:]:
            server.routes[f"/fhir/{rtype}"] = searching(server, rtype)

    def grant(self) -> dict[str, object]:
        return {"patient": "acc-1", "scope": "patient/*.rs"}

    def two_pages(self, server: VendorServer) -> None:
        self.pages(server, [CONDITIONS, CONDITIONS[1:]])

    def page_loop(self, server: VendorServer) -> None:
        here = f"{server.url}/fhir/Condition?page=1"
        server.says(self.data_path, Says(body=bundle(*CONDITIONS, next=here)))

    def error_inside_a_200(self) -> Says:
        issue = {"severity": "fatal", "code": "exception", "diagnostics": "db of P. down"}
        return Says(body={"resourceType": "OperationOutcome", "issue": [issue]})

    def pages(self, server: VendorServer, pages: list[list[Any]]) -> None:
        """Serve conditions in pages with opaque links, the last without."""

        def answer(asked: Asked) -> Says:
            number = int(asked.query.get("page", "0"))
            more = {"next": f"Condition?page={number + 1}"} if number + 1 < len(pages) else {}
            return Says(body=bundle(*pages[number], **more))

        server.routes[self.data_path] = answer

    # --- resources as received ----------------------------------------------------------------

    def test_numbers_keep_their_digits(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        text = (
            b'{"resourceType":"Observation",  "id":"o1","valueQuantity":{"value":1.10},'
            b'"_x":{"extension":[]},"big":123456789012345678901,"note":[{"text":"\\u00e9\xc3\xa9"}]}'
        )
        page = b'{"entry":[{"resource":' + text + b',"search":{"mode":"match"}}],'
        server.says("/fhir/Observation", Says(body=page + b'"resourceType":"Bundle"}'))
        assert text in run(connection, now=now).resources

    def test_outcomes_and_odd_entries_do_not_hurt_their_neighbours(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
        page = bundle(*CONDITIONS, warning, {"id": "typeless"}, "text")
        page["entry"] += [{"fullUrl": "urn:x"}, 7, None]
        server.says(self.data_path, Says(body=page))
        found = run(connection, now=now)
        assert set(found.by_id()) == self.expected
        assert found.problems == ["Condition: 1 entries without resourceType"]

    def test_an_error_beside_the_entries_fails_the_window_after_them(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        broken = {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "timeout"}],
        }
        server.says(self.data_path, Says(body=bundle(*CONDITIONS, broken)))
        found = run(connection, now=now, keep_going=True)
        assert isinstance(found.failed["Condition"], Unavailable)
        assert "Condition" not in found.checkpoints
        assert {"Condition/c1", "Condition/c2"} <= set(found.by_id())

    def test_an_informing_outcome_alone_is_an_empty_answer(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        nothing = {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "information", "code": "informational"}],
        }
        server.says(self.data_path, Says(body=nothing))
        found = run(connection, now=now)
        assert set(found.by_id()) == {"Patient/acc-1"}
        assert "Condition" in found.checkpoints

    def test_an_empty_answer_is_malformed(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(self.data_path, Says(body=b""))
        with pytest.raises(Malformed):
            self.fetch_window(connection, now)

    # --- pages --------------------------------------------------------------------------------

    def test_the_token_never_follows_a_link_to_another_origin(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        with vendor_server() as other:
            other.says("/fhir/Condition", Says(body=bundle()))
            away = f"{other.url}/fhir/Condition?page=2"
            server.says(self.data_path, Says(body=bundle(*CONDITIONS, next=away)))
            with pytest.raises(Malformed, match="another origin"):
                self.fetch_window(connection, now)
            assert other.asked == []

    def test_a_link_under_the_canonical_base_is_followed_at_the_real_one(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        Connection.objects.filter(pk=connection.pk).update(base="https://real.example/fhir")
        more = "https://real.example/fhir/Condition?page=2"

        def answer(asked: Asked) -> Says:
            if "page" in asked.query:
                return Says(body=bundle(CONDITIONS[1]))
            return Says(body=bundle(CONDITIONS[0], next=more))

        server.routes[self.data_path] = answer
        assert set(run(connection, now=now).by_id()) == self.expected

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_forgotten_page_is_asked_for_again_later(
        self, server: VendorServer, connection: Connection, now: datetime, status: int
    ) -> None:
        server.routes[self.data_path] = lambda asked: (
            Says(status=status)
            if "page" in asked.query
            else Says(body=bundle(CONDITIONS[0], next="Condition?page=2"))
        )
        found = run(connection, now=now, keep_going=True)
        assert isinstance(found.failed["Condition"], Unavailable)
        assert "Condition" not in found.checkpoints

    def test_pages_that_repeat_under_new_addresses_end(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        def answer(asked: Asked) -> Says:
            number = int(asked.query.get("page", "0"))
            return Says(body=bundle(*CONDITIONS, next=f"Condition?page={number + 1}"))

        server.routes[self.data_path] = answer
        with pytest.raises(Malformed):
            self.fetch_window(connection, now)
        assert len(server.asked_for(self.data_path)) < 10

    # --- the plan -----------------------------------------------------------------------------

    def test_a_type_that_wants_a_category_is_asked_by_category_from_then_on(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        def answer(asked: Asked) -> Says:
            if asked.query.get("category") == "problem-list-item":
                return searching(server, "Condition", *CONDITIONS)(asked)
            return Says(status=400)

        server.routes[self.data_path] = answer
        first = run(connection, now=now)
        assert set(first.by_id()) == self.expected
        before = len(server.asked_for(self.data_path))
        run(connection, now=now + timedelta(days=2), checkpoints=first.checkpoints)
        later = server.asked_for(self.data_path)[before:]
        assert all("category" in asked.query for asked in later)

    @pytest.mark.parametrize("status", [400, 403, 404, 410])
    def test_a_type_refused_in_every_way_is_refused_alone(
        self, server: VendorServer, connection: Connection, now: datetime, status: int
    ) -> None:
        server.says(self.data_path, Says(status=status))
        found = run(connection, now=now)
        assert set(found.refused) == {"Condition"}
        assert "Patient/acc-1" in found.by_id()

    def test_only_what_is_offered_and_granted_is_asked(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        Connection.objects.filter(pk=connection.pk).update(
            scope="openid patient/Condition.rs patient/Goal.rs patient/Observation.c"
        )
        found = run(connection, now=now)
        assert [key for key, _, _ in found.windows] == ["Condition"]

    @pytest.mark.parametrize("status", [404, 200])
    def test_without_a_statement_everything_is_asked(
        self, server: VendorServer, connection: Connection, now: datetime, status: int
    ) -> None:
        server.says("/fhir/metadata", Says(status=status, body=b"<html>"))
        found = run(connection, now=now, keep_going=True)
        assert "Immunization" in found.refused
        assert set(found.by_id()) == self.expected

    def test_a_missing_patient_refuses_the_patient_only(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says("/fhir/Patient/acc-1", Says(status=403))
        found = run(connection, now=now)
        assert set(found.refused) == {"Patient"}
        assert "Condition/c1" in found.by_id()

    # --- only what changed --------------------------------------------------------------------

    def test_a_server_proven_to_know_last_updated_is_asked_for_changes(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        first = run(connection, now=now)
        second = run(connection, now=now + timedelta(minutes=2), checkpoints=first.checkpoints)
        assert set(second.by_id()) == {"Patient/acc-1"}
        asked = server.asked_for(self.data_path)[-1]
        assert asked.query["_lastUpdated"].startswith("ge20")
        starts = {key: start for key, start, _ in second.windows}
        assert starts["Condition"] is not None
        new = {**CONDITIONS[0], "id": "c3", "meta": {"lastUpdated": "2999-01-01T00:00:00Z"}}
        server.routes[self.data_path] = searching(server, "Condition", *CONDITIONS, new)
        third = run(connection, now=now + timedelta(minutes=4), checkpoints=second.checkpoints)
        assert set(third.by_id()) == {"Patient/acc-1", "Condition/c3"}

    def test_changes_or_not_everything_is_swept_once_a_day(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        first = run(connection, now=now)
        later = run(connection, now=now + timedelta(hours=25), checkpoints=first.checkpoints)
        assert {"Condition/c1", "Condition/c2"} <= set(later.by_id())

    @pytest.mark.parametrize(
        "behaviour", ["ignores", "ignores silently", "refuses", "warns", "dates nothing"]
    )
    def test_a_server_not_proven_to_know_it_is_swept(
        self, server: VendorServer, connection: Connection, now: datetime, behaviour: str
    ) -> None:
        undated = [{k: v for k, v in c.items() if k != "meta"} for c in CONDITIONS]
        ignored = {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "warning", "details": {"coding": [{"code": "59100"}]}}],
        }

        def answer(asked: Asked) -> Says:
            if "_lastUpdated" not in asked.query:
                dated = behaviour != "dates nothing"
                return Says(body=bundle(*(CONDITIONS if dated else undated)))
            same = f"{server.url}/fhir/Condition?_lastUpdated=x"
            return {
                "ignores": Says(body=bundle(*CONDITIONS, self=same)),
                "ignores silently": Says(body=bundle(self=f"{server.url}/fhir/Condition")),
                "refuses": Says(status=400),
                "warns": Says(body=bundle(ignored, self=same)),
                "dates nothing": Says(body=bundle(self=same)),
            }[behaviour]

        server.routes[self.data_path] = answer
        first = run(connection, now=now)
        second = run(connection, now=now + timedelta(minutes=2), checkpoints=first.checkpoints)
        assert {"Condition/c1", "Condition/c2"} <= set(second.by_id())

    def test_a_server_that_unlearns_it_is_swept(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        first = run(connection, now=now)
        knowing = server.routes[self.data_path]
        server.routes[self.data_path] = lambda asked: (
            Says(status=400) if "_lastUpdated" in asked.query else knowing(asked)
        )
        second = run(connection, now=now + timedelta(minutes=2), checkpoints=first.checkpoints)
        assert {"Condition/c1", "Condition/c2"} <= set(second.by_id())

    @pytest.mark.parametrize("text", ["", "2026-01-01T00:00:00+00:00", "[]", '{"x":1}', '"a"'])
    def test_a_checkpoint_of_another_kind_means_from_the_beginning(
        self, connection: Connection, now: datetime, text: str
    ) -> None:
        found = run(connection, now=now, checkpoints={"Condition": text})
        assert set(found.by_id()) == self.expected

    # --- what is referred to ------------------------------------------------------------------

    def test_referenced_resources_are_read_once(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says(
            "/fhir/Practitioner/dr",
            Says(body={**PRACTITIONER, "x": {"reference": "Organization/org/_history/3"}}),
        )
        organization = {"resourceType": "Organization", "id": "org"}
        server.says("/fhir/Organization/org", Says(body=organization))
        first = run(connection, now=now)
        assert set(first.by_id()) == {*self.expected, "Organization/org"}
        run(connection, now=now + timedelta(hours=25), checkpoints=first.checkpoints)
        assert len(server.asked_for("/fhir/Practitioner/dr")) == 1
        assert len(server.asked_for("/fhir/Organization/org")) == 1

    def test_a_referenced_resource_that_fails_is_owed_and_fails_nothing_else(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        server.says("/fhir/Practitioner/dr", Says(status=500))
        first = run(connection, now=now)
        assert "Condition" in first.checkpoints
        server.says("/fhir/Practitioner/dr", Says(body=PRACTITIONER))
        second = run(connection, now=now + timedelta(minutes=2), checkpoints=first.checkpoints)
        assert "Practitioner/dr" in second.by_id()

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_a_referenced_resource_that_is_not_ours_is_left_out(
        self, server: VendorServer, connection: Connection, now: datetime, status: int
    ) -> None:
        server.says("/fhir/Practitioner/dr", Says(status=status))
        found = run(connection, now=now)
        assert set(found.by_id()) == self.expected - {"Practitioner/dr"}
        run(connection, now=now + timedelta(minutes=2), checkpoints=found.checkpoints)
        assert len(server.asked_for("/fhir/Practitioner/dr")) == 1

    def test_documents_come_with_their_reference(
        self, server: VendorServer, connection: Connection, now: datetime
    ) -> None:
        elsewhere = "https://elsewhere.example/scan.pdf"
        urls = ["Binary/b1", f"{server.url}/fhir/Binary/b2", f"{server.url}/files/9", elsewhere]
        document = {
            "resourceType": "DocumentReference",
            "id": "d1",
            "content": [{"attachment": {"contentType": "text/plain", "url": u}} for u in urls],
        }
        server.says("/fhir/DocumentReference", Says(body=bundle(document)))
        binary = b'{"resourceType": "Binary", "id": "b1", "data": "QQ=="}'
        server.says("/fhir/Binary/b1", Says(body=binary))
        plain = {"Content-Type": "text/plain; charset=utf-8"}
        server.says("/fhir/Binary/b2", Says(body=b"note", headers=plain))
        server.says("/files/9", Says(body=b"scan", headers=plain))
        found = run(connection, now=now)
        assert binary in found.resources
        wrapped = {"resourceType": "Binary", "contentType": "text/plain"}
        assert {**wrapped, "id": "b2", "data": "bm90ZQ=="} in found.of("Binary")
        assert {**wrapped, "id": f"{server.url}/files/9", "data": "c2Nhbg=="} in found.of("Binary")
        assert len(found.of("Binary")) == 3

    # --- the dance ----------------------------------------------------------------------------

    def test_the_sign_in_address_says_all_that_smart_asks_for(
        self, server: VendorServer, system: System
    ) -> None:
        url = dance.authorization_url(
            system, state="the-state", code_challenge="the-challenge", redirect_uri=CALLBACK
        )
        query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{server.url}/authorize?site=1&")
        assert query == {
            "site": "1",
            "response_type": "code",
            "client_id": "careweave",
            "redirect_uri": CALLBACK,
            "scope": "launch/patient openid fhirUser offline_access patient/*.rs",
            "state": "the-state",
            "aud": f"{server.url}/fhir",
            "code_challenge": "the-challenge",
            "code_challenge_method": "S256",
        }

    def test_the_secret_is_sent_as_basic_encoded(
        self, server: VendorServer, system: System, now: datetime
    ) -> None:
        server.says("/token", Says(body={**REFRESHED, **self.grant()}))
        self.exchange(system, now)
        asked = server.asked_for("/token")[0]
        assert asked.headers["Authorization"] == "Basic Y2FyZXdlYXZlOnMrZSUzQWNyZXQ="
        assert "client_secret" not in asked.form

    def test_a_client_without_a_secret_names_itself(
        self, server: VendorServer, system: System, connection: Connection, now: datetime
    ) -> None:
        System.objects.filter(pk=system.pk).update(client_secret="")
        server.says("/token", Says(body={**REFRESHED, **self.grant()}))
        self.exchange(System.objects.get(pk=system.pk), now)
        self.expire(connection, now)
        run(connection, now=now)
        for asked in server.asked_for("/token"):
            assert asked.form["client_id"] == "careweave"
            assert "client_secret" not in asked.form
            assert "Authorization" not in asked.headers

    @pytest.mark.parametrize(
        "members, account",
        [
            ({"patient": "p-2"}, "p-2"),
            ({"fhirUser": "Patient/p-3"}, "p-3"),
            ({"id_token": "e30.eyJmaGlyVXNlciI6Imh0dHBzOi8veC9QYXRpZW50L3AtNCJ9.sig"}, "p-4"),
        ],
    )
    def test_the_patient_is_found_wherever_it_is_named(
        self,
        server: VendorServer,
        system: System,
        now: datetime,
        members: dict[str, str],
        account: str,
    ) -> None:
        server.says("/token", Says(body={**REFRESHED, **members}))
        assert self.exchange(system, now).account == account

    @pytest.mark.parametrize(
        "members", [{}, {"fhirUser": "Practitioner/x"}, {"id_token": "a.b.c"}, {"patient": 7}]
    )
    def test_a_grant_without_a_patient_is_none(
        self, server: VendorServer, system: System, now: datetime, members: dict[str, Any]
    ) -> None:
        server.says("/token", Says(body={**REFRESHED, **members}))
        with pytest.raises(Malformed):
            self.exchange(system, now)

    def test_only_a_simulator_may_choose_its_base(
        self, server: VendorServer, system: System, now: datetime
    ) -> None:
        body = {**REFRESHED, "patient": "p", "careweave_base": "https://evil.example/"}
        server.says("/token", Says(body=body))
        assert self.exchange(system, now).base == system.resource_url
        system.simulator = True
        assert self.exchange(system, now).base == "https://evil.example"

    @pytest.mark.parametrize("resource_type", ["Conformance", "CapabilityStatement"])
    @pytest.mark.parametrize("nested", [True, False])
    def test_a_server_without_smart_configuration_is_found_by_its_statement(
        self, server: VendorServer, system: System, resource_type: str, nested: bool
    ) -> None:
        del server.routes["/fhir/.well-known/smart-configuration"]
        uris = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
        rows = [
            {"url": name if nested else f"{uris}#{name}", "valueUri": f"{server.url}/{name}"}
            for name in ("authorize", "token")
        ]
        extension = [{"url": uris, "extension": rows}] if nested else rows
        body = {"resourceType": resource_type, "rest": [{"security": {"extension": extension}}]}
        server.says("/fhir/metadata", Says(body=body))
        url = dance.authorization_url(system, state="s", code_challenge="c", redirect_uri=CALLBACK)
        assert url.startswith(f"{server.url}/authorize?")
        assert "patient%2F%2A.read" in url

    def test_a_server_that_publishes_no_endpoints_is_misconfigured(
        self, server: VendorServer, system: System
    ) -> None:
        del server.routes["/fhir/.well-known/smart-configuration"]
        with pytest.raises(Misconfigured):
            dance.authorization_url(system, state="s", code_challenge="c", redirect_uri=CALLBACK)

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "http://intranet.example/a", "ftp://x/", "data:,x"]
    )
    def test_a_browser_is_only_sent_to_https(
        self, server: VendorServer, system: System, address: str
    ) -> None:
        body = {"authorization_endpoint": address, "token_endpoint": f"{server.url}/token"}
        server.says("/fhir/.well-known/smart-configuration", Says(body=body))
        with pytest.raises(Misconfigured):
            dance.authorization_url(system, state="s", code_challenge="c", redirect_uri=CALLBACK)

    def test_a_grant_is_revoked_where_that_is_offered(
        self, server: VendorServer, system: System
    ) -> None:
        assert dance.revoke(system, "first-refresh") is False
        system.revoke_url = f"{server.url}/revoke"
        server.says("/revoke", Says())
        assert dance.revoke(system, "first-refresh") is True
        assert server.asked_for("/revoke")[0].form == {"token": "first-refresh"}
