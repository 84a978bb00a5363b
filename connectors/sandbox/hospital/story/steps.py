"""What a visit brings: readings, panels, notes, reports, treatments.

A step names one of these, and when it applies in a series: `since` and `until` a year, `only` in
one, `every` second, third... time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connectors.sandbox.hospital.codes import concept
from connectors.sandbox.hospital.facts.care import Treatment, Visit
from connectors.sandbox.hospital.measures import MEASURES
from connectors.sandbox.hospital.story.book import Row
from connectors.sandbox.hospital.story.chart import Chart

PANELS = {
    "hba1c-report": ("hba1c",),
    "metabolic-panel": ("glucose", "creatinine", "egfr", "sodium", "potassium", "alt"),
    "lipid-panel": ("cholesterol", "ldl", "hdl", "triglycerides"),
    "blood-count": ("hemoglobin", "leukocytes", "platelets"),
    "thyroid-panel": ("thyrotropin", "thyroxine"),
    "heart-panel": ("natriuretic-peptide",),
}


class Words(dict[str, str]):
    """Words to fill into a text: `{hba1c}` is that measure's value at the visit."""

    def __init__(self, chart: Chart, visit: Visit, verdict: Row | None) -> None:
        super().__init__(day=f"{visit.start:%d %b %Y}", year=str(visit.start.year))
        self._chart, self._visit = chart, visit
        if verdict:
            low = chart.shown(visit, MEASURES[verdict["of"]]) < verdict["below"]
            self["verdict"] = verdict["yes"] if low else verdict["no"]

    def __missing__(self, key: str) -> str:
        return f"{self._chart.shown(self._visit, MEASURES[key]):g}"


def take(chart: Chart, visit: Visit, told: Row, *, number: int = 0) -> None:
    """The steps of a visit that happened, the `number`th of its series."""
    words = Words(chart, visit, told.get("verdict"))
    for step in told.get("then", ()):
        if _applies(step, visit.start.year, number):
            _step(chart, visit, step, words)


def _applies(step: Row, year: int, number: int) -> bool:
    first, last = step.get("since", year), step.get("until", year)
    only, every = step.get("only", year), step.get("every", 1)
    return bool(first <= year <= last and only == year and number % every == 0)


def _step(chart: Chart, visit: Visit, step: Row, words: Words) -> None:
    if "reading" in step:
        answer = step.get("answer")
        chart.reading(
            MEASURES[step["reading"]],
            visit,
            values=tuple(step.get("values", ())),
            answer=concept(answer) if answer else None,
            comment=step.get("comment", ""),
        )
    elif "panel" in step:
        members = [MEASURES[key] for key in step.get("of", PANELS.get(step["panel"], ()))]
        conclusion = step.get("conclusion", "").format_map(words)
        chart.panel(visit, concept(step["panel"]), members, conclusion=conclusion)
    elif "document" in step:
        chart.note(
            visit,
            concept(step["document"]),
            step["title"].format_map(words),
            _filled(step["paragraphs"], words),
            media=step.get("media", "text/html"),
        )
    elif "report" in step:
        report, section = concept(step["report"]), step["section"]
        chart.words(visit, report, section, days=step["days"], conclusion=step["words"])
    else:
        chart.treatments.append(_treatment(visit, step))


def _filled(paragraphs: Iterable[str], words: Words) -> list[str]:
    return [paragraph.format_map(words) for paragraph in paragraphs]


def _treatment(visit: Visit, step: Row) -> Treatment:
    site = step.get("site")
    return Treatment(
        key=step.get("key") or f"{visit.key}/{step['part']}",
        concept=concept(step["treatment"]),
        start=visit.start + timedelta(minutes=step["minute"]),
        minutes=step["minutes"],
        visit=visit.key,
        doctor=visit.doctor,
        reason=step.get("reason"),
        site=concept(site) if site else None,
        note=step.get("note", ""),
    )
