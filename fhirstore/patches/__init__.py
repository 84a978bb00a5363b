"""Changing a resource by a patch: JSON Patch (RFC 6902) and FHIRPath Patch. Both change a parsed
resource in place, which the caller throws away where they raise."""
