"""Simulated hospitals: made-up lives, rendered as FHIR, served with search and paging.

data/ tells the hospitals, their staff and their people; story/ turns a person's file into facts,
free of any FHIR version; fhir/ turns facts into resources; views.py serves them. A further
hospital or person is data alone.
"""
