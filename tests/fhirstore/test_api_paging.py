"""Bundle and paging rules, to the letter (wire contract 12.2 to 12.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fhirstore.fhir_client import Fhir, ids, link, observation

BASE = "http://127.0.0.1:8000"
LEGACY = ("dstu2", "stu3")
VERSIONS = (*LEGACY, "r4")


def filled(fhir: Fhir, version: str, count: int) -> list[str]:
    """So many Observations of patient p1, and the Patient; their ids in order."""
    names = [f"o{n:03d}" for n in range(count)]
    # Stored in another order than they are listed in.
    resources = [observation(n, subject={"reference": "Patient/p1"}) for n in reversed(names)]
    fhir.store(version, {"resourceType": "Patient", "id": "p1"}, *resources)
    return names


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bundle_has_exactly_these_keys_in_this_order(fhir: Fhir, version: str) -> None:
    filled(fhir, version, 11)
    bundle = fhir.get(f"/fhir/{version}/Observation")
    assert list(bundle) == ["resourceType", "type", "total", "entry", "link"]
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    entry = bundle["entry"][0]
    assert list(entry) == ["fullUrl", "search", "resource"]
    assert entry["search"] == {"mode": "match"}
    assert entry["fullUrl"] == f"{BASE}/fhir/{version}/Observation/o000"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 21, 25])
def test_pages_of_ten_in_id_order_until_all_were_shown(
    fhir: Fhir, version: str, count: int
) -> None:
    names = filled(fhir, version, count)
    seen: list[str] = []
    sizes: list[int] = []
    url: str | None = f"/fhir/{version}/Observation"
    while url:
        bundle = fhir.get(url)
        assert bundle["total"] == count
        seen += ids(bundle)
        sizes.append(len(bundle["entry"]))
        url = link(bundle, "next")
    assert seen == names
    assert sizes == ([10] * ((count - 1) // 10) + [(count - 1) % 10 + 1] if count else [0])


@pytest.mark.parametrize("version", LEGACY)
@pytest.mark.parametrize(
    "query, links",
    [
        ("", ["", "?_afterid=o009"]),
        ("?_afterid=o009", ["?_afterid=o009", "?_afterid=o019"]),
        ("?_afterid=o019", None),
        ("?_count=5", ["?_count=5", "?_count=5&_afterid=o004"]),
        ("?_count=5&_afterid=o004", ["?_count=5&_afterid=o004", "?_count=5&_afterid=o009"]),
        ("?_skip=0", ["?_skip=0", "?_skip=10"]),
        ("?_skip=10", ["?_skip=10", "?_skip=20"]),
        ("?_skip=20", None),
        ("?_offset=10", ["?_offset=10", "?_skip=20"]),
        ("?_skip=10&_count=3", ["?_skip=10&_count=3", "?_count=3&_skip=13"]),
        ("?_count=25", None),
        ("?_count=1000", None),
        ("?_count=0", None),
        ("?_summary=count", None),
        ("?_count=abc", ["?_count=abc", "?_count=abc&_afterid=o009"]),
        ("?_skip=-1", ["?_skip=-1", "?_afterid=o009"]),
        ("?_skip=1.5", ["?_skip=1.5", "?_afterid=o009"]),
        ("?_skip=9999999999999999999999999999", None),
        ("?status=final", ["?status=final", "?status=final&_afterid=o009"]),
        ("?odd=1", ["?odd=1", "?odd=1&_afterid=o009"]),
        ("?subject=Patient%2Fp1", ["?subject=Patient%2Fp1", "?subject=Patient%2Fp1&_afterid=o009"]),
    ],
)
def test_links_of_the_older_versions_are_self_and_next_or_none(
    fhir: Fhir, version: str, query: str, links: list[str] | None
) -> None:
    filled(fhir, version, 25)
    bundle = fhir.get(f"/fhir/{version}/Observation{query}")
    url = f"{BASE}/fhir/{version}/Observation"
    if links is None:
        assert "link" not in bundle
    else:
        assert bundle["link"] == [
            {"relation": "self", "url": url + links[0]},
            {"relation": "next", "url": url + links[1]},
        ]
    assert bundle["total"] == 25


@pytest.mark.parametrize(
    "query, self_query, following",
    [
        ("", "", "?_after="),
        ("?_count=25", "?_count=25", None),
        ("?_count=0", "?_count=0", None),
        ("?_summary=count", "?_summary=count", None),
        ("?_count=5", "?_count=5", "?_count=5&_after="),
        ("?_skip=0", "?_skip=0", "?_skip=10"),
        ("?_skip=20", "?_skip=20", None),
        ("?_afterid=o009", "?_afterid=o009", "?_after="),
        ("?_afterid=o019", "?_afterid=o019", None),
        ("?odd=1&status=final", "?status=final", "?status=final&_after="),
        ("?status=final&_count=x", "?status=final", "?status=final&_after="),
        ("?_after=nonsense", "?_after=nonsense", "?_after="),
        ("?_count=x&_count=5", "?_count=5", "?_count=5&_after="),
        ("?status=&status=final", "?status=final", "?status=final&_after="),
        ("?_sort=odd", "", "?_after="),
        ("?_sort=-date,odd", "?_sort=-date", "?_sort=-date&_after="),
        ("?_sort=odd,-date%2Codd:x", "?_sort=-date", "?_sort=-date&_after="),
    ],
)
def test_r4_always_has_self_and_leaves_out_what_was_ignored(
    fhir: Fhir, query: str, self_query: str, following: str | None
) -> None:
    filled(fhir, "r4", 25)
    bundle = fhir.get(f"/fhir/r4/Observation{query}")
    url = f"{BASE}/fhir/r4/Observation"
    assert bundle["link"][0] == {"relation": "self", "url": url + self_query}
    if following is None:
        assert len(bundle["link"]) == 1
    else:
        assert [x["relation"] for x in bundle["link"]] == ["self", "next"]
        assert bundle["link"][1]["url"].startswith(url + following)


@pytest.mark.parametrize("version", VERSIONS)
def test_both_prefixes_answer_and_are_repeated(fhir: Fhir, version: str) -> None:
    filled(fhir, version, 11)
    for prefix in (f"/fhir/{version}", f"/{version}"):
        bundle = fhir.get(f"{prefix}/Observation")
        assert bundle["entry"][0]["fullUrl"] == f"{BASE}{prefix}/Observation/o000"
        assert all(x["url"].startswith(f"{BASE}{prefix}/Observation") for x in bundle["link"])


def test_short_full_urls_are_a_setting(fhir: Fhir, settings: Any) -> None:
    settings.FULLURL_STYLE = "short"
    filled(fhir, "dstu2", 11)
    bundle = fhir.get("/fhir/dstu2/Observation")
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}/dstu2/Observation/o000"
    assert bundle["link"][0]["url"] == f"{BASE}/fhir/dstu2/Observation"


def test_addresses_come_from_the_setting_and_never_from_the_host_header(fhir: Fhir) -> None:
    filled(fhir, "dstu2", 1)
    bundle = fhir.get("/fhir/dstu2/Observation", host="localhost")
    assert bundle["entry"][0]["fullUrl"].startswith(BASE)


def test_an_access_token_in_the_query_is_not_repeated(fhir: Fhir) -> None:
    filled(fhir, "dstu2", 11)
    bundle = fhir.get("/fhir/dstu2/Observation?access_token=secret")
    assert bundle["link"][1]["url"] == f"{BASE}/fhir/dstu2/Observation?_afterid=o009"


@pytest.mark.parametrize("version", VERSIONS)
def test_parallel_skips_show_each_entry_once(fhir: Fhir, version: str) -> None:
    names = filled(fhir, version, 25)
    pages = [fhir.get(f"/{version}/Observation?_skip={n}") for n in (0, 10, 20, 30)]
    assert [name for page in pages for name in ids(page)] == names
    assert [page["total"] for page in pages] == [25, 25, 25, 25]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("asked, shown", [("1", 1), ("1000", 12), ("5000", 12), ("0", 0)])
def test_count_is_honoured_to_a_thousand(fhir: Fhir, version: str, asked: str, shown: int) -> None:
    filled(fhir, version, 12)
    bundle = fhir.get(f"/{version}/Observation?_count={asked}")
    assert (bundle["total"], len(bundle["entry"])) == (12, shown)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_match_is_an_empty_bundle(fhir: Fhir, version: str) -> None:
    bundle = fhir.get(f"/fhir/{version}/Observation?code=none")
    expected: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "entry": [],
    }
    if version == "r4":
        expected["link"] = [{"relation": "self", "url": f"{BASE}/fhir/r4/Observation?code=none"}]
    assert bundle == expected


@pytest.mark.parametrize(
    "path", ["/fhir/stu3/MedicationOrder", "/r4/MedicationOrder", "/fhir/dstu2/Coverage?x=1"]
)
def test_a_type_of_another_version_is_an_empty_bundle(fhir: Fhir, path: str) -> None:
    bundle = fhir.get(path)
    assert (bundle["total"], bundle["entry"]) == (0, [])


def test_a_type_of_no_version_is_not_known(fhir: Fhir) -> None:
    assert fhir.get("/fhir/dstu2/Nonsense", expect=404)["resourceType"] == "OperationOutcome"


def test_the_result_window_of_r4_ends_at_9990(fhir: Fhir, settings: Any) -> None:
    assert fhir.get("/r4/Observation?_skip=9990")["entry"] == []
    issue = fhir.get("/r4/Observation?_skip=9991", expect=400)["issue"][0]
    assert issue["code"] == "invalid"
    assert "result window" in issue["details"]["text"]
    assert fhir.get("/dstu2/Observation?_skip=9991")["total"] == 0
    settings.R4_SKIP_MAX = 0
    assert fhir.get("/r4/Observation?_skip=9991")["total"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_shows_the_patient_first_and_follows_by_skip(fhir: Fhir, version: str) -> None:
    names = filled(fhir, version, 24)
    url = f"{BASE}/fhir/{version}/Patient/p1/$everything"
    first = fhir.get(url)
    assert ids(first) == ["p1", *names[:9]]
    assert first["total"] == 25
    assert first["link"] == [
        {"relation": "self", "url": url},
        {"relation": "next", "url": f"{url}?_skip=10"},
    ]
    second = fhir.get(first["link"][1]["url"])
    assert ids(second) == names[9:19]
    assert [x["url"] for x in second["link"]] == [f"{url}?_skip=10", f"{url}?_skip=20"]
    last = fhir.get(second["link"][1]["url"])
    assert ids(last) == names[19:]
    if version == "r4":
        assert last["link"] == [{"relation": "self", "url": f"{url}?_skip=20"}]
    else:
        assert "link" not in last


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_takes_count_and_keeps_it(fhir: Fhir, version: str) -> None:
    filled(fhir, version, 24)
    url = f"{BASE}/{version}/Patient/p1/$everything"
    bundle = fhir.get(f"{url}?_count=20")
    assert len(bundle["entry"]) == 20
    assert link(bundle, "next") == f"{url}?_count=20&_skip=20"
    assert fhir.get(f"{url}?_count=100")["total"] == 25
    assert ids(fhir.get(f"{url}?_afterid=o021")) == ["o022", "o023"]
    following = link(fhir.get(f"{url}?_afterid=o003&_count=5"), "next") or ""
    assert following.startswith(f"{url}?_count=5&_after=")
    assert ids(fhir.get(following))[0] == "o009"


def test_everything_is_the_compartment_and_no_more(fhir: Fhir) -> None:
    filled(fhir, "r4", 1)
    fhir.store(
        "r4",
        {"resourceType": "Patient", "id": "p2"},
        observation("other", subject={"reference": "Patient/p2"}),
        {"resourceType": "Practitioner", "id": "d1"},
        {"resourceType": "Organization", "id": "org"},
        {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}},
        {"resourceType": "Provenance", "id": "pr", "target": [{"reference": "Patient/p1"}]},
        {
            "resourceType": "AuditEvent",
            "id": "ae",
            "entity": [{"what": {"reference": "Patient/p1"}}],
        },
    )
    assert ids(fhir.get("/r4/Patient/p1/$everything")) == ["p1", "c1", "o000"]
    assert ids(fhir.get("/r4/Patient/p1/$everything?_type=Condition")) == ["c1"]
    assert fhir.get("/r4/Patient/p1/$everything?_since=2999")["total"] == 0
    fhir.get("/r4/Patient/p3/$everything", expect=404)


def test_everything_as_a_query_by_mistake_is_the_patient(fhir: Fhir) -> None:
    filled(fhir, "dstu2", 1)
    assert fhir.get("/fhir/dstu2/Patient/p1?$everything")["id"] == "p1"


def test_lenient_handling_names_what_was_ignored_in_r4(fhir: Fhir) -> None:
    filled(fhir, "r4", 1)
    bundle = fhir.get("/r4/Observation?odd=1&_sort=date,even", prefer="handling=lenient")
    assert bundle["total"] == 1
    outcome = bundle["entry"][-1]
    assert outcome["search"] == {"mode": "outcome"}
    text = outcome["resource"]["issue"][0]["details"]["text"]
    assert "odd" in text
    assert "_sort=even" in text
    assert len(fhir.get("/r4/Observation?odd=1")["entry"]) == 1
    assert len(fhir.get("/r4/Observation", prefer="handling=lenient")["entry"]) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_strict_handling_refuses_what_is_not_known(fhir: Fhir, version: str) -> None:
    answer = fhir.get(f"/{version}/Observation?odd=1", prefer="handling=strict", expect=400)
    assert "odd" in answer["issue"][0]["details"]["text"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sort", ["-date", "date", "_lastUpdated", "-_lastUpdated", "-_id"])
def test_a_sorted_search_pages_through_everything_once(fhir: Fhir, version: str, sort: str) -> None:
    dated = [observation(f"o{n:02d}", effectiveDateTime=f"2026-01-{28 - n:02d}") for n in range(12)]
    fhir.store(version, *dated, *[observation(f"u{n}") for n in range(3)])
    seen: list[str] = []
    url: str | None = f"/{version}/Observation?_sort={sort}&_count=4"
    while url:
        bundle = fhir.get(url)
        seen += ids(bundle)
        url = link(bundle, "next")
    undated = {"u0", "u1", "u2"}
    assert len(seen) == 15
    assert set(seen) == {r["id"] for r in dated} | undated
    if sort == "-date":
        assert seen[:12] == [r["id"] for r in dated]
    elif sort == "date":
        assert seen[:12] == [r["id"] for r in reversed(dated)]
    elif sort == "-_id":
        assert seen == sorted(seen, reverse=True)
    if sort.endswith("-date") or sort == "date":
        assert set(seen[12:]) == undated


@pytest.mark.parametrize("version", VERSIONS)
def test_many_matches_are_walked_in_id_order(
    fhir: Fhir, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhirstore.search.statement.MANY", 3)
    names = filled(fhir, version, 25)
    first = fhir.get(f"/{version}/Observation?status=final&subject=p1")
    second = fhir.get(link(first, "next") or "")
    assert ids(first) + ids(second) == names[:20]
    assert ids(fhir.get(f"/{version}/Observation?status=final&_skip=20")) == names[20:]
