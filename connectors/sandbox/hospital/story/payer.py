"""Insurance, and the claims that follow from visits and prescriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from connectors.sandbox.hospital.codes import concept
from connectors.sandbox.hospital.facts.care import Visit
from connectors.sandbox.hospital.facts.medicines import Prescription
from connectors.sandbox.hospital.facts.payer import Claim, Cover
from connectors.sandbox.hospital.story.book import Row
from connectors.sandbox.hospital.story.chart import Chart
from connectors.sandbox.seeds import fraction

SETTLED_AFTER = timedelta(days=11)
_CENTS = {"ambulatory": 14_000, "outpatient": 92_000, "emergency": 121_000, "inpatient": 840_000}
_DRUG_CENTS = 4_200


def covers(told: Row) -> tuple[Cover, ...]:
    """The policies."""
    return tuple(
        Cover(
            key=row["key"],
            name=row["name"],
            kind=concept(row["kind"]),
            member=row["member"],
            start=date.fromisoformat(row["start"]),
            payer=row["payer"],
        )
        for row in told.get("covers", ())
    )


def claims(
    chart: Chart, policies: Sequence[Cover], visits: Sequence[Visit], orders: Sequence[Prescription]
) -> tuple[Claim, ...]:
    """What the first policy has settled: each visit, and each prescription's first dispense."""
    found = [
        claim for policy in policies[:1] for claim in _claims(chart.seed, policy, visits, orders)
    ]
    return chart.past((claim.settled, claim) for claim in found)


def _claims(
    seed: str, policy: Cover, visits: Sequence[Visit], orders: Sequence[Prescription]
) -> Iterator[Claim]:
    places = {visit.key: visit.place for visit in visits}
    for visit in visits:
        yield Claim(
            key=f"visit/{visit.key}",
            cover=policy.key,
            sort="professional",
            service=visit.kind,
            diagnosis=visit.reason,
            served=visit.start,
            settled=visit.start + SETTLED_AFTER,
            doctor=visit.doctor,
            place=visit.place,
            **_money(seed, visit.key, _CENTS[visit.setting]),
        )
    for order in orders:
        if order.visit in places:
            yield Claim(
                key=f"drug/{order.key}",
                cover=policy.key,
                sort="pharmacy",
                service=order.drug,
                diagnosis=None,
                served=order.written,
                settled=order.written + SETTLED_AFTER,
                doctor=order.doctor,
                place=places[order.visit],
                **_money(seed, order.key, _DRUG_CENTS),
            )


def _money(seed: str, key: str, usual: int) -> dict[str, int]:
    """Cents charged, allowed and paid: four fifths of what is allowed is paid."""
    charged = int(usual * (0.8 + 0.6 * fraction(seed, "charge", key)))
    allowed = charged * 3 // 5
    return {"charged": charged, "allowed": allowed, "paid": allowed * 4 // 5}
