"""The implicit range of a number: `5.4` stands for 5.35 to 5.45."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from fhirstore.keys import order_preserving
from fhirstore.remembered import remembered
from fhirstore.search.units import unit

_LARGEST = 280
"""Powers of ten beyond which a number is none: in base units too it must be a float8."""


@remembered(16384)
def implicit_range(literal: str) -> tuple[int, int] | None:
    """What range rows hold for a number as written: [lo, hi) as order-preserving integers; None
    where it is no number.

    Half a unit of the last digit given on either side; an exponent counts (`1e2` is 50 to 150).
    """
    read = number(literal)
    if read is None:
        return None
    point, half = read
    return order_preserving(float(point - half)), order_preserving(float(point + half))


@remembered(16384)
def based_range(literal: str, code: str) -> tuple[str, int, int] | None:
    """The same in the base units of a UCUM unit, behind their name as `quantity_key` takes it; None
    where the unit equals only itself."""
    read, known = number(literal), unit(code)
    if read is None or known is None:
        return None
    point, half = read
    low, high = float(known.of(point - half)), float(known.of(point + half))
    return based(known.base), order_preserving(low), order_preserving(high)


@remembered(16384)
def exact_point(literal: str, code: str = "") -> int:
    """Where a number that `implicit_range` takes stands among the others; in the base units of a
    UCUM unit where its code is given, one that `based_range` takes."""
    point, known = Decimal(literal), unit(code) if code else None
    return order_preserving(float(known.of(point) if known else point))


SLACK = 64
"""So many float8 lie between two that rounding made of one number, at most."""


def based(base: str) -> str:
    """The name of base units among a quantity's units."""
    return f"={base}"


def number(literal: str) -> tuple[Decimal, Decimal] | None:
    """A number as written, and half a unit of its last digit."""
    try:
        point = Decimal(literal)
    except InvalidOperation:
        return None
    exponent = point.as_tuple().exponent
    if not isinstance(exponent, int) or abs(point.adjusted()) > _LARGEST:
        return None
    return point, Decimal(5).scaleb(exponent - 1)
