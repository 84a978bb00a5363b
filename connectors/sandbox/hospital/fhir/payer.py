"""Coverage and ExplanationOfBenefit, in STU3 and R4."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.sandbox.hospital.facts.payer import Claim
from connectors.sandbox.hospital.fhir.shared import Chartroom, Resource, local, resource


def covers(room: Chartroom) -> Iterator[Resource]:
    """The policies."""
    for cover in room.life.covers:
        yield resource(
            "Coverage",
            room.id("Coverage", cover.key),
            updated=cover.start,
            lines=(cover.name, f"Member {cover.member}, since {cover.start}"),
            identifier=[{"system": "urn:oid:2.16.840.1.113883.3.999.1.17", "value": cover.member}],
            status="active",
            type_=room.concept(cover.kind),
            subscriber=room.subject(),
            subscriberId=cover.member,
            beneficiary=room.subject(),
            relationship=room.coded("policyholder-relationship", "self", "Self"),
            period={"start": cover.start.isoformat()},
            payor=[room.place(cover.payer)],
        )


def claims(room: Chartroom) -> Iterator[Resource]:
    """What was charged and paid, claim by claim."""
    policies = {cover.key: cover for cover in room.life.covers}
    for claim in room.life.claims:
        policy = room.own("Coverage", claim.cover)
        yield resource(
            "ExplanationOfBenefit",
            room.id("ExplanationOfBenefit", claim.key),
            updated=claim.settled,
            lines=(
                f"{claim.service.text}, {claim.served:%Y-%m-%d}",
                f"Charged {_money(claim.charged)} USD, paid {_money(claim.paid)} USD",
            ),
            identifier=[
                {
                    "system": "urn:oid:2.16.840.1.113883.3.999.1.18",
                    "value": room.id("claim", claim.key)[:15],
                }
            ],
            status="active",
            type_=_sort(room, claim),
            patient=room.subject(),
            billablePeriod={"start": local(claim.served), "end": local(claim.served)},
            created=local(claim.settled),
            insurer=room.place(policies[claim.cover].payer),
            provider=room.doctor(claim.doctor),
            disposition="Settled",
            careTeam=[{"sequence": 1, "provider": room.doctor(claim.doctor)}],
            diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": room.concept(claim.diagnosis)}]
            if claim.diagnosis
            else None,
            item=[_item(room, claim)],
            **_settlement(room, claim, policy),
        )


def _sort(room: Chartroom, claim: Claim) -> Resource:
    system = "claim-type" if room.version == "r4" else "ex-claimtype"
    return room.coded(system, claim.sort, claim.sort.title())


def _item(room: Chartroom, claim: Claim) -> Resource:
    service = "productOrService" if room.version == "r4" else "service"
    item: Resource = {
        "sequence": 1,
        service: room.concept(claim.service),
        "servicedDate": claim.served.date().isoformat(),
        "locationReference": room.place(claim.place, "Location"),
        "net": _amount(room, claim.charged),
        "adjudication": [
            {
                "category": room.coded("adjudication", code, text),
                "amount": _amount(room, cents),
            }
            for code, text, cents in (
                ("submitted", "Submitted Amount", claim.charged),
                ("eligible", "Eligible Amount", claim.allowed),
                ("benefit", "Benefit Amount", claim.paid),
            )
        ],
    }
    return item


def _settlement(room: Chartroom, claim: Claim, policy: Resource) -> dict[str, Any]:
    """What STU3 and R4 say differently: outcome, insurance, sums."""
    payment = {"date": claim.settled.date().isoformat(), "amount": _amount(room, claim.paid)}
    if room.version == "r4":
        sums = (
            ("submitted", "Submitted Amount", claim.charged),
            ("benefit", "Benefit Amount", claim.paid),
        )
        return {
            "use": "claim",
            "outcome": "complete",
            "insurance": [{"focal": True, "coverage": policy}],
            "total": [
                {
                    "category": room.coded("adjudication", code, text),
                    "amount": _amount(room, cents),
                }
                for code, text, cents in sums
            ],
            "payment": payment,
        }
    return {
        "outcome": room.coded("remittance-outcome", "complete", "Complete"),
        "insurance": {"coverage": policy},
        "totalCost": _amount(room, claim.charged),
        "totalBenefit": _amount(room, claim.paid),
        "payment": payment,
    }


def _amount(room: Chartroom, cents: int) -> Resource:
    if room.version == "r4":
        return {"value": _money(cents), "currency": "USD"}
    return {"value": _money(cents), "system": "urn:iso:std:iso:4217", "code": "USD"}


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
