"""Places: `near=latitude|longitude|distance|unit` of R4's Location
(hl7.org/fhir/R4/location.html#positional). Without a distance: within 25 km.

Computed when asked, over the Locations that the owner has: they are few. The distance is that on a
sphere."""

from __future__ import annotations

import math

from fhirstore.errors import InvalidValue
from fhirstore.search.clause import Clause
from fhirstore.search.condition import Binder, Condition
from fhirstore.search.escapes import split, unescape

_EARTH = 6371.0088
_KILOMETRES = {"": 1.0, "km": 1.0, "m": 0.001, "mi": 1.609344, "[mi_i]": 1.609344}
_DEFAULT = 25.0

# `case` decides what is computed: a source may have sent a position that is none.
_WITHIN = f"""exists (select 1 from (
  select fhir_json(r.body) #> '{{{{position,latitude}}}}' as latitude,
         fhir_json(r.body) #> '{{{{position,longitude}}}}' as longitude offset 0) p
where case when jsonb_typeof(p.latitude) = 'number' and jsonb_typeof(p.longitude) = 'number'
  and abs(p.latitude::float8) <= 90 and abs(p.longitude::float8) <= 360
then 2 * {_EARTH} * asin(least(1::float8, sqrt(
    power(sind((p.latitude::float8 - {{latitude}}) / 2), 2)
    + cosd({{latitude}}) * cosd(p.latitude::float8)
    * power(sind((p.longitude::float8 - {{longitude}}) / 2), 2)))) <= {{kilometres}}
else false end)"""


def compile_clause(clause: Clause, binder: Binder) -> Condition:
    """The Locations that are within the distance of one of the places."""
    tests = [_test(clause.name, value, binder) for value in clause.values]
    return Condition(resource=" or ".join(tests), rank=6)


def _test(name: str, value: str, binder: Binder) -> str:
    latitude, longitude, kilometres = _read(name, value)
    return _WITHIN.format(
        latitude=binder.bind(latitude, "float8"),
        longitude=binder.bind(longitude, "float8"),
        kilometres=binder.bind(kilometres, "float8"),
    )


def _read(name: str, value: str) -> tuple[float, float, float]:
    """Latitude, longitude and kilometres. Raises InvalidValue."""
    parts = [unescape(part).strip() for part in split(value, "|")]
    if not 2 <= len(parts) <= 4:
        raise InvalidValue(parameter=name, problem="is latitude|longitude|distance|unit")
    place, unit = parts[:3], parts[3] if len(parts) == 4 else ""
    try:
        numbers = [float(part) for part in place if part]
    except ValueError:
        numbers = []
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)):
        raise InvalidValue(parameter=name, problem="cannot be read as a place and a distance")
    if unit not in _KILOMETRES:
        raise InvalidValue(parameter=name, problem="the unit is km, m or [mi_i]")
    latitude, longitude = numbers[:2]
    distance = numbers[2] * _KILOMETRES[unit] if len(numbers) == 3 else _DEFAULT
    if abs(latitude) > 90 or abs(longitude) > 180 or distance < 0:
        raise InvalidValue(parameter=name, problem="is no place on earth")
    return latitude, longitude, distance
