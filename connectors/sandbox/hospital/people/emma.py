"""Emma Lindqvist, born 1992, teacher.

Asthma since childhood, a sprained ankle, migraine, a pregnancy with low iron.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.hospital import codes as c
from connectors.sandbox.hospital import measures as m
from connectors.sandbox.hospital.chart import Chart
from connectors.sandbox.hospital.facts import (
    Aim,
    Allergy,
    Booking,
    Intake,
    Life,
    Person,
    Plan,
    Prescription,
    Problem,
    Relative,
    Shot,
    Treatment,
    Visit,
)
from connectors.sandbox.hospital.monitor import Monitor
from connectors.sandbox.hospital.people.staff import BRANDT, CLINIC, HOSPITAL, OKAFOR, SANTOS

PATIENT = "TUKRxL29bxE9lyAcdTIyrWC6Ln5gZ-z7CLr2r-2SY964B"
ZONE = ZoneInfo("America/Chicago")
HEIGHT = 168.5

PERSON = Person(
    patient_id=PATIENT,
    mrn="SGH-0022",
    given=("Emma", "Sofia"),
    family="Lindqvist",
    gender="female",
    born=date(1992, 7, 2),
    street="77 Specimen Road, Apt 4",
    city="Lakeview",
    state="WI",
    postcode="53002",
    phone="+1 555 0162",
    email="emma.lindqvist@example.org",
    married=True,
    doctor="okafor",
    place="clinic",
    contact=("Marcus Lindqvist", "Husband", "+1 555 0163"),
)

COURSES = {
    m.SYSTOLIC: ((date(2018, 1, 1), 112),),
    m.DIASTOLIC: ((date(2018, 1, 1), 71),),
    m.HEART_RATE: ((date(2018, 1, 1), 68), (date(2022, 11, 1), 70), (date(2023, 4, 1), 84),
                   (date(2023, 10, 1), 71)),
    m.BREATHING: ((date(2018, 1, 1), 15),),
    m.TEMPERATURE: ((date(2018, 1, 1), 36.6),),
    m.SATURATION: ((date(2018, 1, 1), 98),),
    m.WEIGHT: ((date(2018, 1, 1), 61.5), (date(2022, 8, 1), 62.8), (date(2023, 4, 28), 75.2),
               (date(2023, 7, 1), 68.0), (date(2024, 5, 1), 64.1)),
    m.HEMOGLOBIN: ((date(2018, 1, 1), 13.2), (date(2022, 9, 1), 12.9), (date(2023, 1, 20), 10.6),
                   (date(2023, 4, 20), 11.7), (date(2024, 2, 1), 13.0)),
    m.FERRITIN: ((date(2018, 1, 1), 38), (date(2022, 9, 1), 24), (date(2023, 1, 20), 8),
                 (date(2023, 4, 20), 19), (date(2024, 2, 1), 41)),
    m.LEUKOCYTES: ((date(2018, 1, 1), 6.4),),
    m.PLATELETS: ((date(2018, 1, 1), 251),),
    m.GLUCOSE: ((date(2018, 1, 1), 86),),
    m.PEAK_FLOW: ((date(2018, 1, 1), 390), (date(2021, 1, 1), 430)),
}  # fmt: skip
JITTER = {
    m.SYSTOLIC: 5, m.DIASTOLIC: 4, m.HEART_RATE: 4, m.BREATHING: 1, m.TEMPERATURE: 0.2,
    m.SATURATION: 0.7, m.WEIGHT: 0.5, m.HEMOGLOBIN: 0.15, m.FERRITIN: 1.5, m.LEUKOCYTES: 0.6,
    m.PLATELETS: 15, m.GLUCOSE: 4, m.PEAK_FLOW: 12,
}  # fmt: skip
COUNT = (m.HEMOGLOBIN, m.LEUKOCYTES, m.PLATELETS)
IRON = (*COUNT, m.FERRITIN)

MONITOR = Monitor(
    seed=PATIENT,
    measure=m.PEAK_FLOW,
    zone=ZONE,
    level=432,
    swing=-9,
    scatter=7,
    doctor="okafor",
    says="Sent by the home asthma programme.",
)


def check_ups() -> Iterator[datetime]:
    """The yearly asthma check-ups, without end."""
    year = 2018
    while True:
        yield datetime(year, 10, 16, 15, 40, tzinfo=ZONE)
        year += 1


def life(now: datetime) -> Life:
    """All that the hospital knows of Emma at `now`."""
    chart = Chart(seed=PATIENT, zone=ZONE, now=now, height=HEIGHT, courses=COURSES, jitter=JITTER)
    bookings = _check_ups(chart)
    _single_visits(chart)
    _pregnancy(chart)
    _orders(chart)
    return Life(
        person=PERSON,
        registered=chart.at(2018, 10, 16, 15, 30),
        doctors=(OKAFOR, BRANDT, SANTOS),
        places=(HOSPITAL, CLINIC),
        visits=tuple(chart.visits),
        problems=_problems(chart),
        allergies=_allergies(chart),
        prescriptions=tuple(chart.prescriptions),
        intakes=chart.past([(intake.stated, intake) for intake in _intakes(chart)]),
        shots=chart.past([(shot.at, shot) for shot in _shots(chart)]),
        treatments=chart.past([(t.start, t) for t in _treatments(chart)]),
        readings=(*chart.readings, *MONITOR.readings(now)),
        reports=tuple(chart.reports),
        documents=tuple(chart.documents),
        relatives=_relatives(chart),
        aims=_aims(),
        plans=_plans(chart),
        bookings=tuple(bookings),
    )


def _check_ups(chart: Chart) -> list[Booking]:
    bookings: list[Booking] = []
    booked = chart.at(2018, 9, 3, 10)
    for start in check_ups():
        visit = Visit(
            key=f"check-up-{start.year}", start=start, minutes=25, kind=c.CHECK_UP,
            setting="ambulatory", reason=c.ASTHMA, doctor="okafor", place="clinic",
            problems=("asthma",),
        )  # fmt: skip
        kept = chart.visit(visit)
        bookings.append(
            Booking(
                key=visit.key, start=start, minutes=25, booked=booked, text="Asthma check-up",
                doctor="okafor", place="clinic", kept=kept,
            )
        )  # fmt: skip
        if not kept:
            return [b for b in bookings if b.start.year >= 2025 or not b.kept]
        booked = start + timedelta(minutes=25)
        if start.year == 2018:
            chart.reading(m.HEIGHT, visit, values=(HEIGHT,))
        chart.reading(m.PEAK_FLOW, visit)
        chart.reading(m.SMOKING, visit, answer=c.NEVER_SMOKED)
        chart.panel(visit, c.BLOOD_COUNT, IRON if start.year >= 2022 else COUNT)
        chart.note(
            visit, c.PROGRESS_NOTE, f"Asthma check-up {start.year}",
            f"Sleeps through, reliever less than twice a week. Peak flow"
            f" {chart.value(m.PEAK_FLOW, start + timedelta(minutes=8)):.0f} L/min.",
            "Inhaler technique good. Budesonide continued, next check-up in a year.",
        )  # fmt: skip
    return bookings  # never reached: the dates have no end


def _single_visits(chart: Chart) -> None:
    ankle = Visit(
        key="2020-ankle", start=chart.at(2020, 8, 8, 18, 30), minutes=140, kind=c.EMERGENCY,
        setting="emergency", reason=c.ANKLE_SPRAIN, doctor="brandt", place="hospital",
        problems=("ankle",),
    )  # fmt: skip
    chart.visit(ankle)
    chart.note(
        ankle, c.DISCHARGE_SUMMARY, "Emergency department: ankle",
        "Stepped into a hole while running. Swelling below the outer ankle, no fracture in the"
        " x-ray.",
        "Brace for two weeks, weight as it is bearable.",
    )  # fmt: skip
    migraine = Visit(
        key="2021-migraine", start=chart.at(2021, 5, 4, 11), minutes=30, kind=c.FOLLOW_UP,
        setting="ambulatory", reason=c.MIGRAINE, doctor="okafor", place="clinic",
        problems=("migraine",),
    )  # fmt: skip
    chart.visit(migraine)
    cystitis = Visit(
        key="2025-cystitis", start=chart.at(2025, 2, 19, 12), minutes=15, kind=c.TELEPHONE,
        setting="ambulatory", reason=c.CYSTITIS, doctor="okafor", place="clinic",
        problems=("cystitis",),
    )  # fmt: skip
    chart.visit(cystitis, vitals=False)


def _pregnancy(chart: Chart) -> None:
    dates = ((2022, 9, 20), (2022, 11, 15), (2023, 1, 20), (2023, 3, 14), (2023, 4, 20))
    for number, (year, month, day) in enumerate(dates, 1):
        visit = Visit(
            key=f"prenatal-{number}", start=chart.at(year, month, day, 10, 20), minutes=30,
            kind=c.PRENATAL, setting="ambulatory", reason=c.PREGNANCY, doctor="santos",
            place="hospital",
            problems=("pregnancy", "iron") if number >= 3 else ("pregnancy",),
        )  # fmt: skip
        if chart.visit(visit) and number in (1, 3, 5):
            low = chart.found(visit, m.HEMOGLOBIN) < 12
            chart.panel(
                visit, c.BLOOD_COUNT, IRON, conclusion="Iron is low." if low else "As expected."
            )
    birth = Visit(
        key="2023-birth", start=chart.at(2023, 4, 28, 3, 15), minutes=60 * 55, kind=c.INPATIENT,
        setting="inpatient", reason=c.PREGNANCY, doctor="santos", place="hospital",
        problems=("pregnancy",),
    )  # fmt: skip
    chart.visit(birth)
    chart.note(
        birth, c.DISCHARGE_SUMMARY, "Birth of a healthy girl",
        "Spontaneous birth after 39 weeks and 2 days, 3,420 g, mother and child well.",
        "Iron for three more months. Midwife visits at home, check after six weeks.",
        media="application/pdf",
    )  # fmt: skip


def _problems(chart: Chart) -> tuple[Problem, ...]:
    rows = (
        ("asthma", c.ASTHMA, date(2001, 4, 1), None, "check-up-2018", "okafor", c.MILD),
        ("ankle", c.ANKLE_SPRAIN, date(2020, 8, 8), date(2020, 9, 20), "2020-ankle", "brandt",
         c.MILD),
        ("migraine", c.MIGRAINE, date(2021, 5, 4), None, "2021-migraine", "okafor", c.MODERATE),
        ("pregnancy", c.PREGNANCY, date(2022, 9, 20), date(2023, 4, 28), "prenatal-1", "santos",
         None),
        ("iron", c.IRON_DEFICIENCY, date(2023, 1, 20), date(2024, 2, 6), "prenatal-3", "santos",
         c.MILD),
        ("cystitis", c.CYSTITIS, date(2025, 2, 18), date(2025, 2, 25), "2025-cystitis", "okafor",
         c.MILD),
    )  # fmt: skip
    return tuple(
        Problem(
            key=key, concept=concept, onset=onset, ended=chart.ended(ended), visit=visit,
            doctor=doctor, severity=severity,
        )
        for key, concept, onset, ended, visit, doctor, severity in rows
        if chart.known(onset)
    )  # fmt: skip


def _allergies(chart: Chart) -> tuple[Allergy, ...]:
    return (
        Allergy(
            key="peanut", substance=c.PEANUT, category="food", high=True,
            recorded=chart.at(2018, 10, 16, 15, 50), manifestation=c.SWELLING, severity="severe",
            doctor="okafor",
        ),
    )  # fmt: skip


def _orders(chart: Chart) -> None:
    rows = (
        ("budesonide", c.BUDESONIDE, "check-up-2018", chart.at(2018, 10, 16, 16), None, "asthma",
         "okafor", "2 puffs in the morning and evening", 2, 2, "puff"),
        ("albuterol", c.ALBUTEROL, "check-up-2018", chart.at(2018, 10, 16, 16, 1), None, "asthma",
         "okafor", "2 puffs when short of breath", 0, 2, "puff"),
        ("sumatriptan", c.SUMATRIPTAN, "2021-migraine", chart.at(2021, 5, 4, 11, 25), None,
         "migraine", "okafor", "1 tablet at the beginning of an attack", 0, 1, "tablet"),
        ("iron", c.FERROUS_SULFATE, "prenatal-3", chart.at(2023, 1, 20, 17), date(2023, 7, 28),
         "iron", "santos", "1 tablet a day with orange juice", 1, 1, "tablet"),
        ("nitrofurantoin", c.NITROFURANTOIN, "2025-cystitis", chart.at(2025, 2, 19, 12, 12),
         date(2025, 2, 24), "cystitis", "okafor", "1 capsule twice a day for 5 days", 2, 1,
         "capsule"),
    )  # fmt: skip
    for key, what, visit, written, ended, problem, doctor, dose, times, amount, unit in rows:
        chart.prescribe(
            Prescription(
                key=key, drug=what, visit=visit, written=written, ended=chart.ended(ended),
                problem=problem, doctor=doctor, dose=dose, times=times, amount=amount, unit=unit,
            )
        )  # fmt: skip


def _intakes(chart: Chart) -> tuple[Intake, ...]:
    ordered = tuple(
        Intake(
            key=order.key, drug=order.drug, stated=order.written + timedelta(minutes=1),
            start=order.written.date(), ended=order.ended, dose=order.dose,
            prescription=order.key, problem=order.problem,
        )
        for order in chart.prescriptions
    )  # fmt: skip
    vitamin = Intake(
        key="vitamin", drug=c.PRENATAL_VITAMIN, stated=chart.at(2022, 9, 20, 10, 30),
        start=date(2022, 8, 20), ended=chart.ended(date(2023, 7, 28)), dose="1 tablet a day",
    )  # fmt: skip
    return (*ordered, vitamin)


def _shots(chart: Chart) -> list[Shot]:
    rows = [
        (c.HPV, chart.at(2018, 10, 16, 16, 5), "HP3120", "check-up-2018", 3),
        (c.TDAP, chart.at(2023, 3, 14, 10, 45), "TD9015", "prenatal-4", 1),
        (c.COVID_MRNA, chart.at(2021, 3, 9, 16), "CV0202", None, 1),
        (c.COVID_MRNA, chart.at(2021, 3, 30, 16), "CV0240", None, 2),
    ]
    for year in range(2018, chart.now.year + 1):
        rows.append((c.INFLUENZA, chart.at(year, 10, 16, 16, 3), f"FL{year}2",
                     f"check-up-{year}", 1))  # fmt: skip
    return [
        Shot(
            key=f"{at.date()}/{what.codings[0][1]}", vaccine=what, at=at, lot=lot,
            maker="Sample Vaccines Inc.", visit=visit, doctor="okafor", place="clinic",
            reported=what is c.COVID_MRNA, dose=dose,
        )
        for what, at, lot, visit, dose in rows
    ]  # fmt: skip


def _treatments(chart: Chart) -> list[Treatment]:
    return [
        Treatment(
            key="spirometry", concept=c.SPIROMETRY, start=chart.at(2018, 10, 16, 15, 52),
            minutes=10, visit="check-up-2018", doctor="okafor", reason="asthma",
            note="FEV1 86 % of predicted, 94 % after albuterol.",
        ),
        Treatment(
            key="ultrasound", concept=c.OBSTETRIC_ULTRASOUND,
            start=chart.at(2022, 11, 15, 10, 30), minutes=20, visit="prenatal-2", doctor="santos",
            reason="pregnancy", note="One child, growth as expected at 16 weeks.",
        ),
        Treatment(
            key="birth", concept=c.DELIVERY, start=chart.at(2023, 4, 28, 9, 5), minutes=40,
            visit="2023-birth", doctor="santos", reason="pregnancy",
            note="Girl, 3,420 g, 51 cm.",
            source_id="T5LC5ZmmCN1ipOojr0hHgomdj2J97qP4is2ElboI51w4B",
        ),
    ]  # fmt: skip


def _relatives(chart: Chart) -> tuple[Relative, ...]:
    recorded = chart.at(2018, 10, 16, 15, 55)
    return (
        Relative(
            key="mother", relationship=c.MOTHER, name="Ingrid Svensson", gender="female",
            born=1963, died_at=None, problems=((c.BREAST_CANCER, 52),), recorded=recorded,
            nameless=True,
        ),
        Relative(
            key="sister", relationship=c.SISTER, name="Klara Svensson", gender="female",
            born=1995, died_at=None, problems=((c.ASTHMA, 6),), recorded=recorded,
        ),
    )  # fmt: skip


def _aims() -> tuple[Aim, ...]:
    return (
        Aim(
            key="reliever", text="Reliever less than twice a week", start=date(2018, 10, 16),
            target=None, status="in-progress", problem="asthma", doctor="okafor",
        ),
    )  # fmt: skip


def _plans(chart: Chart) -> tuple[Plan, ...]:
    return (
        Plan(
            key="asthma", title="Asthma action plan", category=c.ASTHMA_PLAN,
            start=date(2018, 10, 16), recorded=chart.at(2018, 10, 16, 16, 10),
            problems=("asthma",), aims=("reliever",),
            activities=(
                "Budesonide every day, also without symptoms",
                "Below 340 L/min: reliever, and call the clinic",
                "Check-up once a year",
            ),
            doctor="okafor", source_id=PATIENT,
        ),
    )  # fmt: skip
