"""String searches (hl7.org/fhir/R4/search.html#string)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.tables import REFUSED, check, resource
from tests.fhirstore.fhir_client import Fhir


def person(ident: str, version: str, **name: Any) -> dict[str, Any]:
    if version == "dstu2" and "family" in name:  # which repeats there
        name["family"] = [name["family"]]
    return resource("Patient", ident, name=[name])


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_names(fhir: Fhir, version: str) -> None:
    people = [
        person("eve", version, family="Everest", given=["Eve", "Anne-Marie"]),
        person("evelyn", version, family="Smith", given=["Evelyn"]),
        person("severine", version, family="Néville", given=["Severine"]),
        person("brien", version, family="O'Brien", prefix=["Dr."]),
        person("umlaut", version, text="Jürgen  Müller-Lüdenscheidt", suffix=["III"]),
        person("comma", version, family="Smith, Jr"),
        resource("Patient", "none"),
    ]
    check(
        fhir,
        version,
        "Patient",
        people,
        {
            "given=eve": "eve evelyn",
            "given:contains=eve": "eve evelyn severine",
            "given:exact=Eve": "eve",
            "given:exact=eve": "",
            "given:exact=Severin": "",
            "given=anne": "eve",
            "given=marie": "",  # begins with, not holds a word
            "given:contains=marie": "eve",
            "name=smith": "evelyn comma",
            "name=EVE": "eve evelyn",
            "name=neville": "severine",
            "family=NEVILLE": "severine",
            "family=néville": "severine",
            "family:exact=Néville": "severine",
            "family:exact=Neville": "",
            "family:contains=VILL": "severine",
            "family=obrien": "brien",
            "family=o'brien": "brien",
            "name=dr": "brien",
            "name=iii": "umlaut",
            "name=jurgen muller": "umlaut",
            "name=muller": "",
            "name:contains=muller": "umlaut",
            r"family=smith\, jr": "comma",
            r"family:exact=Smith\, Jr": "comma",
            "family=smith, jr": "evelyn comma",  # two values
            "family=smith,neville": "evelyn comma severine",
            "given=eve&family=smith": "evelyn",
            "name:missing=true": "none",
            "family:missing=true": "umlaut none",
            "given:odd=x": REFUSED,
            "given:not=x": REFUSED,
        },
    )


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_addresses(fhir: Fhir, version: str) -> None:
    places = [
        resource("Patient", "a", address=[{"line": ["1 Main St", "Flat 2"], "city": "Köln"}]),
        resource(
            "Patient", "b", address=[{"city": "Boston", "state": "MA", "postalCode": "02115"}]
        ),
        resource("Patient", "c", address=[{"text": "Kolberg", "country": "DE"}, {"city": "Bern"}]),
    ]
    check(
        fhir,
        version,
        "Patient",
        places,
        {
            "address=kol": "a c",
            "address=flat": "a",
            "address=ma": "b",
            "address=main": "",
            "address:contains=main": "a",
            "address-city=kol": "a",
            "address-city=bern,boston": "b c",
            "address-postalcode=021": "b",
            "address-state:exact=MA": "b",
            "address-country=de": "c",
            "address=kol&address=bern": "c",
        },
    )


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_letters_of_their_own(fhir: Fhir, version: str) -> None:
    """What Unicode does not take apart into a letter and a mark."""
    people = [
        person("pl", version, given=["Łukasz"], family="Wałęsa"),
        person("dk", version, given=["Ørsted"], family="Ærø"),
        person("is", version, given=["Æsir"], family="Þórðarson"),
        person("tr", version, given=["Işık"], family="İstanbul"),
        person("de", version, given=["Groß"], family="Œuvre"),
        person("mt", version, given=["Ħal Għaxaq"], family="Đorđević"),
        person("se", version, given=["Áŋŧ"]),
    ]
    check(
        fhir,
        version,
        "Patient",
        people,
        {
            "given=lukasz": "pl",
            "given=Łuk": "pl",
            "given=ŁUKASZ": "pl",
            "given:exact=Łukasz": "pl",
            "given:exact=Lukasz": "",
            "family:contains=les": "pl",
            "given=orsted": "dk",
            "given=ØRSTED": "dk",
            "family=aero": "dk",
            "given=aesir": "is",
            "given=æs": "is",
            "family=thordarson": "is",
            "given=isik": "tr",
            "family=istanbul": "tr",
            "given=gross": "de",
            "family=oeuvre": "de",
            "given=hal ghaxaq": "mt",
            "family=dordevic": "mt",
            "family=đorđe": "mt",
            "given=ant": "se",
        },
    )


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_punctuation_alone(fhir: Fhir, version: str) -> None:
    """Nothing of it would be compared, and everything begins with nothing."""
    people = [
        person("a", version, family="Adams", given=["-"]),
        person("b", version, family="%", text="B. %"),
    ]
    check(
        fhir,
        version,
        "Patient",
        people,
        {
            "family=%": "",
            "family=-": "",
            "family=_": "",
            "name:contains=*": "",
            "given=' '": "",
            "family=%,adams": "a",
            "family:exact=%": "b",
            "given:exact=-": "a",
        },
    )
