"""Expressions that HL7's files leave out or get wrong, written from the parameters' descriptions,
and the composites of DSTU2, whose definitions name no components."""

from __future__ import annotations

EXPRESSIONS: dict[str, dict[str, str]] = {
    "dstu2": {
        "Bundle.composition": "f:Bundle/f:entry[0]/f:resource",
        "Bundle.message": "f:Bundle/f:entry[0]/f:resource",
        "Condition.age": "f:Condition/f:onsetQuantity",
        "Condition.onset": "f:Condition/f:onsetDateTime | f:Condition/f:onsetPeriod",
        "Condition.onset-info": "f:Condition/f:onsetString",
        "FamilyMemberHistory.condition": "f:FamilyMemberHistory/f:condition/f:code",
        "FamilyMemberHistory.relationship": "f:FamilyMemberHistory/f:relationship",
    },
    "stu3": {
        "DataElement.objectClass": "DataElement.element.mapping.extension.where(url="
        "'http://hl7.org/fhir/StructureDefinition/11179-objectClass')",
        "DataElement.objectClassProperty": "DataElement.element.mapping.extension.where(url="
        "'http://hl7.org/fhir/StructureDefinition/11179-objectClassProperty')",
    },
    "r4": {"Location.near": "Location.position"},
}
"""By version and "Type.code": instead of what the definition says."""

FIRST_ENTRY = {"Bundle.composition": "Composition", "Bundle.message": "MessageHeader"}
"""Parameters that look at the resource itself which a Bundle begins with, and its type."""

WITHOUT_ANSWER = frozenset(("nearby", "distance"))
"""`xpathUsage` of parameters about places: only R4's is answered, whose value says the distance
itself."""

Components = tuple[tuple[str, str], ...]

COMPOSITES: dict[str, dict[str, tuple[str, Components]]] = {
    "CarePlan.related": {
        "related": ("relatedPlan", (("relatedcode", "code"), ("relatedplan", "plan")))
    },
    "DiagnosticOrder.event-status-date": {
        "event-status-date": ("event", (("event-status", "status"), ("event-date", "dateTime")))
    },
    "DiagnosticOrder.item-status-date": {
        "item-status-date": (
            "item.event",
            (("item-past-status", "status"), ("item-date", "dateTime")),
        )
    },
    "DocumentReference.relationship": {
        "relationship": ("relatesTo", (("relation", "code"), ("relatesto", "target")))
    },
    "Group.characteristic-value": {
        "characteristic-value": ("characteristic", (("characteristic", "code"), ("value", "value")))
    },
    "Observation.code-value-[x]": {
        "code-value-concept": ("", (("code", "code"), ("value-concept", "valueCodeableConcept"))),
        "code-value-date": (
            "",
            (("code", "code"), ("value-date", "valueDateTime | valuePeriod")),
        ),
        "code-value-quantity": ("", (("code", "code"), ("value-quantity", "valueQuantity"))),
        "code-value-string": ("", (("code", "code"), ("value-string", "valueString"))),
    },
    "Observation.component-code-value-[x]": {
        "component-code-value-concept": (
            "component",
            (("component-code", "code"), ("component-value-concept", "valueCodeableConcept")),
        ),
        "component-code-value-quantity": (
            "component",
            (("component-code", "code"), ("component-value-quantity", "valueQuantity")),
        ),
        "component-code-value-string": (
            "component",
            (("component-code", "code"), ("component-value-string", "valueString")),
        ),
    },
    "Observation.related": {
        "related": ("related", (("related-target", "target"), ("related-type", "type")))
    },
}
"""DSTU2's composites: by definition the parameters it stands for (`[x]` for any value's type), each
with the element it looks at and its components (parameter, expression below that element)."""
