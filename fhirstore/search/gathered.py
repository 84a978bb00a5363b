"""The index rows of one resource, as they are gathered: what each kind of value writes is told in
fhirstore/keys.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from fhirstore import keys


@dataclass(slots=True)
class IndexRows:
    """The rows of one resource, without owner and rid.

    `tokens`: key to (sys, vers). `ranges`: (key, lo, hi). `strings`: (key, val, raw). `present`:
    the bits of parameters with a value. `lo`, `hi`: the primary date, None where it has none."""

    tokens: dict[int, tuple[int, int]] = field(default_factory=dict)
    ranges: dict[tuple[int, int, int], None] = field(default_factory=dict)
    strings: dict[tuple[int, str, str], None] = field(default_factory=dict)
    present: int = 0
    lo: int | None = None
    hi: int | None = None

    def token(self, rtype: str, param: str, code: str, system: str, vers: int) -> None:
        """Add a code; a second system of the same code gets a row of its own, the first row's
        `vers` covers both."""
        key, sys = keys.token_key(rtype, param, code), keys.system_hash(system)
        held = self.tokens.get(key)
        if held is None:
            self.tokens[key] = sys, vers
            return
        self.tokens[key] = held[0], held[1] | vers
        if held[0] != sys:
            self.mark(keys.system_code_key(rtype, param, system, code), sys, vers)

    def mark(self, key: int, sys: int, vers: int) -> None:
        """Add a token row, or more versions to it."""
        held = self.tokens.get(key)
        self.tokens[key] = (sys, vers if held is None else held[1] | vers)
