"""The people and houses of Sandbox General Hospital."""

from __future__ import annotations

from connectors.sandbox.hospital import codes as c
from connectors.sandbox.hospital.facts import Doctor, Place

OKAFOR = Doctor(
    key="okafor",
    given="Ngozi",
    family="Okafor",
    prefix="Dr.",
    specialty=c.FAMILY_MEDICINE,
    npi="1902837465",
    source_id="TxPf-2k10wDuh3VGWxdtkxgB",
)
REYES = Doctor(
    key="reyes",
    given="Marisol",
    family="Reyes",
    prefix="Dr.",
    specialty=c.ORTHOPEDICS,
    npi="1902837473",
)
LINDGREN = Doctor(
    key="lindgren",
    given="Tomas",
    family="Lindgren",
    prefix="Dr.",
    specialty=c.OPHTHALMOLOGY,
    npi="1902837481",
)
PATEL = Doctor(
    key="patel",
    given="Anjali",
    family="Patel",
    prefix="Dr.",
    specialty=c.GASTROENTEROLOGY,
    npi="1902837499",
)
BRANDT = Doctor(
    key="brandt",
    given="Kofi",
    family="Brandt",
    prefix="Dr.",
    specialty=c.EMERGENCY_MEDICINE,
    npi="1902837507",
)
SANTOS = Doctor(
    key="santos",
    given="Beatriz",
    family="Santos",
    prefix="Dr.",
    specialty=c.OBSTETRICS,
    npi="1902837515",
)

HOSPITAL = Place(
    key="hospital",
    name="Sandbox General Hospital",
    street="1 Example Square",
    city="Lakeview",
    state="WI",
    postcode="53000",
    phone="+1 555 0100",
)
CLINIC = Place(
    key="clinic",
    name="Sandbox General Family Clinic",
    street="24 Sample Street",
    city="Lakeview",
    state="WI",
    postcode="53000",
    phone="+1 555 0120",
    part_of="hospital",
)
