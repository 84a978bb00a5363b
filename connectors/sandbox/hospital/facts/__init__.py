"""A life in facts: what happened to a person, who did it, what was found. No FHIR in here but its
codes.

Each fact has a `key`, unique among its kind in one life; ids and references are made from it.
Moments are aware datetimes.
"""
