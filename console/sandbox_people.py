"""The sandbox's people as a list to pick from: houses with several people first, then the rest."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.sandbox_control import Person, Place, SandboxState


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A person in the list; `place` is empty under the place's own heading."""

    person: Person
    place: str
    current: bool
    afflicted: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """A heading and its people."""

    name: str
    people: list[Pick]


def groups_of(state: SandboxState, *, chosen: Person) -> list[Group]:
    """Every person once."""

    def pick(person: Person, place: str = "") -> Pick:
        return Pick(
            person=person,
            place=place,
            current=person == chosen,
            afflicted=any(fault.strikes(person) for fault in state.faults),
        )

    large = [place for place in state.places if len(place.people) > 1]
    small = [place for place in state.places if len(place.people) == 1]
    groups = [
        Group(name=_titled(place), people=[pick(person) for person in place.people])
        for place in large
    ]
    if small:
        rest = [pick(place.people[0], _titled(place)) for place in small]
        groups.append(Group(name=_("Elsewhere"), people=rest))
    return groups


def _titled(place: Place) -> str:
    return f"{place.name}, {place.system}"
