"""The simulated hospitals.

A further one is an entry here: its number, its FHIR version, its staff and its people.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.hospital.fhir.renderers import DSTU2, R4, STU3, Renderer
from connectors.sandbox.hospital.groups import groups
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.hospital.ids import Ids, numbers, opaque, uuids
from connectors.sandbox.hospital.staff import staff
from connectors.sandbox.hospital.story.life import Story
from connectors.sandbox.house import Account

_EPIC = "https://open-ic.epic.com/FHIR/api/FHIR/DSTU2"
_CERNER = "https://fhir-myrecord.sandboxcerner.com/dstu2/0b8a0111-e8e6-4c26-a91c-5069cbc6b1ca"
_CERNER_LIVE = "https://fhir-myrecord.cerner.com/dstu2/ec2458f2-1e24-41c8-b71b-0e701af7583d"


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Somebody with an account: file in data/people/, id at the hospital, canonical FHIR base."""

    username: str
    password: str
    story: str
    line: str
    id: str
    base: str


def _hospital(
    system: int,
    name: str,
    *people: Patient,
    renderer: Renderer,
    ids: Ids,
    crew: str,
    payer: bool = False,
) -> Hospital:
    team = staff(crew)
    stories = {
        who.id: Story(name=who.story, patient=who.id, doctors=team.doctors, places=team.places)
        for who in people
    }
    what = "payer" if payer else "hospital"
    return Hospital(
        system=system,
        kind="clinical",
        name=name,
        initials="".join(word[0] for word in name.split()[:2]),
        notice=f"Simulated {what}. Do not enter real data.",
        what="record",
        accounts=tuple(
            Account(
                username=who.username,
                password=who.password,
                name=stories[who.id].person().text,
                line=who.line,
                subject=who.id,
                base=who.base,
            )
            for who in people
        ),
        groups=groups(renderer),
        renderer=renderer,
        ids=ids,
        records=stories,
    )


def _epic(username: str, story: str, line: str, id_: str) -> Patient:
    return Patient(
        username=username, password="epicepic1", story=story, line=line, id=id_, base=_EPIC
    )


def _cerner(username: str, story: str, line: str, id_: str, base: str = _CERNER) -> Patient:
    return Patient(
        username=username, password="Cerner01", story=story, line=line, id=id_, base=base
    )


def _small(
    system: int, name: str, crew: str, line: str, base: str, *, renderer: Renderer = DSTU2
) -> Hospital:
    """A hospital with one patient, demo / demo."""
    who = Patient(
        username="demo", password="demo", story=crew, line=line, id=f"demo-{system}", base=base
    )
    return _hospital(system, name, who, renderer=renderer, ids=uuids, crew=crew)


GENERAL = _hospital(
    4706,
    "Sandbox General Hospital",
    _epic(
        "fhirjason",
        "jason",
        "58, diabetes type 2",
        "Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB",
    ),
    _epic(
        "fhiremma",
        "emma",
        "34, asthma, one child",
        "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B",
    ),
    renderer=DSTU2,
    ids=opaque,
    crew="general",
)
REGIONAL = _hospital(
    4707,
    "Sandbox Regional Health",
    _cerner("wilma_smart", "wilma", "65, thyroid, new knee", "4342008"),
    _cerner("timmy_smart", "timmy", "10, asthma", "4342012"),
    _cerner("joe_smart", "joe", "52, high blood pressure, back", "4342010"),
    _cerner("fredrick_smart", "fredrick", "78, heart failure", "4342011"),
    _cerner("clara_smart", "clara", "57, high blood pressure, migraine", "4704007"),
    _cerner("wilmasmart", "wilma-live", "68, high blood pressure, thyroid", "12724065",
            _CERNER_LIVE),
    _cerner("nancysmart", "nancy-live", "41, migraine, asthma", "12724066", _CERNER_LIVE),
    renderer=DSTU2,
    ids=numbers,
    crew="regional",
)  # fmt: skip
MEDICARE = _hospital(
    4748,
    "Sandbox Medicare",
    Patient(
        username="BBUser29999",
        password="PW29999!",
        story="medicare",
        line="83, heart failure, new knee",
        id="20140000010000",
        base="https://sandbox.bluebutton.cms.gov/v1/fhir",
    ),
    renderer=STU3,
    ids=numbers,
    crew="medicare",
    payer=True,
)
CLINIC = _hospital(
    900010,
    "Sandbox R4 Clinic",
    Patient(
        username="demo",
        password="demo",
        story="clinic-demo",
        line="46, high blood pressure, asthma",
        id="7f0c1d52-9a43-4c8e-8f6b-2f1d0f3e9a10",
        base="https://r4-clinic.example/fhir/r4",
    ),
    renderer=R4,
    ids=uuids,
    crew="clinic",
)

HOSPITALS = (
    GENERAL,
    REGIONAL,
    MEDICARE,
    CLINIC,
    _small(
        32,
        "Sandbox Community Hospital",
        "community",
        "60, high blood pressure",
        "https://applescm184region.open.allscripts.com/open",
    ),
    _small(
        4894,
        "Sandbox University Hospital",
        "university",
        "43, underactive thyroid",
        "https://mcproxyprd.med.umich.edu/FHIR-PRD/api/FHIR/R4",
        renderer=R4,
    ),
    _small(
        5153,
        "Sandbox Beach Medical Center",
        "beach",
        "36, migraine",
        "https://epicfhir.msmc.com/proxysite-prd/api/FHIR/DSTU2",
    ),
    _small(
        11035,
        "Sandbox Practice One",
        "practice-one",
        "55, back pain",
        "https://practice-11035.example/fhir/dstu2",
    ),
    _small(
        11046,
        "Sandbox Practice Two",
        "practice-two",
        "31, asthma",
        "https://practice-11046.example/fhir/dstu2",
    ),
    _small(
        11049,
        "Sandbox Practice Three",
        "practice-three",
        "67, high blood pressure",
        "https://practice-11049.example/fhir/dstu2",
    ),
    _small(
        11580,
        "Sandbox Practice Four",
        "practice-four",
        "74, underactive thyroid",
        "https://practice-11580.example/fhir/dstu2",
    ),
)


def hospital(system: int) -> Hospital | None:
    """The hospital of a catalogue number."""
    return next((house for house in HOSPITALS if house.system == system), None)
