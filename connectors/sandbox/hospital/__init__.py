"""Simulated hospitals: made-up lives, rendered as FHIR, served with search and paging.

A life (people/) is told in facts, free of any FHIR version; a renderer turns facts into resources;
directory.py names the hospitals. A further hospital is a life or two, an entry in the directory
and, for another version, a renderer.
"""
