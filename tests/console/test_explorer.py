"""The explorer: what it shows is what the API answers, as one of the application's own users."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from accounts.applications import NewClient
from accounts.models import Application, AppUser, AuditRecord
from console.applications import slug_of
from console.explorer.builder import line_of
from console.explorer.line import BadLine, read_line
from console.explorer.pretty import indented
from fhirstore.writes import put_many
from tests.console.crowd import Crowd, statements

pytestmark = pytest.mark.django_db

GLUCOSE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "glucose",
    "status": "final",
    "code": {
        "coding": [{"system": "http://loinc.org", "code": "2339-0"}],
        "text": "Glucose <fasting>",
    },
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-11-20T08:30:00Z",
    "valueQuantity": {"value": 6.1, "unit": "mmol/L"},
}


@pytest.fixture
def explorer(dana_app: NewClient) -> str:
    return f"/console/apps/{slug_of(dana_app.application)}/explorer"


@pytest.fixture
def alices(alice: AppUser, now: datetime) -> AppUser:
    """Alice, with a Patient, 12 Observations and a Condition in R4."""
    more = [
        GLUCOSE | {"id": f"g{n:02}", "effectiveDateTime": f"2026-10-{n:02}"} for n in range(1, 12)
    ]
    put_many(
        owner=alice.pk,
        version="r4",
        resources=[
            {"resourceType": "Patient", "id": "p1", "name": [{"text": "Alice Example"}]},
            {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}},
            GLUCOSE,
            *more,
        ],
        now=now,
    )
    return alice


def page(browser: Client, path: str, **query: Any) -> str:
    answer = browser.get(path, query)
    assert answer.status_code == 200, (answer.status_code, answer.headers)
    return str(answer.content.decode())


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def shown_json(html: str) -> Any:
    found = re.search(r'<code id="answer">(.*?)</code>', html, re.S)
    assert found
    return json.loads(unescape(re.sub(r"<[^>]+>", "", found[1])))


LINES = [
    "/fhir/r4/Observation?code=2339-0&_count=3",
    "/r4/Observation?date=ge2026-10-05&_sort=-date",
    "/fhir/r4/Observation/glucose",
    "/fhir/r4/Observation/glucose/_history",
    "/fhir/r4/Patient/p1/$everything",
    "/fhir/r4/Observation/nobody",
    "/fhir/r4/Nonsense",
    "/fhir/r4/Observation?date=yesterday",
    "/fhir/dstu2/Observation",
]


@pytest.mark.parametrize("line", LINES)
def test_the_answer_is_the_apis(
    browser: Client, explorer: str, alices: AppUser, alice_token: str, line: str
) -> None:
    api = Client().get(line, headers={"Authorization": f"Bearer {alice_token}"})
    html = page(browser, explorer, user=alices.pk, q=line, view="json")
    ours, theirs = shown_json(html), api.json()
    for answer in (ours, theirs):
        if answer["resourceType"] == "OperationOutcome":
            assert answer.pop("id")
    assert ours == theirs
    assert f"{api.status_code} {api.reason_phrase}" in text_of(html)


def test_the_curl_is_the_same_call_and_holds_no_token(
    browser: Client, explorer: str, alices: AppUser, alice_token: str
) -> None:
    line = "/fhir/r4/Observation?code=http://loinc.org|2339-0&date=ge2026-10-05"
    html = page(browser, explorer, user=alices.pk, q=line)
    found = re.search(r'<code id="as-curl">(.*?)</code>', html, re.S)
    assert found
    words = shlex.split(unescape(re.sub(r"<[^>]+>", "", found[1])).replace("\\\n", " "))
    assert words[0] == "curl"
    assert words[1].startswith(settings.PUBLIC_BASE_URL)
    assert words[2:] == ["-H", "Authorization: Bearer $TOKEN"]
    parts = urlsplit(words[1])
    api = Client().get(
        f"{parts.path}?{parts.query}", headers={"Authorization": f"Bearer {alice_token}"}
    )
    assert api.json()["total"] == 8
    assert "8 of 8 resources" in text_of(html)


def test_a_table_has_the_columns_of_its_type(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    html = page(browser, explorer, user=alices.pk, q="Observation?_id=glucose")
    words = text_of(html)
    assert "Effective Observation Code Value Status Id" in words
    assert "20 Nov 2026, 08:30 Glucose <fasting> 2339-0 6.1 mmol/L final glucose" in words
    assert "Glucose &lt;fasting&gt;" in html


def test_pages_follow_each_other(browser: Client, explorer: str, alices: AppUser) -> None:
    seen: list[str] = []
    answer = browser.get(explorer, {"user": str(alices.pk), "q": "Observation?_count=5"})
    for _ in range(3):
        html = answer.content.decode()
        seen += re.findall(r'title="Observation/(\w+)"', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if following:
            answer = browser.get(unescape(following[1]))
    assert following is None
    assert len(seen) == len(set(seen)) == 12


def test_the_form_and_the_line_are_two_views_of_one_query(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    line = "/fhir/r4/Observation?code=2339-0&date=ge2026-10-05&_count=3"
    html = page(browser, explorer, user=alices.pk, q=line)
    assert 'name="value" value="2339-0"' in html
    assert 'name="value" value="2026-10-05"' in html
    assert '<option value="ge" selected>' in html
    sent: dict[str, Any] = {
        "user": alices.pk,
        "q": line,
        "shown": line,
        "type": "Observation",
        "was": "Observation",
        "name": ["code", "date"],
        "prefix": ["", "lt"],
        "value": ["2339-0", "2026-10-05"],
        "count": "7",
        "add": "status",
        "added": "final",
        "view": "table",
    }
    changed = "/fhir/r4/Observation?code=2339-0&date=lt2026-10-05&status=final&_count=7"
    answer = browser.get(explorer, sent)
    assert answer.status_code == 302
    assert (
        f'value="{changed}"'.replace("&", "&amp;")
        in browser.get(answer["Location"]).content.decode()
    )
    typed = browser.get(explorer, sent | {"q": "/fhir/r4/Condition"})
    assert 'value="/fhir/r4/Condition"' in browser.get(typed["Location"]).content.decode()


def test_another_type_keeps_only_what_it_knows() -> None:
    from django.http import QueryDict

    data = QueryDict(mutable=True)
    data.update({"type": "Patient", "was": "Observation"})
    data.setlist("name", ["code", "_lastUpdated"])
    data.setlist("prefix", ["", "ge"])
    data.setlist("value", ["2339-0", "2026-11"])
    assert str(line_of(data, version="r4")) == "/fhir/r4/Patient?_lastUpdated=ge2026-11"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Observation", "/fhir/stu3/Observation"),
        ("GET /fhir/r4/Observation?code=1", "/fhir/r4/Observation?code=1"),
        ("/dstu2/patient", "/dstu2/patient"),
        ("{base}/fhir/r4/Patient/1", "/fhir/r4/Patient/1"),
        ("/fhir/r4/Patient?name=Å b&access_token=5ecret", "/fhir/r4/Patient?name=%C3%85%20b"),
        ("/fhir/r4", "/fhir/r4"),
    ],
)
def test_a_line_is_read_as_people_type_it(typed: str, read: str) -> None:
    assert str(read_line(typed.format(base=settings.PUBLIC_BASE_URL), version="stu3")) == read


@pytest.mark.parametrize(
    "typed", ["POST /fhir/r4/Patient", "https://other.example/fhir/r4/Patient"]
)
def test_what_the_explorer_does_not_do_is_said(
    browser: Client, explorer: str, alices: AppUser, typed: str
) -> None:
    with pytest.raises(BadLine):
        read_line(typed, version="r4")
    html = page(browser, explorer, user=alices.pk, q=typed)
    assert 'class="notice bad"' in html
    assert f'value="{typed}"' in html


def test_an_outcome_is_told_and_its_place_marked(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    html = page(browser, explorer, user=alices.pk, q="Observation?code=1&date=yesterday")
    assert "<mark>date=yesterday</mark>" in html
    assert "400 Bad Request" in text_of(html)
    assert "search parameter date" in text_of(html)
    assert "Dates look like 2026-11-24" in text_of(html)


def test_what_was_ignored_is_told(browser: Client, explorer: str, alices: AppUser) -> None:
    words = text_of(page(browser, explorer, user=alices.pk, q="Observation?kode=1"))
    assert "“kode” is no parameter of Observation" in words


def test_no_match_says_where_there_is_one(browser: Client, explorer: str, alices: AppUser) -> None:
    html = page(browser, explorer, user=alices.pk, q="/fhir/dstu2/Observation?code=nothing")
    words = text_of(html)
    assert "Nothing matches" in words
    assert "R4, 12" in words
    assert "without code=nothing" in words


def test_every_query_is_in_the_audit_record(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    page(browser, explorer, user=alices.pk, q="/fhir/r4/Observation/glucose")
    record = AuditRecord.objects.filter(app_user=alices.pk).latest("id")
    told = (record.via, record.interaction, record.resource_type, record.resource_id)
    assert told == ("explorer", "read", "Observation", "glucose")


def test_only_ones_own_users_can_be_asked_as(
    browser: Client, explorer: str, alices: AppUser, mallory_app: NewClient, mallory_user: AppUser
) -> None:
    html = page(browser, explorer, user=mallory_user.pk, q="Patient")
    assert "has no user" in text_of(html)
    assert "Alice Example" not in html
    other = slug_of(mallory_app.application)
    assert browser.get(f"/console/apps/{other}/explorer").status_code == 404
    path = f"/console/apps/{other}/users/{mallory_user.pk}/data/Observation"
    assert browser.get(path).status_code == 404
    assert Client().get(explorer).status_code == 302


def test_the_start_offers_queries_that_find_something(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    html = page(browser, explorer, user=alices.pk)
    links = re.findall(r'<a href="([^"]+)"><b>', html)
    assert len(links) >= 4
    for link in links:
        assert "200 OK" in text_of(browser.get(unescape(link)).content.decode())


def test_an_application_without_users_is_told_what_to_do(browser: Client, explorer: str) -> None:
    assert "No users yet" in text_of(page(browser, explorer))


def test_a_large_answer_is_cut_and_can_be_downloaded(
    browser: Client, explorer: str, alices: AppUser, now: datetime
) -> None:
    big = {
        "resourceType": "Basic",
        "id": "big",
        "text": {"status": "generated", "div": "x" * 300_000},
    }
    put_many(owner=alices.pk, version="r4", resources=[big], now=now)
    html = page(browser, explorer, user=alices.pk, q="Basic/big", view="json")
    assert "Cut here" in html
    whole = browser.get(explorer, {"user": str(alices.pk), "q": "Basic/big", "view": "file"})
    assert whole.json()["text"]["div"] == "x" * 300_000
    assert whole["Content-Disposition"] == 'attachment; filename="Basic.json"'


def test_numbers_keep_their_digits() -> None:
    assert indented('{"a":[1.10,{}],"b":"x, {y}: \\"z"}')[0] == (
        '{\n  "a": [\n    1.10,\n    {}\n  ],\n  "b": "x, {y}: \\"z"\n}'
    )


def test_references_lead_on(browser: Client, explorer: str, alices: AppUser) -> None:
    html = page(browser, explorer, user=alices.pk, q="Observation/glucose", view="json")
    found = re.search(r'<a href="([^"]+)">&quot;Patient/p1&quot;</a>', html)
    assert found
    assert shown_json(browser.get(unescape(found[1])).content.decode())["id"] == "p1"


def test_a_type_of_a_user_is_a_ready_made_query(
    browser: Client, dana_app: NewClient, alices: AppUser
) -> None:
    path = f"/console/apps/{slug_of(dana_app.application)}/users/{alices.pk}/data"
    words = text_of(page(browser, f"{path}/Observation"))
    assert "12 resources of alice in R4, newest first." in words
    assert words.index("20 Nov 2026") < words.index("11 Oct 2026") < words.index("1 Oct 2026")
    assert browser.get(f"{path}/Nonsense").status_code == 404
    assert browser.get(f"{path}/Observation?q=/fhir/r4/Patient").status_code == 404


def test_nothing_is_inline(browser: Client, explorer: str, alices: AppUser) -> None:
    html = page(browser, explorer, user=alices.pk, q="Observation", view="json")
    assert " style=" not in html
    assert "<script>" not in html
    assert html.count("<h1>") == 1


def test_live_applications_are_told_that_people_are_real(
    browser: Client, dana_app: NewClient, explorer: str, alices: AppUser
) -> None:
    assert "real people" not in page(browser, explorer, user=alices.pk, q="Patient")
    Application.objects.filter(pk=dana_app.application.pk).update(mode=Application.LIVE)
    assert "real people" in page(browser, explorer, user=alices.pk, q="Patient")


def test_among_many_users_an_id_is_typed(crowd: Crowd) -> None:
    browser, address = crowd.browser(), f"/console/apps/{crowd.slug}/explorer"
    sent = {
        "who": "sample-0400",
        "user": str(crowd.users[0].pk),
        "q": "Observation",
        "shown": "",
        "version": "r4",
    }
    answer = browser.get(browser.get(address, sent)["Location"])
    assert 'name="who" value="sample-0400"' in answer.content.decode()
    assert "10 of 60 resources" in text_of(answer.content.decode())
    wrong = browser.get(address, sent | {"who": "nobody"}).content.decode()
    assert "has no user “nobody”" in text_of(wrong)
    assert 'name="who" value="nobody"' in wrong


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("explorer", 16),
        ("explorer?q=/fhir/r4/Observation?_count=50", 17),
        ("users/{user}/data/Observation", 15),
    ],
)
def test_pages_of_a_busy_application_send_few_statements(
    crowd: Crowd, path: str, most: int
) -> None:
    browser = crowd.browser()
    address = f"/console/apps/{crowd.slug}/{path.format(user=crowd.users[0].pk)}"

    def open_page() -> None:
        assert browser.get(address).status_code == 200

    open_page()
    assert statements(open_page) <= most


def test_what_came_along_is_marked_and_not_counted(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    line = "/fhir/r4/Condition?_include=Condition:subject"
    words = text_of(page(browser, explorer, user=alices.pk, q=line))
    assert "1 of 1 resources 1 came along" in words
    assert "Alice Example came along" in words
    assert words.count("came along") == 2


def test_explain_is_a_switch_of_the_line(browser: Client, explorer: str, alices: AppUser) -> None:
    line = "/fhir/r4/Observation?code=2339-0&_count=3"
    sent: dict[str, Any] = {"user": alices.pk, "q": line, "shown": line, "type": "Observation"}
    fields = {"was": "Observation", "name": "code", "prefix": "", "value": "2339-0", "count": "3"}
    answer = browser.get(explorer, sent | fields | {"explain": "true"})
    html = browser.get(answer["Location"]).content.decode()
    assert f'value="{line}&_explain=true"'.replace("&", "&amp;") in html
    assert 'name="explain" value="true" checked' in html
    words = text_of(html)
    assert "How this was understood" in words
    assert "code (token) is 2339-0 found by the index of codes, references and uris" in words
    assert "The database took" in words
    assert words.index("The database took") < words.index("Effective Observation")
    explained = f"{line}&_explain=true"
    off = sent | fields | {"q": explained, "shown": explained, "explained": "true"}
    assert "_explain" not in browser.get(explorer, off)["Location"]


def test_explain_is_switched_where_there_are_no_fields(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    line = "/fhir/r4?_type=Condition"
    sent = {"user": str(alices.pk), "q": line, "shown": line, "type": "", "explain": "true"}
    words = text_of(browser.get(browser.get(explorer, sent)["Location"]).content.decode())
    assert "Condition: every one, without a filter" in words
    read = page(browser, explorer, user=alices.pk, q="Patient/p1?_explain=true")
    assert "Only searches are explained" in text_of(read)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("date=2026&date=yesterday", "date=yesterday"),
        ("code=1&subject:Patient.birthdate=soon", "subject:Patient.birthdate=soon"),
        ("code=1&_include=Observation:nothing", "_include=Observation:nothing"),
        ("code-value-quantity=1&code=1", "code-value-quantity=1"),
        ("code=1&code:in=http://example.org/none", "code:in=http://example.org/none"),
    ],
)
def test_the_one_parameter_that_is_wrong_is_marked(
    browser: Client, explorer: str, alices: AppUser, query: str, wrong: str
) -> None:
    html = page(browser, explorer, user=alices.pk, q=f"Observation?{query}")
    assert re.findall(r"<mark>(.*?)</mark>", html) == [wrong]
    assert html.count('class="field parameter wrong"') == 1


def test_a_history_tells_what_became_of_each_version(
    browser: Client, explorer: str, alices: AppUser
) -> None:
    words = text_of(page(browser, explorer, user=alices.pk, q="Observation/glucose/_history"))
    assert "Written What Value Change Id" in words
    assert "Glucose <fasting> 6.1 mmol/L created glucose" in words


def test_ready_made_queries_show_the_grammar(
    browser: Client, explorer: str, alices: AppUser, now: datetime
) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": {"text": "Panel"},
        "result": [{"reference": "Observation/glucose"}],
    }
    visit = {"resourceType": "Encounter", "id": "e1", "status": "finished"}
    put_many(owner=alices.pk, version="r4", resources=[report, visit], now=now)
    html = page(browser, explorer, user=alices.pk)
    shown = set(re.findall(r'<span class="note">([^<]+)</span>', html))
    for piece in ("chain", "_has", "_include", "_revinclude", "quantity with unit", "composite"):
        assert piece in shown
    for piece in ("_sort by two keys", ":missing", "_summary", "$lastn", "history"):
        assert piece in shown
    assert {"system search", "compartment"} <= shown
    assert "Patient/p1/*" in html
    _, _, more = html.partition('id="grammar"')
    for link in re.findall(r'<a href="([^"]+)"><b>', more):
        words = text_of(browser.get(unescape(link)).content.decode())
        assert "200 OK" in words
        assert "was ignored" not in words
