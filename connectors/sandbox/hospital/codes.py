"""Codes used by the made-up lives, each with the words a clinician would write."""

from __future__ import annotations

from dataclasses import dataclass

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
CVX = "http://hl7.org/fhir/sid/cvx"


@dataclass(frozen=True)
class Concept:
    """Words, and codings as (system, code)."""

    text: str
    codings: tuple[tuple[str, str], ...] = ()


def snomed(text: str, code: str) -> Concept:
    """A SNOMED CT concept."""
    return Concept(text, ((SNOMED, code),))


def loinc(text: str, code: str) -> Concept:
    """A LOINC concept."""
    return Concept(text, ((LOINC, code),))


def diagnosis(text: str, snomed_code: str, icd10_code: str) -> Concept:
    """A diagnosis in SNOMED CT and ICD-10-CM."""
    return Concept(text, ((SNOMED, snomed_code), (ICD10, icd10_code)))


def drug(text: str, rxnorm_code: str) -> Concept:
    """A drug in RxNorm."""
    return Concept(text, ((RXNORM, rxnorm_code),))


def vaccine(text: str, cvx_code: str) -> Concept:
    """A vaccine in CVX."""
    return Concept(text, ((CVX, cvx_code),))


# Diagnoses
TYPE_2_DIABETES = diagnosis("Type 2 diabetes mellitus", "44054006", "E11.9")
HYPERTENSION = diagnosis("Essential hypertension", "59621000", "I10")
HYPERLIPIDEMIA = diagnosis("Hyperlipidemia", "55822004", "E78.5")
SLEEP_APNEA = diagnosis("Obstructive sleep apnea", "78275009", "G47.33")
ALLERGIC_RHINITIS = diagnosis("Seasonal allergic rhinitis", "367498001", "J30.2")
MENISCUS_TEAR = diagnosis("Tear of medial meniscus of left knee", "239720000", "S83.242A")
COVID = diagnosis("COVID-19", "840539006", "U07.1")
COLON_POLYP = diagnosis("Polyp of colon", "68496003", "K63.5")
RETINOPATHY = diagnosis("Mild nonproliferative diabetic retinopathy", "312903003", "E11.329")
OBESITY = diagnosis("Obesity", "414916001", "E66.9")
BRONCHITIS = diagnosis("Acute bronchitis", "10509002", "J20.9")
ASTHMA = diagnosis("Mild persistent asthma", "426979002", "J45.30")
MIGRAINE = diagnosis("Migraine without aura", "56097005", "G43.009")
IRON_DEFICIENCY = diagnosis("Iron deficiency anemia", "87522002", "D50.9")
PREGNANCY = diagnosis("Normal pregnancy", "72892002", "Z34.90")
ANKLE_SPRAIN = diagnosis("Sprain of right ankle", "44465007", "S93.401A")
CYSTITIS = diagnosis("Acute cystitis", "68226007", "N30.00")

# Family
HEART_ATTACK = snomed("Myocardial infarction", "22298006")
STROKE = snomed("Cerebrovascular accident", "230690007")
BREAST_CANCER = snomed("Malignant tumor of breast", "254837009")

# Severity
MILD = snomed("Mild", "255604002")
MODERATE = snomed("Moderate", "6736007")

# Allergens and what they do
PENICILLIN = Concept("Penicillin G", ((RXNORM, "7980"), (SNOMED, "373270004")))
RAGWEED = snomed("Ragweed pollen", "256303006")
PEANUT = snomed("Peanut", "256349002")
SULFAMETHOXAZOLE = drug("Sulfamethoxazole", "10180")
HIVES = snomed("Urticaria", "126485001")
SNEEZING = snomed("Sneezing", "76067001")
SWELLING = snomed("Angioedema", "41291007")
RASH = snomed("Eruption of skin", "271807003")

# Drugs
METFORMIN_500 = drug("metformin hydrochloride 500 MG Oral Tablet", "861007")
METFORMIN_1000 = drug("metformin hydrochloride 1000 MG Oral Tablet", "861004")
LISINOPRIL_10 = drug("lisinopril 10 MG Oral Tablet", "314076")
LISINOPRIL_20 = drug("lisinopril 20 MG Oral Tablet", "314077")
ATORVASTATIN_20 = drug("atorvastatin 20 MG Oral Tablet", "617310")
ATORVASTATIN_40 = drug("atorvastatin 40 MG Oral Tablet", "617311")
EMPAGLIFLOZIN_10 = drug("empagliflozin 10 MG Oral Tablet", "1545658")
ASPIRIN_81 = drug("aspirin 81 MG Delayed Release Oral Tablet", "308416")
IBUPROFEN_600 = drug("ibuprofen 600 MG Oral Tablet", "197806")
FLUTICASONE = drug("fluticasone propionate 0.05 MG/ACTUAT Metered Dose Nasal Spray", "1797907")
BENZONATATE = drug("benzonatate 100 MG Oral Capsule", "197397")
CETIRIZINE = drug("cetirizine hydrochloride 10 MG Oral Tablet", "1014678")
ALBUTEROL = drug("albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", "745679")
BUDESONIDE = drug("budesonide 0.18 MG/ACTUAT Dry Powder Inhaler", "966529")
SUMATRIPTAN = drug("sumatriptan 50 MG Oral Tablet", "313161")
FERROUS_SULFATE = drug("ferrous sulfate 325 MG Oral Tablet", "310325")
PRENATAL_VITAMIN = Concept("Prenatal vitamin, one tablet")
NITROFURANTOIN = drug("nitrofurantoin 100 MG Oral Capsule", "311989")

# Vaccines
INFLUENZA = vaccine("Influenza, injectable, quadrivalent, preservative free", "150")
TDAP = vaccine("Tdap", "115")
PNEUMOCOCCAL_20 = vaccine("Pneumococcal conjugate PCV20", "216")
PNEUMOCOCCAL_23 = vaccine("Pneumococcal polysaccharide PPV23", "33")
ZOSTER = vaccine("Zoster recombinant", "187")
COVID_MRNA = vaccine("COVID-19, mRNA, 30 mcg/0.3 mL dose", "208")
HEPATITIS_B = vaccine("Hepatitis B, adult", "43")
MMR = vaccine("MMR", "03")
HPV = vaccine("HPV9", "165")

# Procedures
ARTHROSCOPY = snomed("Arthroscopic partial meniscectomy of knee", "274033007")
COLONOSCOPY = snomed("Colonoscopy with removal of polyp", "446745002")
EYE_EXAM = snomed("Diabetic retinal eye exam", "722161008")
FOOT_EXAM = snomed("Diabetic foot examination", "401191002")
SLEEP_STUDY = snomed("Polysomnography", "60554003")
DELIVERY = snomed("Spontaneous vaginal delivery", "48782003")
SPIROMETRY = snomed("Spirometry", "127783003")
OBSTETRIC_ULTRASOUND = snomed("Obstetric ultrasonography", "169228004")
LEFT_KNEE = snomed("Left knee", "82169009")

# Visits
CHECK_UP = snomed("General examination of patient", "162673000")
FOLLOW_UP = snomed("Follow-up visit", "390906007")
EMERGENCY = snomed("Emergency room admission", "50849002")
DAY_SURGERY = snomed("Day surgery admission", "183452005")
SPECIALIST = snomed("Specialist consultation", "11429006")
TELEPHONE = snomed("Telephone consultation", "185317003")
PRENATAL = snomed("Prenatal visit", "424441002")
INPATIENT = snomed("Hospital admission", "32485007")

# Specialties
FAMILY_MEDICINE = snomed("Family medicine", "419772000")
ORTHOPEDICS = snomed("Orthopedic surgery", "394801008")
OPHTHALMOLOGY = snomed("Ophthalmology", "394594003")
GASTROENTEROLOGY = snomed("Gastroenterology", "394584008")
EMERGENCY_MEDICINE = snomed("Emergency medicine", "773568002")
OBSTETRICS = snomed("Obstetrics and gynecology", "394585009")

# Panels, reports and documents
METABOLIC_PANEL = loinc("Comprehensive metabolic panel", "24323-8")
LIPID_PANEL = loinc("Lipid panel", "57698-3")
BLOOD_COUNT = loinc("Complete blood count", "58410-2")
HBA1C_REPORT = loinc("Hemoglobin A1c", "4548-4")
KNEE_MRI = loinc("MRI of left knee without contrast", "36235-2")
PATHOLOGY = loinc("Pathology report", "11526-1")
PROGRESS_NOTE = loinc("Progress note", "11506-3")
DISCHARGE_SUMMARY = loinc("Discharge summary", "18842-5")
OPERATIVE_NOTE = loinc("Surgical operation note", "11504-8")
CONSULT_NOTE = loinc("Consultation note", "11488-4")

# Relatives
FATHER = Concept("Father", (("http://hl7.org/fhir/v3/RoleCode", "FTH"),))
MOTHER = Concept("Mother", (("http://hl7.org/fhir/v3/RoleCode", "MTH"),))
SISTER = Concept("Sister", (("http://hl7.org/fhir/v3/RoleCode", "SIS"),))

# Smoking
FORMER_SMOKER = snomed("Former smoker", "8517006")
NEVER_SMOKED = snomed("Never smoker", "266919005")

CPAP = snomed("Continuous positive airway pressure unit", "702172008")
GLUCOSE_METER = snomed("Blood glucose meter", "337414009")
DIABETES_PLAN = snomed("Diabetes self management plan", "735985000")
ASTHMA_PLAN = snomed("Asthma self management plan", "736056000")
