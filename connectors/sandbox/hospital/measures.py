"""What is measured: LOINC code, UCUM unit, digits, reference range."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.hospital.codes import LOINC, Concept, loinc


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A thing that is measured.

    `parts` are the components of a panel in one Observation; they carry the units then.
    """

    key: str
    concept: Concept
    category: str  # vital-signs, laboratory, social-history, survey
    unit: str = ""
    ucum: str = ""
    digits: int = 0
    low: float | None = None
    high: float | None = None
    parts: tuple[Measure, ...] = ()


def _vital(key: str, text: str, code: str, unit: str, ucum: str, digits: int = 0) -> Measure:
    return Measure(
        key=key,
        concept=loinc(text, code),
        category="vital-signs",
        unit=unit,
        ucum=ucum,
        digits=digits,
    )


def _lab(
    key: str,
    text: str,
    code: str,
    unit: str,
    ucum: str,
    *,
    digits: int = 0,
    low: float | None = None,
    high: float | None = None,
) -> Measure:
    return Measure(
        key=key,
        concept=loinc(text, code),
        category="laboratory",
        unit=unit,
        ucum=ucum,
        digits=digits,
        low=low,
        high=high,
    )


def _survey(key: str, text: str, code: str, unit: str, ucum: str) -> Measure:
    concept = loinc(text, code)
    return Measure(key=key, concept=concept, category="survey", unit=unit, ucum=ucum)


SYSTOLIC = _vital("systolic", "Systolic blood pressure", "8480-6", "mmHg", "mm[Hg]")
DIASTOLIC = _vital("diastolic", "Diastolic blood pressure", "8462-4", "mmHg", "mm[Hg]")
BLOOD_PRESSURE = Measure(
    key="blood-pressure",
    concept=Concept("Blood pressure", ((LOINC, "85354-9"), (LOINC, "55284-4"))),
    category="vital-signs",
    parts=(SYSTOLIC, DIASTOLIC),
)
HEART_RATE = _vital("heart-rate", "Heart rate", "8867-4", "beats/minute", "/min")
BREATHING = _vital("breathing", "Respiratory rate", "9279-1", "breaths/minute", "/min")
TEMPERATURE = _vital("temperature", "Body temperature", "8310-5", "°C", "Cel", 1)
SATURATION = _vital("saturation", "Oxygen saturation by pulse oximetry", "59408-5", "%", "%")
WEIGHT = _vital("weight", "Body weight", "29463-7", "kg", "kg", 1)
HEIGHT = _vital("height", "Body height", "8302-2", "cm", "cm", 1)
BMI = _vital("bmi", "Body mass index", "39156-5", "kg/m2", "kg/m2", 1)

HBA1C = _lab("hba1c", "Hemoglobin A1c", "4548-4", "%", "%", digits=1, low=4.0, high=5.6)
GLUCOSE = _lab("glucose", "Glucose", "2345-7", "mg/dL", "mg/dL", low=70, high=99)
FINGER_GLUCOSE = _lab(
    "finger-glucose", "Glucose, home meter", "2339-0", "mg/dL", "mg/dL", low=70, high=180
)
CREATININE = _lab(
    "creatinine", "Creatinine", "2160-0", "mg/dL", "mg/dL", digits=2, low=0.7, high=1.3
)
EGFR = _lab(
    "egfr",
    "Estimated glomerular filtration rate",
    "62238-1",
    "mL/min/1.73m2",
    "mL/min/{1.73_m2}",
    low=60,
)
SODIUM = _lab("sodium", "Sodium", "2951-2", "mmol/L", "mmol/L", low=136, high=145)
POTASSIUM = _lab(
    "potassium", "Potassium", "2823-3", "mmol/L", "mmol/L", digits=1, low=3.5, high=5.1
)
ALT = _lab("alt", "Alanine aminotransferase", "1742-6", "U/L", "U/L", low=7, high=56)
CHOLESTEROL = _lab("cholesterol", "Total cholesterol", "2093-3", "mg/dL", "mg/dL", high=200)
LDL = _lab("ldl", "LDL cholesterol", "13457-7", "mg/dL", "mg/dL", high=100)
HDL = _lab("hdl", "HDL cholesterol", "2085-9", "mg/dL", "mg/dL", low=40)
TRIGLYCERIDES = _lab("triglycerides", "Triglycerides", "2571-8", "mg/dL", "mg/dL", high=150)
ALBUMIN_RATIO = _lab(
    "albumin-ratio", "Albumin/creatinine in urine", "9318-7", "mg/g", "mg/g", high=30
)
HEMOGLOBIN = _lab(
    "hemoglobin", "Hemoglobin", "718-7", "g/dL", "g/dL", digits=1, low=12.0, high=17.5
)
LEUKOCYTES = _lab(
    "leukocytes", "Leukocytes", "6690-2", "10*3/uL", "10*3/uL", digits=1, low=4.5, high=11.0
)
PLATELETS = _lab("platelets", "Platelets", "777-3", "10*3/uL", "10*3/uL", low=150, high=400)
FERRITIN = _lab("ferritin", "Ferritin", "2276-4", "ng/mL", "ng/mL", low=15, high=150)
PEAK_FLOW = _vital("peak-flow", "Peak expiratory flow", "33452-4", "L/min", "L/min")

SMOKING = Measure(
    key="smoking", concept=loinc("Tobacco smoking status", "72166-2"), category="social-history"
)

NATRIURETIC_PEPTIDE = _lab(
    "natriuretic-peptide", "NT-proBNP", "33762-6", "pg/mL", "pg/mL", high=450
)
THYROTROPIN = _lab(
    "thyrotropin", "Thyrotropin", "3016-3", "m[IU]/L", "m[IU]/L", digits=2, low=0.4, high=4.5
)
THYROXINE = _lab(
    "thyroxine", "Free thyroxine", "3024-7", "ng/dL", "ng/dL", digits=2, low=0.8, high=1.8
)
VITAMIN_D = _lab("vitamin-d", "25-Hydroxyvitamin D", "1989-3", "ng/mL", "ng/mL", low=30, high=100)
PAIN = _survey("pain", "Pain severity, 0 to 10", "72514-3", "{score}", "{score}")

MEASURES = {
    measure.key: measure
    for measure in (
        *(SYSTOLIC, DIASTOLIC, BLOOD_PRESSURE, HEART_RATE, BREATHING, TEMPERATURE, SATURATION),
        *(WEIGHT, HEIGHT, BMI, PEAK_FLOW, HBA1C, GLUCOSE, FINGER_GLUCOSE, CREATININE, EGFR),
        *(SODIUM, POTASSIUM, ALT, CHOLESTEROL, LDL, HDL, TRIGLYCERIDES, ALBUMIN_RATIO),
        *(HEMOGLOBIN, LEUKOCYTES, PLATELETS, FERRITIN, NATRIURETIC_PEPTIDE, THYROTROPIN),
        *(THYROXINE, VITAMIN_D, SMOKING, PAIN),
    )
}
"""Every measure by its key, as the made-up lives name them."""
