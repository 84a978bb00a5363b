"""UCUM units as factors of base units, so that quantities in different units compare
(ucum.org/ucum; the units themselves are from the library ucumvert).

* Annotations count as 1: `{beats}/min` is `/min`, `mL/min/{1.73_m2}` is `mL/min`.
* Arbitrary units (`[iU]`, `[CFU]`) equal only themselves: each is a dimension of its own, so that
  `m[iU]/mL` and `[iU]/L` still compare.
* Of the special units, whose zero is elsewhere or whose scale is not linear, degrees Celsius and
  Fahrenheit are converted where they stand alone; the others equal only themselves.
* What cannot be read equals only itself.

Loading the library takes a second and is done when the first unit that is not a common one is met,
once a process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from fhirstore.remembered import remembered
from fhirstore.search.common_units import COMMON

UCUM = "http://unitsofmeasure.org"
DIGITS = Context(prec=12)
"""To so many digits are converted numbers rounded."""

_ANNOTATION = re.compile(r"(^|[./(])?\{[^{}]*\}")
_LONGEST = 100
_FAR = re.compile(r"[^\d./(]\d{4}")
"""Exponents of four digits and more: no unit has one, and the library would raise an integer to
that power, which for `10*99999999` never ends."""
_SPECIAL_IN = re.compile(
    r"(?<![A-Za-z\[])(?:[a-zA-Z]{1,2})?(?:B(?:\[[^\]]*\])?|Np|Cel|bit_s)(?![A-Za-z\[])"
    r"|\[degF\]|\[degRe\]|\[p'diop\]|%\[slope\]|\[pH\]|\[hp'_[XCMQ]\]|\[m/s2/Hz"
)
_ARBITRARY = (
    *("[hp_X]", "[hp_C]", "[hp_M]", "[hp_Q]", "[kp_X]", "[kp_C]", "[kp_M]", "[kp_Q]", "[iU]"),
    *("[IU]", "[arb'U]", "[USP'U]", "[GPL'U]", "[MPL'U]", "[APL'U]", "[beth'U]", "[anti'Xa'U]"),
    *("[todd'U]", "[dye'U]", "[smgy'U]", "[bdsk'U]", "[ka'U]", "[knk'U]", "[mclg'U]", "[tb'U]"),
    *("[CCID_50]", "[TCID_50]", "[EID_50]", "[PFU]", "[FFU]", "[CFU]", "[IR]", "[BAU]", "[AU]"),
    *("[Amb'a'1'U]", "[PNU]", "[Lf]", "[D'ag'U]", "[FEU]", "[ELU]", "[EU]"),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as `value * factor + offset` of `base`, a name that all units of its kind share."""

    base: str
    factor: Decimal
    offset: Decimal = Decimal(0)

    def of(self, number: Decimal) -> Decimal:
        """The number in base units."""
        return DIGITS.plus(number * self.factor + self.offset)


_TEMPERATURES = {
    "Cel": Unit("kelvin^1", Decimal(1), Decimal("273.15")),
    "[degF]": Unit("kelvin^1", Decimal(5) / Decimal(9), Decimal("459.67") * 5 / 9),
}


@remembered(4096)
def unit(code: str) -> Unit | None:
    """What a UCUM code stands for; None where it equals only itself."""
    if known := _TEMPERATURES.get(code):
        return known
    if len(code) > _LONGEST or _SPECIAL_IN.search(code):
        return None
    plain = _ANNOTATION.sub(lambda m: "" if m[1] is None else f"{m[1]}1", code)
    if common := COMMON.get(plain or "1"):
        return Unit(common[0], Decimal(common[1]))
    if _FAR.search(plain):
        return None
    try:
        return converted(plain)
    # The library raises whatever its parser and its registry do; such a unit is only itself.
    except Exception:
        return None


def converted(code: str) -> Unit:
    """A unit as the library knows it. Raises what the library raises."""
    registry = _registry()
    read = registry.from_ucum(code or "1")
    arbitrary: dict[str, int] = {}
    rest = registry.Quantity(read.magnitude)
    for name, power in read.unit_items():
        prefix, root, _ = registry.parse_unit_name(name)[0]
        if root in _arbitrary():
            scale = registry.Quantity(1, f"{prefix}meter").to("meter").magnitude
            rest *= scale**power
            arbitrary[root] = power
        else:
            rest *= registry.Quantity(1, name) ** power
    base = rest.to_base_units()
    dimensions: Mapping[str, Any] = dict(base.unit_items()) | arbitrary
    powers = (f"{name}^{power:g}" for name, power in sorted(dimensions.items()) if power)
    factor = DIGITS.create_decimal_from_float(float(base.magnitude)).normalize(DIGITS)
    return Unit(".".join(powers), factor)


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@lru_cache(maxsize=1)
def _arbitrary() -> frozenset[str]:
    registry = _registry()
    found: set[str] = set()
    for code in _ARBITRARY:
        try:
            found.update(name for name, _ in registry.from_ucum(code).unit_items())
        except Exception:  # one that the library lacks is never met either
            continue
    return frozenset(found)
