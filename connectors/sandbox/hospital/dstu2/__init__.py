"""Facts as DSTU2 (FHIR 1.0.2) resources."""
