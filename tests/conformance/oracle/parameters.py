"""Search parameters of a dozen types as the definitions of each version have them, read by hand.

A line is `code type paths > targets`. A path is `Kind:elements`; `*` behind an element that
repeats, `value[Quantity]` for a choice, `telecom*[system=email]` for a filter. A composite has
`code composite @element parts`, each part `type/Kind:elements` below the element. Several paths,
and several elements, are parted by `|`.
"""

from __future__ import annotations

from dataclasses import dataclass

R4 = """
Questionnaire
  status token code:status
  title string string:title
  url uri uri:url
  version token code:version
QuestionnaireResponse
  identifier token Identifier:identifier
  questionnaire reference canonical:questionnaire > Questionnaire
  status token code:status
PlanDefinition
  status token code:status
  url uri uri:url
ActivityDefinition
  status token code:status
  url uri uri:url
CarePlan
  instantiates-canonical reference canonical:instantiatesCanonical* > PlanDefinition ActivityDefinition Questionnaire Measure OperationDefinition
  status token code:status
Patient
  active token boolean:active
  address string Address:address*
  address-city string string:address*.city
  address-country string string:address*.country
  address-postalcode string string:address*.postalCode
  address-state string string:address*.state
  address-use token code:address*.use
  birthdate date date:birthDate
  death-date date dateTime:deceased[DateTime]
  deceased token happened:deceased[Boolean]|happened:deceased[DateTime]
  email token ContactPoint:telecom*[system=email]
  family string string:name*.family
  gender token code:gender
  general-practitioner reference Reference:generalPractitioner* > Practitioner Organization PractitionerRole
  given string string:name*.given*
  identifier token Identifier:identifier*
  language token CodeableConcept:communication*.language
  link reference Reference:link*.other > Patient RelatedPerson
  name string HumanName:name*
  organization reference Reference:managingOrganization > Organization
  phone token ContactPoint:telecom*[system=phone]
  telecom token ContactPoint:telecom*
Practitioner
  active token boolean:active
  address-city string string:address*.city
  communication token CodeableConcept:communication*
  family string string:name*.family
  gender token code:gender
  given string string:name*.given*
  identifier token Identifier:identifier*
  name string HumanName:name*
  phone token ContactPoint:telecom*[system=phone]
Organization
  active token boolean:active
  address string Address:address*
  identifier token Identifier:identifier*
  name string string:name|string:alias*
  partof reference Reference:partOf > Organization
  type token CodeableConcept:type*
Encounter
  class token Coding:class
  date date Period:period
  diagnosis reference Reference:diagnosis*.condition > Condition Procedure
  identifier token Identifier:identifier*
  length quantity Quantity:length
  location-period date Period:location*.period
  part-of reference Reference:partOf > Encounter
  participant reference Reference:participant*.individual > Practitioner PractitionerRole RelatedPerson
  participant-type token CodeableConcept:participant*.type*
  patient reference Reference:subject > Patient
  practitioner reference Reference:participant*.individual > Practitioner
  reason-code token CodeableConcept:reasonCode*
  reason-reference reference Reference:reasonReference* > Condition Observation Procedure ImmunizationRecommendation
  service-provider reference Reference:serviceProvider > Organization
  special-arrangement token CodeableConcept:hospitalization.specialArrangement*
  status token code:status
  subject reference Reference:subject > Group Patient
  type token CodeableConcept:type*
Observation
  category token CodeableConcept:category*
  code token CodeableConcept:code
  code-value-concept composite @ token/CodeableConcept:code,token/CodeableConcept:value[CodeableConcept]
  code-value-date composite @ token/CodeableConcept:code,date/dateTime:value[DateTime]|Period:value[Period]
  code-value-quantity composite @ token/CodeableConcept:code,quantity/Quantity:value[Quantity]
  code-value-string composite @ token/CodeableConcept:code,string/string:value[String]
  combo-code token CodeableConcept:code|CodeableConcept:component*.code
  combo-code-value-concept composite @|component* token/CodeableConcept:code,token/CodeableConcept:value[CodeableConcept]
  combo-code-value-quantity composite @|component* token/CodeableConcept:code,quantity/Quantity:value[Quantity]
  combo-data-absent-reason token CodeableConcept:dataAbsentReason|CodeableConcept:component*.dataAbsentReason
  combo-value-concept token CodeableConcept:value[CodeableConcept]|CodeableConcept:component*.value[CodeableConcept]
  combo-value-quantity quantity Quantity:value[Quantity]|SampledData:value[SampledData]|Quantity:component*.value[Quantity]|SampledData:component*.value[SampledData]
  component-code token CodeableConcept:component*.code
  component-code-value-concept composite @component* token/CodeableConcept:code,token/CodeableConcept:value[CodeableConcept]
  component-code-value-quantity composite @component* token/CodeableConcept:code,quantity/Quantity:value[Quantity]
  component-data-absent-reason token CodeableConcept:component*.dataAbsentReason
  component-value-concept token CodeableConcept:component*.value[CodeableConcept]
  component-value-quantity quantity Quantity:component*.value[Quantity]|SampledData:component*.value[SampledData]
  data-absent-reason token CodeableConcept:dataAbsentReason
  date date dateTime:effective[DateTime]|Period:effective[Period]|Timing:effective[Timing]|instant:effective[Instant]
  derived-from reference Reference:derivedFrom* > DocumentReference ImagingStudy Media QuestionnaireResponse Observation MolecularSequence
  device reference Reference:device > Device DeviceMetric
  encounter reference Reference:encounter > Encounter EpisodeOfCare
  has-member reference Reference:hasMember* > Observation QuestionnaireResponse MolecularSequence
  identifier token Identifier:identifier*
  method token CodeableConcept:method
  patient reference Reference:subject > Patient
  performer reference Reference:performer* > Practitioner PractitionerRole Organization CareTeam Patient RelatedPerson
  specimen reference Reference:specimen > Specimen
  status token code:status
  subject reference Reference:subject > Patient Group Device Location
  value-concept token CodeableConcept:value[CodeableConcept]
  value-date date dateTime:value[DateTime]|Period:value[Period]
  value-quantity quantity Quantity:value[Quantity]|SampledData:value[SampledData]
  value-string string string:value[String]|string:value[CodeableConcept].text
Condition
  abatement-age quantity Quantity:abatement[Age]|Range:abatement[Range]
  abatement-date date dateTime:abatement[DateTime]|Period:abatement[Period]
  abatement-string string string:abatement[String]
  asserter reference Reference:asserter > Practitioner PractitionerRole Patient RelatedPerson
  body-site token CodeableConcept:bodySite*
  category token CodeableConcept:category*
  clinical-status token CodeableConcept:clinicalStatus
  code token CodeableConcept:code
  encounter reference Reference:encounter > Encounter
  evidence token CodeableConcept:evidence*.code*
  identifier token Identifier:identifier*
  onset-age quantity Quantity:onset[Age]|Range:onset[Range]
  onset-date date dateTime:onset[DateTime]|Period:onset[Period]
  onset-info string string:onset[String]
  patient reference Reference:subject > Patient
  recorded-date date dateTime:recordedDate
  severity token CodeableConcept:severity
  stage token CodeableConcept:stage*.summary
  subject reference Reference:subject > Patient Group
  verification-status token CodeableConcept:verificationStatus
MedicationRequest
  authoredon date dateTime:authoredOn
  category token CodeableConcept:category*
  code token CodeableConcept:medication[CodeableConcept]
  date date dateTime:dosageInstruction*.timing.event*
  encounter reference Reference:encounter > Encounter
  identifier token Identifier:identifier*
  intended-performer reference Reference:performer > Practitioner PractitionerRole Organization Patient Device RelatedPerson CareTeam
  intent token code:intent
  medication reference Reference:medication[Reference] > Medication
  patient reference Reference:subject > Patient
  priority token code:priority
  requester reference Reference:requester > Practitioner PractitionerRole Organization Patient RelatedPerson Device
  status token code:status
  subject reference Reference:subject > Patient Group
RiskAssessment
  condition reference Reference:condition > Condition
  date date dateTime:occurrence[DateTime]
  encounter reference Reference:encounter > Encounter EpisodeOfCare
  identifier token Identifier:identifier*
  method token CodeableConcept:method
  patient reference Reference:subject > Patient
  performer reference Reference:performer > Practitioner PractitionerRole Device
  probability number decimal:prediction*.probability[Decimal]
  risk token CodeableConcept:prediction*.qualitativeRisk
  subject reference Reference:subject > Patient Group
ValueSet
  context token CodeableConcept:useContext*.value[CodeableConcept]
  context-quantity quantity Quantity:useContext*.value[Quantity]|Range:useContext*.value[Range]
  context-type token Coding:useContext*.code
  context-type-quantity composite @useContext* token/Coding:code,quantity/Quantity:value[Quantity]|Range:value[Range]
  context-type-value composite @useContext* token/Coding:code,token/CodeableConcept:value[CodeableConcept]
  date date dateTime:date
  description string string:description
  expansion uri uri:expansion.identifier
  identifier token Identifier:identifier*
  name string string:name
  publisher string string:publisher
  reference uri uri:compose.include*.system
  status token code:status
  title string string:title
  url uri uri:url
  version token string:version
Provenance
  agent reference Reference:agent*.who > Practitioner PractitionerRole RelatedPerson Patient Device Organization
  agent-type token CodeableConcept:agent*.type
  recorded date instant:recorded
  target reference Reference:target* >
  when date dateTime:occurred[DateTime]
List
  code token CodeableConcept:code
  date date dateTime:date
  identifier token Identifier:identifier*
  item reference Reference:entry*.item >
  notes string string:note*.text
  patient reference Reference:subject > Patient
  source reference Reference:source > Practitioner PractitionerRole Patient Device
  status token code:status
  subject reference Reference:subject > Patient Group Device Location
  title string string:title
"""  # noqa: E501 (a line is a parameter)

STU3 = """
ValueSet
  status token code:status
  url uri uri:url
  version token code:version
ConceptMap
  source-uri reference uri:sourceUri > ValueSet
  status token code:status
Patient
  active token boolean:active
  address string Address:address*
  address-city string string:address*.city
  address-country string string:address*.country
  address-postalcode string string:address*.postalCode
  address-state string string:address*.state
  birthdate date date:birthDate
  death-date date dateTime:deceased[DateTime]
  deceased token happened:deceased[Boolean]|happened:deceased[DateTime]
  email token ContactPoint:telecom*[system=email]
  family string string:name*.family
  gender token code:gender
  general-practitioner reference Reference:generalPractitioner* > Organization Practitioner
  given string string:name*.given*
  identifier token Identifier:identifier*
  language token CodeableConcept:communication*.language
  link reference Reference:link*.other > Patient RelatedPerson
  name string HumanName:name*
  organization reference Reference:managingOrganization > Organization
  phone token ContactPoint:telecom*[system=phone]
  telecom token ContactPoint:telecom*
Practitioner
  family string string:name*.family
  gender token code:gender
  identifier token Identifier:identifier*
  name string HumanName:name*
Organization
  address string Address:address*
  identifier token Identifier:identifier*
  name string string:name|string:alias*
  partof reference Reference:partOf > Organization
  type token CodeableConcept:type*
Encounter
  class token Coding:class
  date date Period:period
  identifier token Identifier:identifier*
  location-period date Period:location*.period
  part-of reference Reference:partOf > Encounter
  participant reference Reference:participant*.individual > Practitioner RelatedPerson
  participant-type token CodeableConcept:participant*.type*
  patient reference Reference:subject > Patient
  reason token CodeableConcept:reason*
  service-provider reference Reference:serviceProvider > Organization
  status token code:status
  subject reference Reference:subject > Patient Group
  type token CodeableConcept:type*
Observation
  based-on reference Reference:basedOn* > CarePlan DeviceRequest ImmunizationRecommendation MedicationRequest NutritionOrder ProcedureRequest ReferralRequest
  category token CodeableConcept:category*
  code token CodeableConcept:code
  code-value-concept composite @ token/CodeableConcept:code,token/CodeableConcept:value[CodeableConcept]
  code-value-quantity composite @ token/CodeableConcept:code,quantity/Quantity:value[Quantity]
  combo-code token CodeableConcept:code|CodeableConcept:component*.code
  combo-code-value-quantity composite @|component* token/CodeableConcept:code,quantity/Quantity:value[Quantity]
  combo-value-concept token CodeableConcept:value[CodeableConcept]|CodeableConcept:component*.value[CodeableConcept]
  combo-value-quantity quantity Quantity:value[Quantity]|Quantity:component*.value[Quantity]
  component-code token CodeableConcept:component*.code
  component-code-value-concept composite @component* token/CodeableConcept:code,token/CodeableConcept:value[CodeableConcept]
  component-code-value-quantity composite @component* token/CodeableConcept:code,quantity/Quantity:value[Quantity]
  component-value-quantity quantity Quantity:component*.value[Quantity]
  context reference Reference:context > Encounter EpisodeOfCare
  data-absent-reason token CodeableConcept:dataAbsentReason
  date date dateTime:effective[DateTime]|Period:effective[Period]
  device reference Reference:device > Device DeviceMetric
  encounter reference Reference:context > Encounter EpisodeOfCare
  identifier token Identifier:identifier*
  method token CodeableConcept:method
  patient reference Reference:subject > Patient
  performer reference Reference:performer* > Practitioner Organization Patient RelatedPerson
  related composite @related* reference/Reference:target,token/code:type
  related-target reference Reference:related*.target > Observation QuestionnaireResponse Sequence
  related-type token code:related*.type
  specimen reference Reference:specimen > Specimen
  status token code:status
  subject reference Reference:subject > Patient Group Device Location
  value-concept token CodeableConcept:value[CodeableConcept]
  value-date date dateTime:value[DateTime]|Period:value[Period]
  value-quantity quantity Quantity:value[Quantity]
  value-string string string:value[String]
Condition
  abatement-age quantity Quantity:abatement[Age]|Range:abatement[Range]
  abatement-date date dateTime:abatement[DateTime]|Period:abatement[Period]
  asserted-date date dateTime:assertedDate
  asserter reference Reference:asserter > Practitioner Patient RelatedPerson
  category token CodeableConcept:category*
  clinical-status token code:clinicalStatus
  code token CodeableConcept:code
  context reference Reference:context > Encounter EpisodeOfCare
  encounter reference Reference:context > Encounter
  evidence token CodeableConcept:evidence*.code*
  identifier token Identifier:identifier*
  onset-age quantity Quantity:onset[Age]|Range:onset[Range]
  onset-date date dateTime:onset[DateTime]|Period:onset[Period]
  onset-info string string:onset[String]
  patient reference Reference:subject > Patient
  stage token CodeableConcept:stage.summary
  subject reference Reference:subject > Patient Group
  verification-status token code:verificationStatus
MedicationRequest
  authoredon date dateTime:authoredOn
  category token CodeableConcept:category
  code token CodeableConcept:medication[CodeableConcept]
  context reference Reference:context > Encounter EpisodeOfCare
  date date dateTime:dosageInstruction*.timing.event*
  identifier token Identifier:identifier*
  intent token code:intent
  medication reference Reference:medication[Reference] > Medication
  patient reference Reference:subject > Patient
  requester reference Reference:requester.agent > Device Organization Patient Practitioner RelatedPerson
  status token code:status
  subject reference Reference:subject > Patient Group
ValueSet
  date date dateTime:date
  identifier token Identifier:identifier*
  name string string:name
  reference uri uri:compose.include*.system
  status token code:status
  url uri uri:url
  version token string:version
List
  code token CodeableConcept:code
  date date dateTime:date
  identifier token Identifier:identifier*
  item reference Reference:entry*.item >
  patient reference Reference:subject > Patient
  source reference Reference:source > Practitioner Patient Device
  status token code:status
  subject reference Reference:subject > Patient Group Device Location
  title string string:title
"""  # noqa: E501 (a line is a parameter)

DSTU2 = """
ValueSet
  status token code:status
  url uri uri:url
  version token code:version
ConceptMap
  sourceuri reference uri:sourceUri > ValueSet StructureDefinition
  status token code:status
Patient
  active token boolean:active
  address string Address:address*
  address-city string string:address*.city
  address-country string string:address*.country
  address-postalcode string string:address*.postalCode
  address-state string string:address*.state
  birthdate date date:birthDate
  careprovider reference Reference:careProvider* > Organization Practitioner
  deathdate date dateTime:deceased[DateTime]
  deceased token happened:deceased[Boolean]|happened:deceased[DateTime]
  email token ContactPoint:telecom*[system=email]
  family string string:name*.family*
  gender token code:gender
  given string string:name*.given*
  identifier token Identifier:identifier*
  language token CodeableConcept:communication*.language
  link reference Reference:link*.other > Patient
  name string HumanName:name*
  organization reference Reference:managingOrganization > Organization
  phone token ContactPoint:telecom*[system=phone]
  telecom token ContactPoint:telecom*
Practitioner
  family string string:name.family*
  gender token code:gender
  identifier token Identifier:identifier*
  name string HumanName:name
  specialty token CodeableConcept:practitionerRole*.specialty*
Organization
  address string Address:address*
  identifier token Identifier:identifier*
  name string string:name
  partof reference Reference:partOf > Organization
  type token CodeableConcept:type
Encounter
  date date Period:period
  identifier token Identifier:identifier*
  indication reference Reference:indication* > Condition Procedure
  location-period date Period:location*.period
  part-of reference Reference:partOf > Encounter
  participant reference Reference:participant*.individual > Practitioner RelatedPerson
  patient reference Reference:patient > Patient
  reason token CodeableConcept:reason*
  status token code:status
  type token CodeableConcept:type*
Observation
  category token CodeableConcept:category
  code token CodeableConcept:code
  component-code token CodeableConcept:component*.code
  component-value-concept token CodeableConcept:component*.value[CodeableConcept]
  component-value-quantity quantity Quantity:component*.value[Quantity]
  component-value-string string string:component*.value[String]
  data-absent-reason token CodeableConcept:dataAbsentReason
  date date dateTime:effective[DateTime]|Period:effective[Period]
  device reference Reference:device > Device DeviceMetric
  encounter reference Reference:encounter > Encounter
  identifier token Identifier:identifier*
  patient reference Reference:subject > Patient
  performer reference Reference:performer* > Patient Organization Practitioner RelatedPerson
  related-target reference Reference:related*.target > Observation QuestionnaireResponse
  related-type token code:related*.type
  specimen reference Reference:specimen > Specimen
  status token code:status
  subject reference Reference:subject > Device Location Patient Group
  value-concept token CodeableConcept:value[CodeableConcept]
  value-date date dateTime:value[DateTime]
  value-quantity quantity Quantity:value[Quantity]
  value-string string string:value[String]
Condition
  asserter reference Reference:asserter > Patient Practitioner
  category token CodeableConcept:category
  clinicalstatus token code:clinicalStatus
  code token CodeableConcept:code
  date-recorded date date:dateRecorded
  encounter reference Reference:encounter > Encounter
  evidence token CodeableConcept:evidence*.code
  identifier token Identifier:identifier*
  patient reference Reference:patient > Patient
  severity token CodeableConcept:severity
  stage token CodeableConcept:stage.summary
MedicationOrder
  code token CodeableConcept:medication[CodeableConcept]
  datewritten date dateTime:dateWritten
  encounter reference Reference:encounter > Encounter
  identifier token Identifier:identifier*
  medication reference Reference:medication[Reference] > Medication
  patient reference Reference:patient > Patient
  prescriber reference Reference:prescriber > Practitioner
  status token code:status
ValueSet
  date date dateTime:date
  identifier token Identifier:identifier
  name string string:name
  publisher string string:publisher
  reference uri uri:compose.include*.system
  status token code:status
  url uri uri:url
  version token string:version
List
  code token CodeableConcept:code
  date date dateTime:date
  item reference Reference:entry*.item >
  patient reference Reference:subject > Patient
  source reference Reference:source > Practitioner Patient Device
  status token code:status
  subject reference Reference:subject > Patient Group Device Location
  title string string:title
"""


@dataclass(frozen=True)
class Path:
    """Where values of one data type lie."""

    kind: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A component of a composite parameter, its paths below the element."""

    type: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Parameter:
    """A search parameter of one type. `targets` empty: any type. A composite has `roots` (steps to
    its elements; () for the resource) and `parts`."""

    code: str
    type: str
    paths: tuple[Path, ...] = ()
    targets: tuple[str, ...] = ()
    roots: tuple[tuple[str, ...], ...] = ()
    parts: tuple[Part, ...] = ()


def _paths(text: str) -> tuple[Path, ...]:
    pairs = (path.split(":", 1) for path in text.split("|"))
    return tuple(Path(kind, tuple(elements.split("."))) for kind, elements in pairs)


def _parameter(line: str) -> Parameter:
    left, _, right = line.partition(" >")
    code, kind, place, *rest = left.split()
    if kind != "composite":
        return Parameter(code, kind, _paths(place), tuple(right.split()))
    roots = tuple(
        tuple(root.split(".")) if root else () for root in place.removeprefix("@").split("|")
    )
    parts = (part.split("/", 1) for part in rest[0].split(","))
    return Parameter(code, kind, (), (), roots, tuple(Part(t, _paths(p)) for t, p in parts))


def _read(text: str) -> dict[str, dict[str, Parameter]]:
    types: dict[str, dict[str, Parameter]] = {}
    rtype = ""
    for line in text.strip().splitlines():
        if line.startswith(" "):
            parameter = _parameter(line.strip())
            types[rtype][parameter.code] = parameter
        else:
            rtype = line.strip()
            types[rtype] = {}
    return types


PARAMETERS = {"dstu2": _read(DSTU2), "stu3": _read(STU3), "r4": _read(R4)}
"""By version, type and code."""
