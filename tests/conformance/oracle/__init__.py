"""FHIR search the slow and obvious way: a list of resources, a query, and a loop.

Written from the text of hl7.org/fhir (R4 first), for the parameters of a dozen types. It shares
nothing with the server: what both say is right, or both have read the specification wrongly in the
same way. Where FHIR leaves a choice the choice is named where it is made.
"""
