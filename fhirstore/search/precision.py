"""The implicit range of a number: `5.4` stands for 5.35 to 5.45."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from fhirstore.keys import order_preserving


def implicit_range(literal: str) -> tuple[int, int] | None:
    """What range rows hold for a number as written: [lo, hi) as order-preserving integers; None
    where it is no number.

    Half a unit of the last digit given on either side; an exponent counts (`1e2` is 50 to 150).
    """
    try:
        number = Decimal(literal)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or not -400 < number.adjusted() < 308:
        return None
    half = Decimal(5).scaleb(exponent - 1)
    return order_preserving(float(number - half)), order_preserving(float(number + half))
