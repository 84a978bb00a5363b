"""A life as FHIR resources, in DSTU2, STU3 and R4.

One writer a resource type; where the versions differ it says all three side by side (`room.by`).
record.py collects them, renderers.py names the versions.
"""
