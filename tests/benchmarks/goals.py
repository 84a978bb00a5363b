"""The goal lines: what was wanted, what was measured, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.flat import LONGEST_MS, WITHIN, Flat
from tests.benchmarks.web import RAW, Served
from tests.benchmarks.writing import COPY, NEW, UNCHANGED, Written

SHIPPED = "whole"
_WEB = {"G2": ("page", 0.50), "G3": ("newest", 0.40), "G4": ("read", 0.20)}
_WEB_WORDS = {
    "page": "contract page of 50, exact total",
    "newest": "newest 50, no total",
    "read": "one resource by id",
}


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One line. `by_time` and `by_cpu` are the ratio as the clock and as CPU time tell it; where
    the machine did other things too, the second one is to be believed."""

    goal: str
    what: str
    wanted: float
    at_most: bool
    by_time: float
    by_cpu: float
    judged_by_cpu: bool
    also: bool = True

    @property
    def holds(self) -> bool:
        measured = self.by_cpu if self.judged_by_cpu else self.by_time
        return self.also and (measured <= self.wanted if self.at_most else measured >= self.wanted)


def of_flat(flat: Sequence[Flat]) -> list[Goal]:
    """G1: the large median against the small one, and all below the longest time."""
    return [
        Goal(
            goal="G1",
            what=f"{each.query}: large / small",
            wanted=WITHIN,
            at_most=True,
            by_time=each.large.median / each.small.median,
            by_cpu=each.large.cpu / each.small.cpu,
            judged_by_cpu=False,
            also=each.large.median < LONGEST_MS and each.small.median < LONGEST_MS,
        )
        for each in flat
    ]


def of_web(served: Sequence[Served]) -> list[Goal]:
    """G2 to G4: the raw server's cost against the shipped one's."""
    found = {(each.server, each.kind): each for each in served}
    goals = []
    for goal, (kind, wanted) in _WEB.items():
        raw, ours = found[RAW, kind], found[SHIPPED, kind]
        goals.append(
            Goal(
                goal=goal,
                what=f"{_WEB_WORDS[kind]}: raw server / shipped",
                wanted=wanted,
                at_most=False,
                by_time=ours.rate / raw.rate,
                by_cpu=raw.cpu / ours.cpu,
                judged_by_cpu=True,
            )
        )
    return goals


def of_writing(written: Sequence[Written]) -> list[Goal]:
    """G5: new resources against a bare COPY; G6: unchanged ones against new ones."""
    found = {(each.way, each.processes): each for each in written}
    goals = []
    for processes, wanted in ((1, 0.45), (2, 0.60)):
        limit, new = found[COPY, processes], found[NEW, processes]
        goals.append(
            Goal(
                goal="G5",
                what=f"new resources, processes: {processes}: ingest / bare COPY",
                wanted=wanted,
                at_most=False,
                by_time=new.rate / limit.rate,
                by_cpu=limit.cpu / new.cpu,
                judged_by_cpu=False,
            )
        )
    new, unchanged = found[NEW, 1], found[UNCHANGED, 1]
    goals.append(
        Goal(
            goal="G6",
            what="unchanged resources / new ones",
            wanted=5.0,
            at_most=False,
            by_time=unchanged.rate / new.rate,
            by_cpu=new.cpu / unchanged.cpu,
            judged_by_cpu=False,
        )
    )
    return goals


def of_plans(scans: Sequence[str], asked: int) -> Goal:
    """G9, as far as the benchmark's own statements go: the share that reads a table of the store
    whole."""
    return Goal(
        goal="G9",
        what=f"plans with a sequential scan, of {asked} statements",
        wanted=0.0,
        at_most=True,
        by_time=float(len(scans)),
        by_cpu=float(len(scans)),
        judged_by_cpu=False,
    )
