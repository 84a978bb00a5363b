"""Sample to Observation, in R4's shape (wire contract 14). The store adds subject, identifier and
meta.source, and renders the other versions.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any

from connectors.mapping.device import DEVICE_ID
from connectors.mapping.measures import Measure
from connectors.mapping.sample import DAY_TOTAL, Sample

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def observation(sample: Sample, *, vendor: str) -> dict[str, Any]:
    """The Observation of a reading, under the source's id (`steps/2018-05-01`)."""
    measure = sample.measure
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"{measure.key}/{sample.record}",
        "meta": {"tag": _tags(sample, vendor)},
        "text": {"status": "generated", "div": narrative(_sentence(sample))},
        "status": "preliminary" if sample.open else "final",
    }
    if measure.category:
        found["category"] = [{"coding": [{"system": CATEGORY, "code": measure.category}]}]
    found["code"] = _code(measure, _codes(sample))
    if sample.end is None:
        found["effectiveDateTime"] = sample.start.isoformat()
    else:
        found["effectivePeriod"] = {
            "start": sample.start.isoformat(),
            "end": sample.end.isoformat(),
        }
    found["valueQuantity"] = _quantity(measure, sample.value)
    found["device"] = {"reference": f"Device/{DEVICE_ID}"}
    if sample.components:
        found["component"] = [
            {
                "code": _code(part.measure, part.measure.codes),
                "valueQuantity": _quantity(part.measure, part.value),
            }
            for part in sample.components
        ]
    return found


def narrative(sentence: str) -> str:
    """A sentence as the XHTML of `text.div`."""
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(sentence)}</div>'


def plain(value: Decimal) -> int | float:
    """A value as a JSON number: whole ones without a point, none in scientific notation."""
    return int(value) if value == value.to_integral_value() else float(value)


def _codes(sample: Sample) -> tuple[str, ...]:
    measure = sample.measure
    day = sample.granularity == DAY_TOTAL and not sample.open
    last = measure.whole_day if day else measure.part_day
    return (*measure.codes, last) if last else measure.codes


def _code(measure: Measure, codes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "coding": [{"system": LOINC, "code": code} for code in codes],
        "text": measure.text,
    }


def _quantity(measure: Measure, value: Decimal) -> dict[str, Any]:
    return {"value": plain(value), "unit": measure.unit, "system": UCUM, "code": measure.ucum}


def _sentence(sample: Sample) -> str:
    measure = sample.measure
    amount = str(plain(sample.value))
    if measure.unit != measure.text.lower():
        amount += f" {measure.unit}"
    if sample.granularity == DAY_TOTAL:
        return f"{measure.text}: {amount} on {sample.start:%Y-%m-%d}"
    if sample.end is None:
        return f"{measure.text}: {amount} on {sample.start:%Y-%m-%d at %H:%M}"
    return f"{measure.text}: {amount}, {sample.start:%Y-%m-%d %H:%M} to {sample.end:%H:%M}"


def _tags(sample: Sample, vendor: str) -> list[dict[str, str]]:
    rows = (
        ("vendor", vendor),
        ("granularity", sample.granularity),
        ("entry", sample.entry),
        ("tz", "exact" if sample.zone_known else "assumed"),
    )
    return [{"system": f"urn:careweave:{name}", "code": code} for name, code in rows]
