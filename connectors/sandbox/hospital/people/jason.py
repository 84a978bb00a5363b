"""Jason Halloran, born 1968, site foreman.

High blood pressure, then diabetes found at a check-up, a knee, a polyp, an eye.
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
    Implement,
    Intake,
    Life,
    Person,
    Plan,
    Prescription,
    Problem,
    Relative,
    Report,
    Shot,
    Treatment,
    Visit,
)
from connectors.sandbox.hospital.monitor import Monitor
from connectors.sandbox.hospital.people.staff import (
    BRANDT,
    CLINIC,
    HOSPITAL,
    LINDGREN,
    OKAFOR,
    PATEL,
    REYES,
)

PATIENT = "Tbt3KuCY0B5PSrJvCu2j-PlK.aiHsu2xUjUM8bWpetXoB"
ZONE = ZoneInfo("America/Chicago")
HEIGHT = 178.0

PERSON = Person(
    patient_id=PATIENT,
    mrn="SGH-0014",
    given=("Jason", "Patrick"),
    family="Halloran",
    gender="male",
    born=date(1968, 3, 14),
    street="318 Placeholder Lane",
    city="Lakeview",
    state="WI",
    postcode="53001",
    phone="+1 555 0147",
    email="jason.halloran@example.org",
    married=True,
    doctor="okafor",
    place="clinic",
    contact=("Renata Halloran", "Wife", "+1 555 0148"),
)

COURSES = {
    m.SYSTOLIC: ((date(2012, 1, 1), 152), (date(2013, 1, 1), 138), (date(2023, 1, 1), 134),
                 (date(2026, 6, 1), 127)),
    m.DIASTOLIC: ((date(2012, 1, 1), 96), (date(2013, 1, 1), 86), (date(2026, 6, 1), 78)),
    m.HEART_RATE: ((date(2012, 1, 1), 78), (date(2026, 1, 1), 70)),
    m.BREATHING: ((date(2012, 1, 1), 15),),
    m.TEMPERATURE: ((date(2012, 1, 1), 36.7),),
    m.SATURATION: ((date(2012, 1, 1), 97),),
    m.WEIGHT: ((date(2012, 1, 1), 96.0), (date(2016, 9, 1), 104.5), (date(2019, 6, 1), 98.0),
               (date(2023, 3, 1), 99.5), (date(2026, 1, 1), 92.0)),
    m.HBA1C: ((date(2016, 9, 1), 9.1), (date(2017, 9, 1), 7.2), (date(2023, 1, 1), 7.9),
              (date(2024, 1, 1), 7.0), (date(2026, 6, 1), 6.8)),
    m.GLUCOSE: ((date(2016, 9, 1), 214), (date(2017, 9, 1), 142), (date(2023, 1, 1), 163),
                (date(2024, 1, 1), 131), (date(2026, 6, 1), 124)),
    m.CREATININE: ((date(2012, 1, 1), 0.92), (date(2026, 1, 1), 1.08)),
    m.EGFR: ((date(2012, 1, 1), 96), (date(2026, 1, 1), 79)),
    m.SODIUM: ((date(2012, 1, 1), 140),),
    m.POTASSIUM: ((date(2012, 1, 1), 4.3),),
    m.ALT: ((date(2012, 1, 1), 44), (date(2026, 1, 1), 31)),
    m.CHOLESTEROL: ((date(2013, 1, 1), 242), (date(2014, 1, 1), 186), (date(2026, 1, 1), 158)),
    m.LDL: ((date(2013, 1, 1), 161), (date(2014, 1, 1), 108), (date(2023, 3, 1), 102),
            (date(2024, 1, 1), 76), (date(2026, 1, 1), 70)),
    m.HDL: ((date(2013, 1, 1), 38), (date(2026, 1, 1), 44)),
    m.TRIGLYCERIDES: ((date(2013, 1, 1), 232), (date(2026, 1, 1), 148)),
    m.ALBUMIN_RATIO: ((date(2016, 9, 1), 14), (date(2022, 1, 1), 34), (date(2026, 1, 1), 19)),
    m.HEMOGLOBIN: ((date(2012, 1, 1), 15.1), (date(2026, 1, 1), 14.6)),
    m.LEUKOCYTES: ((date(2012, 1, 1), 6.9),),
    m.PLATELETS: ((date(2012, 1, 1), 236),),
}  # fmt: skip
JITTER = {
    m.SYSTOLIC: 5, m.DIASTOLIC: 3, m.HEART_RATE: 4, m.BREATHING: 1, m.TEMPERATURE: 0.2,
    m.SATURATION: 0.8, m.WEIGHT: 0.6, m.HBA1C: 0.15, m.GLUCOSE: 9, m.CREATININE: 0.04, m.EGFR: 3,
    m.SODIUM: 1.5, m.POTASSIUM: 0.2, m.ALT: 4, m.CHOLESTEROL: 7, m.LDL: 5, m.HDL: 2,
    m.TRIGLYCERIDES: 14, m.ALBUMIN_RATIO: 3, m.HEMOGLOBIN: 0.3, m.LEUKOCYTES: 0.7, m.PLATELETS: 14,
}  # fmt: skip

METABOLIC = (m.GLUCOSE, m.CREATININE, m.EGFR, m.SODIUM, m.POTASSIUM, m.ALT)
LIPIDS = (m.CHOLESTEROL, m.LDL, m.HDL, m.TRIGLYCERIDES)
COUNT = (m.HEMOGLOBIN, m.LEUKOCYTES, m.PLATELETS)

MONITOR = Monitor(
    seed=PATIENT,
    measure=m.FINGER_GLUCOSE,
    zone=ZONE,
    level=118,
    swing=46,
    scatter=5,
    doctor="okafor",
    says="Sent by the home glucose programme.",
)


def follow_ups() -> Iterator[datetime]:
    """The diabetes follow-ups, without end: twice a year from 2017, every 13 weeks from 2024."""
    start = datetime(2017, 3, 7, 9, 20)
    for number in range(14):
        yield (start + timedelta(days=182 * number)).replace(tzinfo=ZONE)
    start, number = datetime(2024, 2, 6, 9, 20), 0
    while True:
        yield (start + timedelta(days=91 * number)).replace(tzinfo=ZONE)
        number += 1


def life(now: datetime) -> Life:
    """All that the hospital knows of Jason at `now`."""
    chart = Chart(seed=PATIENT, zone=ZONE, now=now, height=HEIGHT, courses=COURSES, jitter=JITTER)
    _single_visits(chart)
    bookings = _follow_ups(chart)
    _orders(chart)
    return Life(
        person=PERSON,
        registered=chart.at(2012, 1, 17, 10),
        doctors=(OKAFOR, REYES, LINDGREN, PATEL, BRANDT),
        places=(HOSPITAL, CLINIC),
        visits=tuple(chart.visits),
        problems=_problems(chart),
        allergies=chart.past([(allergy.recorded, allergy) for allergy in _allergies(chart)]),
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
        implements=_implements(chart),
        bookings=tuple(bookings),
    )


def _single_visits(chart: Chart) -> None:
    first = Visit(
        key="2012-first", start=chart.at(2012, 1, 17, 10), minutes=40, kind=c.CHECK_UP,
        setting="ambulatory", reason=c.HYPERTENSION, doctor="okafor", place="clinic",
        problems=("hypertension",),
    )  # fmt: skip
    chart.visit(first)
    chart.reading(m.HEIGHT, first, values=(HEIGHT,))
    chart.reading(m.SMOKING, first, answer=c.FORMER_SMOKER, comment="Stopped in 2009.")
    lipids = Visit(
        key="2013-lipids", start=chart.at(2013, 1, 22, 9, 40), minutes=20, kind=c.CHECK_UP,
        setting="ambulatory", reason=c.HYPERLIPIDEMIA, doctor="okafor", place="clinic",
        problems=("hypertension", "hyperlipidemia"),
    )  # fmt: skip
    chart.visit(lipids)
    chart.panel(lipids, c.LIPID_PANEL, LIPIDS, conclusion="LDL cholesterol is high.")
    found = Visit(
        key="2016-diabetes", start=chart.at(2016, 9, 6, 8, 50), minutes=45, kind=c.CHECK_UP,
        setting="ambulatory", reason=c.TYPE_2_DIABETES, doctor="okafor", place="clinic",
        problems=("diabetes", "hypertension", "hyperlipidemia", "obesity"),
    )  # fmt: skip
    chart.visit(found)
    chart.panel(found, c.HBA1C_REPORT, (m.HBA1C,), conclusion="In the range of diabetes.")
    chart.panel(found, c.METABOLIC_PANEL, METABOLIC, conclusion="Glucose is high.")
    chart.note(
        found, c.PROGRESS_NOTE, "Check-up: type 2 diabetes found",
        "Thirst and tiredness for three months. Father had a heart attack at 61, mother has"
        " type 2 diabetes.",
        "Hemoglobin A1c and fasting glucose are both in the range of diabetes. Metformin is"
        " started; home meter and diet explained; hepatitis B series begun.",
    )  # fmt: skip
    _knee(chart)
    _sleep(chart)
    covid = Visit(
        key="2021-covid", start=chart.at(2021, 1, 12, 14), minutes=15, kind=c.TELEPHONE,
        setting="ambulatory", reason=c.COVID, doctor="okafor", place="clinic", problems=("covid",),
    )  # fmt: skip
    chart.visit(covid, vitals=False)
    colon = Visit(
        key="2022-colonoscopy", start=chart.at(2022, 5, 18, 7, 30), minutes=240,
        kind=c.DAY_SURGERY, setting="outpatient", reason=c.COLON_POLYP, doctor="patel",
        place="hospital", problems=("polyp",),
    )  # fmt: skip
    chart.visit(colon)
    _words(
        chart, colon, c.PATHOLOGY, "PAT", timedelta(days=3),
        "Tubular adenoma, 6 mm, removed completely. Next colonoscopy in seven years.",
    )  # fmt: skip
    bronchitis = Visit(
        key="2023-bronchitis", start=chart.at(2023, 12, 11, 11, 10), minutes=20,
        kind=c.FOLLOW_UP, setting="ambulatory", reason=c.BRONCHITIS, doctor="okafor",
        place="clinic", problems=("bronchitis",),
    )  # fmt: skip
    chart.visit(bronchitis)
    eye = Visit(
        key="2024-eye", start=chart.at(2024, 9, 19, 13), minutes=35, kind=c.SPECIALIST,
        setting="ambulatory", reason=c.RETINOPATHY, doctor="lindgren", place="hospital",
        problems=("retinopathy", "diabetes"),
    )  # fmt: skip
    chart.visit(eye, vitals=False)
    chart.note(
        eye, c.CONSULT_NOTE, "Retinal examination",
        "A few microaneurysms in both eyes, no edema. Mild nonproliferative retinopathy.",
        "No treatment now. Examination again in a year; good control of glucose and blood"
        " pressure matters most.",
    )  # fmt: skip


def _knee(chart: Chart) -> None:
    fall = Visit(
        key="2019-fall", start=chart.at(2019, 4, 3, 16, 20), minutes=210, kind=c.EMERGENCY,
        setting="emergency", reason=c.MENISCUS_TEAR, doctor="brandt", place="hospital",
        problems=("meniscus",),
    )  # fmt: skip
    chart.visit(fall)
    chart.note(
        fall, c.DISCHARGE_SUMMARY, "Emergency department: fall at work",
        "Fell from a step at a building site, left knee twisted. Swelling, tender on the inner"
        " side, no fracture in the x-ray.",
        "Ice, rest, ibuprofen with food for ten days, crutches. Seen by orthopedics within two"
        " weeks.",
    )  # fmt: skip
    clinic = Visit(
        key="2019-knee", start=chart.at(2019, 4, 15, 10, 30), minutes=30, kind=c.SPECIALIST,
        setting="ambulatory", reason=c.MENISCUS_TEAR, doctor="reyes", place="hospital",
        problems=("meniscus",),
    )  # fmt: skip
    chart.visit(clinic, vitals=False)
    _words(
        chart, clinic, c.KNEE_MRI, "RAD", timedelta(days=1),
        "Oblique tear of the posterior horn of the medial meniscus. Ligaments intact.",
    )  # fmt: skip
    surgery = Visit(
        key="2019-surgery", start=chart.at(2019, 5, 21, 7), minutes=420, kind=c.DAY_SURGERY,
        setting="outpatient", reason=c.MENISCUS_TEAR, doctor="reyes", place="hospital",
        problems=("meniscus",),
    )  # fmt: skip
    chart.visit(surgery)
    chart.panel(surgery, c.BLOOD_COUNT, COUNT)
    chart.note(
        surgery, c.OPERATIVE_NOTE, "Arthroscopy of the left knee",
        "Partial removal of the torn medial meniscus through two portals. No complication.",
        "Weight bearing as tolerated. Stitches out after ten days, physiotherapy six weeks.",
        media="application/pdf",
    )  # fmt: skip


def _sleep(chart: Chart) -> None:
    night = Visit(
        key="2020-sleep", start=chart.at(2020, 2, 11, 21), minutes=560, kind=c.SPECIALIST,
        setting="outpatient", reason=c.SLEEP_APNEA, doctor="okafor", place="hospital",
        problems=("apnea",),
    )  # fmt: skip
    chart.visit(night)


def _words(
    chart: Chart, visit: Visit, concept: c.Concept, section: str, after: timedelta, words: str
) -> None:
    filed = visit.start + after
    if chart.known(filed):
        chart.reports.append(
            Report(
                key=f"{visit.key}/{section}", concept=concept, section=section, at=visit.start,
                filed=filed, readings=(), visit=visit.key, doctor=visit.doctor,
                place=visit.place, conclusion=words,
            )
        )  # fmt: skip


def _follow_ups(chart: Chart) -> list[Booking]:
    bookings: list[Booking] = []
    booked = chart.at(2016, 9, 6, 9, 40)
    for number, start in enumerate(follow_ups()):
        visit = Visit(
            key=f"follow-up-{start.date()}", start=start, minutes=25, kind=c.FOLLOW_UP,
            setting="ambulatory", reason=c.TYPE_2_DIABETES, doctor="okafor", place="clinic",
            problems=("diabetes", "hypertension"),
        )  # fmt: skip
        kept = chart.visit(visit)
        bookings.append(
            Booking(
                key=visit.key, start=start, minutes=visit.minutes, booked=booked,
                text="Diabetes follow-up", doctor="okafor", place="clinic", kept=kept,
            )
        )  # fmt: skip
        if not kept:
            return [b for b in bookings if b.start.year >= 2025 or not b.kept]
        booked = start + timedelta(minutes=visit.minutes)
        _follow_up(chart, visit, yearly=number % 2 == 0)
    return bookings  # never reached: the dates have no end


def _follow_up(chart: Chart, visit: Visit, *, yearly: bool) -> None:
    a1c = chart.found(visit, m.HBA1C)
    word = "at the goal" if a1c < 7.05 else "above the goal of 7 %"
    chart.panel(visit, c.HBA1C_REPORT, (m.HBA1C,), conclusion=f"Hemoglobin A1c is {word}.")
    if yearly:
        chart.panel(visit, c.METABOLIC_PANEL, METABOLIC)
        chart.panel(visit, c.LIPID_PANEL, LIPIDS)
        chart.panel(visit, c.BLOOD_COUNT, COUNT)
        chart.reading(m.SMOKING, visit, answer=c.FORMER_SMOKER)
    if visit.start.year >= 2024:
        chart.note(
            visit, c.PROGRESS_NOTE, f"Diabetes follow-up, {visit.start:%d %b %Y}",
            f"Feels well, walks most days. Hemoglobin A1c {a1c:g} %, {word}.",
            f"Blood pressure at home mostly below 135/85. Weight"
            f" {chart.value(m.WEIGHT, visit.start + timedelta(minutes=6)):g} kg."
            " Feet without wounds, pulses good. Medicines unchanged.",
        )  # fmt: skip


def _problems(chart: Chart) -> tuple[Problem, ...]:
    rows = (
        ("hypertension", c.HYPERTENSION, date(2012, 1, 17), None, "2012-first", "okafor", None),
        ("hyperlipidemia", c.HYPERLIPIDEMIA, date(2013, 1, 22), None, "2013-lipids", "okafor",
         None),
        ("rhinitis", c.ALLERGIC_RHINITIS, date(2014, 8, 20), None, None, "okafor", c.MILD),
        ("obesity", c.OBESITY, date(2016, 9, 6), date(2024, 8, 6), "2016-diabetes", "okafor", None),
        ("diabetes", c.TYPE_2_DIABETES, date(2016, 9, 6), None, "2016-diabetes", "okafor", None),
        ("meniscus", c.MENISCUS_TEAR, date(2019, 4, 3), date(2019, 9, 10), "2019-fall", "brandt",
         c.MODERATE),
        ("apnea", c.SLEEP_APNEA, date(2020, 2, 12), None, "2020-sleep", "okafor", c.MODERATE),
        ("covid", c.COVID, date(2021, 1, 10), date(2021, 1, 26), "2021-covid", "okafor", c.MILD),
        ("polyp", c.COLON_POLYP, date(2022, 5, 18), date(2022, 5, 18), "2022-colonoscopy", "patel",
         None),
        ("bronchitis", c.BRONCHITIS, date(2023, 12, 8), date(2023, 12, 29), "2023-bronchitis",
         "okafor", c.MILD),
        ("retinopathy", c.RETINOPATHY, date(2024, 9, 19), None, "2024-eye", "lindgren", c.MILD),
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
    recorded = chart.at(2012, 1, 17, 10, 20)
    return (
        Allergy(
            key="penicillin", substance=c.PENICILLIN, category="medication", high=True,
            recorded=recorded, manifestation=c.HIVES, severity="moderate", doctor="okafor",
        ),
        Allergy(
            key="ragweed", substance=c.RAGWEED, category="environment", high=False,
            recorded=chart.at(2014, 8, 20, 15), manifestation=c.SNEEZING, severity="mild",
            doctor="okafor",
        ),
        Allergy(
            key="sulfa", substance=c.SULFAMETHOXAZOLE, category="medication", high=False,
            recorded=recorded, manifestation=c.RASH, severity="mild", doctor="okafor",
        ),
    )  # fmt: skip


def _orders(chart: Chart) -> None:
    rows = (
        ("lisinopril-10", c.LISINOPRIL_10, "2012-first", chart.at(2012, 1, 17, 10, 35),
         date(2023, 2, 28), "hypertension", "okafor", "1 tablet in the morning", 1, 1, "tablet"),
        ("lisinopril-20", c.LISINOPRIL_20, "follow-up-2023-02-28", chart.at(2023, 2, 28, 9, 40),
         None, "hypertension", "okafor", "1 tablet in the morning", 1, 1, "tablet"),
        ("atorvastatin-20", c.ATORVASTATIN_20, "2013-lipids", chart.at(2013, 1, 23, 12),
         date(2023, 2, 28), "hyperlipidemia", "okafor", "1 tablet at bedtime", 1, 1, "tablet"),
        ("atorvastatin-40", c.ATORVASTATIN_40, "follow-up-2023-02-28", chart.at(2023, 2, 28, 9, 42),
         None, "hyperlipidemia", "okafor", "1 tablet at bedtime", 1, 1, "tablet"),
        ("metformin-500", c.METFORMIN_500, "2016-diabetes", chart.at(2016, 9, 6, 9, 35),
         date(2017, 3, 7), "diabetes", "okafor", "1 tablet with breakfast and dinner", 2, 1,
         "tablet"),
        ("metformin-1000", c.METFORMIN_1000, "follow-up-2017-03-07", chart.at(2017, 3, 7, 9, 40),
         None, "diabetes", "okafor", "1 tablet with breakfast and dinner", 2, 1, "tablet"),
        ("empagliflozin", c.EMPAGLIFLOZIN_10, "follow-up-2023-02-28", chart.at(2023, 2, 28, 9, 44),
         None, "diabetes", "okafor", "1 tablet in the morning", 1, 1, "tablet"),
        ("ibuprofen", c.IBUPROFEN_600, "2019-fall", chart.at(2019, 4, 3, 19, 30),
         date(2019, 4, 13), "meniscus", "brandt", "1 tablet every 8 hours with food", 3, 1,
         "tablet"),
        ("benzonatate", c.BENZONATATE, "2023-bronchitis", chart.at(2023, 12, 11, 11, 25),
         date(2023, 12, 21), "bronchitis", "okafor", "1 capsule up to 3 times a day for cough", 0,
         1, "capsule"),
        ("fluticasone", c.FLUTICASONE, "follow-up-2017-09-05", chart.at(2017, 9, 5, 9, 41), None,
         "rhinitis", "okafor", "2 sprays in each nostril once a day in late summer", 1, 2,
         "spray"),
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
    return (
        *ordered,
        Intake(
            key="aspirin", drug=c.ASPIRIN_81, stated=chart.at(2013, 1, 22, 9, 50),
            start=date(2013, 1, 1), ended=chart.ended(date(2022, 5, 18)),
            dose="1 tablet a day, bought over the counter",
        ),
        Intake(
            key="cetirizine", drug=c.CETIRIZINE, stated=chart.at(2014, 8, 20, 15),
            start=date(2014, 8, 1), dose="1 tablet in the evening in late summer",
            problem="rhinitis",
        ),
    )  # fmt: skip


def _shots(chart: Chart) -> list[Shot]:
    rows = [
        (c.HEPATITIS_B, chart.at(2016, 9, 6, 9, 30), "HB5521", "2016-diabetes", 1),
        (c.HEPATITIS_B, chart.at(2016, 10, 11, 9), "HB5602", None, 2),
        (c.HEPATITIS_B, chart.at(2017, 3, 7, 9, 40), "HB5930", "follow-up-2017-03-07", 3),
        (c.PNEUMOCOCCAL_23, chart.at(2017, 9, 5, 9, 40), "PN1187", "follow-up-2017-09-05", 1),
        (c.TDAP, chart.at(2018, 3, 6, 9, 40), "TD7734", "follow-up-2018-03-06", 1),
        (c.ZOSTER, chart.at(2019, 9, 3, 9, 40), "ZS2041", "follow-up-2019-09-03", 1),
        (c.ZOSTER, chart.at(2020, 3, 3, 9, 40), "ZS2210", "follow-up-2020-03-03", 2),
        (c.COVID_MRNA, chart.at(2021, 4, 6, 16), "CV0311", None, 1),
        (c.COVID_MRNA, chart.at(2021, 4, 27, 16), "CV0358", None, 2),
        (c.COVID_MRNA, chart.at(2021, 12, 2, 16), "CV1190", None, 3),
        (c.PNEUMOCOCCAL_20, chart.at(2024, 11, 5, 9, 40), "PV3302", "follow-up-2024-11-05", 1),
    ]
    for year in range(2016, chart.now.year + 1):
        rows.append((c.INFLUENZA, chart.at(year, 10, 8, 17), f"FL{year}7", None, 1))
    return [
        Shot(
            key=f"{at.date()}/{what.codings[0][1]}", vaccine=what, at=at, lot=lot,
            maker="Sample Vaccines Inc.", visit=visit, doctor="okafor", place="clinic",
            reported=what is c.COVID_MRNA, dose=dose,
        )
        for what, at, lot, visit, dose in rows
    ]  # fmt: skip


def _treatments(chart: Chart) -> list[Treatment]:
    rows = [
        ("arthroscopy", c.ARTHROSCOPY, chart.at(2019, 5, 21, 8, 10), 55, "2019-surgery", "reyes",
         "meniscus", c.LEFT_KNEE, "Partial removal of the medial meniscus, no complication."),
        ("sleep-study", c.SLEEP_STUDY, chart.at(2020, 2, 11, 22), 460, "2020-sleep", "okafor",
         "apnea", None, "22 pauses of breathing an hour; 4 with positive pressure."),
        ("colonoscopy", c.COLONOSCOPY, chart.at(2022, 5, 18, 8, 30), 35, "2022-colonoscopy",
         "patel", "polyp", None, "One polyp of 6 mm in the sigmoid, removed with a snare."),
        ("eye", c.EYE_EXAM, chart.at(2024, 9, 19, 13, 10), 20, "2024-eye", "lindgren", "diabetes",
         None, "Mild nonproliferative retinopathy on both sides."),
    ]  # fmt: skip
    for visit in chart.visits:
        if visit.key.startswith("follow-up-") and visit.start.year >= 2021:
            at = visit.start + timedelta(minutes=12)
            rows.append(
                (f"{visit.key}/feet", c.FOOT_EXAM, at, 5, visit.key, "okafor", "diabetes", None,
                 "Skin intact, pulses and feeling normal.")
            )  # fmt: skip
    return [
        Treatment(
            key=key, concept=concept, start=start, minutes=minutes, visit=visit, doctor=doctor,
            reason=reason, site=site, note=note,
        )
        for key, concept, start, minutes, visit, doctor, reason, site, note in rows
    ]  # fmt: skip


def _relatives(chart: Chart) -> tuple[Relative, ...]:
    recorded = chart.at(2016, 9, 6, 9, 10)
    return (
        Relative(
            key="father", relationship=c.FATHER, name="Dennis Halloran", gender="male", born=1939,
            died_at=74, problems=((c.HEART_ATTACK, 61), (c.HYPERTENSION, 50)), recorded=recorded,
        ),
        Relative(
            key="mother", relationship=c.MOTHER, name="Grace Halloran", gender="female",
            born=1942, died_at=None, problems=((c.TYPE_2_DIABETES, 58),), recorded=recorded,
        ),
    )  # fmt: skip


def _aims() -> tuple[Aim, ...]:
    return (
        Aim(
            key="a1c", text="Hemoglobin A1c below 7 %", start=date(2016, 9, 6), target=None,
            status="in-progress", problem="diabetes", doctor="okafor",
        ),
        Aim(
            key="weight", text="Weight below 95 kg", start=date(2016, 9, 6),
            target=date(2025, 12, 31), status="achieved", problem="obesity", doctor="okafor",
        ),
        Aim(
            key="walk", text="Walk 8,000 steps on most days", start=date(2024, 2, 6), target=None,
            status="in-progress", problem="diabetes", doctor="okafor",
        ),
    )  # fmt: skip


def _plans(chart: Chart) -> tuple[Plan, ...]:
    return (
        Plan(
            key="diabetes", title="Living with type 2 diabetes", category=c.DIABETES_PLAN,
            start=date(2016, 9, 6), recorded=chart.at(2016, 9, 6, 9, 40),
            problems=("diabetes", "hypertension"), aims=("a1c", "weight", "walk"),
            activities=(
                "Measure glucose at home",
                "Walk half an hour a day",
                "Eye examination once a year",
                "Follow-up every three months",
            ),
            doctor="okafor",
        ),
    )  # fmt: skip


def _implements(chart: Chart) -> tuple[Implement, ...]:
    return (
        Implement(
            key="cpap", concept=c.CPAP, maker="Example Breathing", model="Night Air 2",
            serial="EB-204417", made=date(2019, 11, 1), handed_out=chart.at(2020, 3, 2, 11),
            place="hospital",
        ),
        Implement(
            key="meter", concept=c.GLUCOSE_METER, maker="Example Diagnostics", model="Drop 7",
            serial="ED-771020", made=date(2023, 6, 1), handed_out=chart.at(2024, 2, 6, 9, 45),
            place="clinic",
        ),
    )  # fmt: skip
