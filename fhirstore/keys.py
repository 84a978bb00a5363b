"""Hashes, row ids and what the search index holds. The search compiler queries exactly what is
written here.

All keys are signed 64-bit keyed BLAKE2b (secret per installation: `settings.INDEX_KEY`), so an
index row tells nothing to one who only has a copy of the tables. The FHIR version is not part of a
key: token rows carry `vers` (the same bits as the resource); for range and string rows filter
`fhir_resource.vers`, which the primary key includes: `(owner, rtype, rid) include (fid, vers)`.

Below, `T` is the type's name ("Observation") and `p` the search parameter's code as that FHIR
version spells it ("code"). A parameter means what the definitions of the resource's own version
say. Wearable rows (vers 7) are extracted from all three renderings: their token rows have the bits
of the versions in which the value occurs, their range and string rows are the union.

Where two parameters look at the same values only one has rows: query under `parameter.stored`
(fhirstore/search/definitions): `patient` may be stored as ("subject",), `combo-code` as ("code",
"component-code"), which means any of the two, counted once. A parameter without `paths` has no
rows.

Rows by parameter type (fhirstore/search/plans.py writes them):

token
    One fhir_token row per distinct code: key = token_key(T, p, code) (letter case is folded inside)
    and sys = system_hash(system), 0 for none. If the same code occurs in one resource under a
    second system, the second gets its own row with key = system_code_key(T, p, system, code) and
    sys = system_hash(system), and the first row's `vers` covers both. Values: each coding of a
    CodeableConcept, Coding, code and other primitives, boolean ("true", "false"), Identifier
    (system, value), ContactPoint (value; no system). A Coding without a code: none. Paths that end
    in `:exists` write "true" where one of them has a value other than false, else "false": always
    one of them (Patient `deceased`), or where the first path is a boolean's own (STU3's Condition
    `abatement-boolean`) only if there is any value.
    `c`: key = token_key(T, p, c).
    `s|c`: (key = token_key(T, p, c) and sys = system_hash(s)) or key = system_code_key(T, p, s, c).
    `|c`: (key = token_key(T, p, c) and sys = 0) or key = system_code_key(T, p, "", c).
    `s|`: rows of this owner with sys = system_hash(s), re-checked on the body.
    `:text`: a fhir_string row for each text or display, or text of an Identifier's type, under the
    parameter name f"{p}:text", with raw "". `:of-type`: a fhir_token row for each type of an
    Identifier under f"{p}:of-type", its code being f"{the type's code}|{value}".

reference
    One fhir_token row per distinct target, sys 0: key = reference_key(T, p, target). The target is
    "Type/id" as stored (the same where it stands below this server's own address of that FHIR
    version) or the absolute URL as it stands (other servers, `urn:`), a version part `/_history/n`
    cut off; where there is one, a second row with it. Of a canonical the whole and the part before
    `|`; where no version is said, that part with `|` behind it. `#contained` and display-only
    references write none. A reference without a type in the query:
    `key = any(reference_key(T, p, f"{t}/{id}") for t in parameter.targets)`. In SQL it is
    `param_key(T, p) # r.self`, r.self being fhir_resource.self of the target (chains, `_has`,
    `_revinclude`). What canonical references may name has rows as if it referred to itself under
    the name spellings.CANONICAL: of "url|", and of "url|version" where it has one. So what refers
    to `r` that way is among `param_key(T, p) # param_key(type of r, CANONICAL) # any(r.keys)`.
    `p:identifier`: a Reference.identifier writes token rows under the parameter
    name f"{p}:identifier".

uri
    One fhir_token row, sys 0: key = uri_key(T, p, uri) (exact letter case); where the value has
    `|version`, a second one for the part before it. And one fhir_string row: key = param_key(T, p),
    val = its beginning, raw = the whole uri (`:below`: val >= x and val < x + U+10FFFF). `:above`:
    key = any(uri_key of the prefixes).

string
    One fhir_string row per part: key = param_key(T, p), val = normalise(text), raw = text. The
    parts of a HumanName: text, family, given, prefix, suffix; of an Address: text, line, city,
    district, state, postalCode, country; of a CodeableConcept: text and displays. Prefix search:
    normalise the value, then val >= x and val < x + U+10FFFF. `:exact` on raw; `:contains` on val
    over the slice (owner, key). Of a long text val is the beginning (LONGEST_STRING); what comes
    further has overlapping rows of its own, raw "", under the parameter name f"{p}:further".

date
    One fhir_range row per value: key = param_key(T, p), lo and hi microseconds since 1970, half
    open; open ends are MIN_MOMENT and MAX_MOMENT. A date, dateTime or instant covers its precision,
    zone-less ones in UTC; a Period; a Timing from its first event or bound to its last.
    The primary date (`primary_date(version, T)` in fhirstore/search/definitions) is in
    fhir_resource.lo and hi and, as milliseconds, in rid. It has a fhir_range row only where
    hi - lo > 1 second or the parameter has more than one value. A wearable's Period with offsets
    has one more under the parameter name f"{p}:local", its local times taken as UTC: asked as well
    where the query's date has no time.

number, quantity
    One fhir_range row per value: key = param_key(T, p), lo and hi = order_preserving(value -/+ half
    of the last digit given) (fhirstore/search/precision.py); the middle of them is the number
    itself, which the prefixes compare (fhirstore/search/types/number.py). Of a quantity with a
    comparator, which may be any number so far, the number itself is one end: with `<` and `<=` lo
    is LEAST, with `>` and `>=` hi is GREATEST. A quantity writes one
    more with key = quantity_key(T, p, unit) for each distinct one of `system|code`, `|code` and
    `|unit` that it has. `5.4|sys|code` asks for quantity_key(T, p, "sys|code"), `5.4||mg` for
    quantity_key(T, p, "|mg"), `5.4` for param_key(T, p). Instead of `system|code` of a UCUM unit
    that can be converted there is "=base", lo and hi being in base units
    (fhirstore/search/units.py). A Range, and sampled data from its smallest to its largest sample,
    has one under the parameter name f"{p}:range" instead: lo and hi = order_preserving of the
    numbers themselves, an open end the largest float8.

composite
    Of the resource itself (`code-value-quantity`): none, answered by the rows of its parts. Of an
    element (`component-code-value-quantity`): for each element the rows of its last or its one
    compared part (quantity, number, date, string) under the parameter name
    composite_name(p, spellings of the other parts) (fhirstore/search/spellings.py); a code is spelt
    with and without its system. Where two parts are compared the element's number is part of the
    name.

common
    `_tag`, `_security`: token rows, `:text` rows of a display; `_profile`, `_source`: the token
    rows of a uri, no string rows.
    `_id`, `_lastUpdated`, `_type`: none, fhir_resource answers them.

compartment
    One fhir_token row per Patient the resource belongs to, by its version's patient compartment; a
    Patient belongs to itself, a wearable's Device to its patient. key =
    compartment_key("Patient/id"), the same for all types, and sys is the rtype. Types that
    $everything never shows (wire contract 12.5) have none.
    select ... from fhir_token t join fhir_resource r
      on r.owner = t.owner and r.rtype = t.sys and r.rid = t.rid
    where t.owner = ? and t.key = ? and (t.vers & bit) <> 0

contained
    One fhir_token row per type of resource that it contains: key = contained_key(type), and sys is
    the rtype of the container. What is contained has no rows of its own: it is indexed when it is
    searched (fhirstore/search/contained.py).
    What a reference of the container leads to within it has its rows as the container's, `T` in
    their keys being "T.p#type of the contained" (fhirstore/search/links.py), the primary date as a
    range row like others; besides a token row with link_key of that name, one with present_key
    for each parameter with a value, and one with system_key for each system of its codes: for
    chains.

rid
    dated(ms, seq): milliseconds of the primary date since 1800 << 19 | seq mod 2^19. So
    `rid >= rid_floor(lo)` is a date comparison to the millisecond (at the edge look at
    fhir_resource.lo and hi). Resources without a primary date have a negative rid (undated), made
    of the time they were first stored: add `rid >= 0` to a date condition without a lower bound.
    rid changes when the date does; nothing outside the index refers to it.

self
    self_key("Type/id").

present
    Bit i is set where the parameter with `present_bits(T)[p] == i` (fhirstore/search/definitions)
    has at least one value: for `:missing`. For wearable rows the union over the versions.

keys
    The distinct keys of all the resource's rows in fhir_token, fhir_range and fhir_string.
"""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings

from fhirstore.remembered import remembered

INDEX_GENERATION = 4
"""Of the rows described here. Raise it with every change of what is written; owners whose rows are
of an earlier one are indexed anew in the background (fhirstore/reindex.py)."""

VERSION_BITS = {"dstu2": 1, "stu3": 2, "r4": 4}
"""The bit of a FHIR version in `vers` columns."""

EVERY_VERSION = 7
"""`vers` of wearable rows."""

MIN_MOMENT, MAX_MOMENT = -(2**63), 2**63 - 1
"""Open ends of date ranges, in microseconds."""

LEAST, GREATEST = MIN_MOMENT, MAX_MOMENT
"""Open ends of ranges of numbers; no float8 is so far out."""

SEQ_BITS = 19
_SEQ_MASK = (1 << SEQ_BITS) - 1
LONGEST_STRING, LONGEST_INNER = 512, 128
"""Characters of a text in one string row (an index entry has some 2,700 bytes), and in what
`:contains` may ask for: so far do the rows of a longer text overlap."""
_EPOCH_1800_MS = 5_364_662_400_000  # from 1800-01-01 to 1970-01-01
_LAST_MS = 2**44 - 1
_UNDATED = -(2**63)
_NUMBER = struct.Struct("<q").unpack


@lru_cache(maxsize=1)
def _keyed() -> blake2b:
    return blake2b(digest_size=8, key=settings.INDEX_KEY)


def _hash(text: str) -> int:
    state = _keyed().copy()
    try:
        state.update(text.encode())
    except UnicodeEncodeError:
        state.update(text.encode("utf-8", "surrogatepass"))
    number: int = _NUMBER(state.digest())[0]
    return number


@remembered(16384)
def param_key(rtype: str, param: str) -> int:
    """Key of a parameter's range and string rows, and one half of a reference's key."""
    return _hash(f"p\0{rtype}\0{param}")


def fresh_token_key(rtype: str, param: str, code: str) -> int:
    """Key of a token row: the code alone, letter case folded."""
    return _hash(f"t\0{rtype}\0{param}\0{code.casefold()}")


token_key = remembered(65536)(fresh_token_key)
"""The same, of codes that come again and again."""


def system_code_key(rtype: str, param: str, system: str, code: str) -> int:
    """Key of the row of a code's second and later systems."""
    return _hash(f"s\0{rtype}\0{param}\0{system}\0{code.casefold()}")


@remembered(8192)
def system_hash(system: str | None) -> int:
    """What a token row's `sys` holds: 32 bits, signed; 0 exactly where there is no system."""
    if not system:
        return 0
    value = _hash(f"y\0{system}") & 0xFFFFFFFF
    return (value - 2**32 if value >= 2**31 else value) or 1


def self_key(target: str) -> int:
    """`fhir_resource.self`, and the other half of a reference's key. `target` is "Type/id" or an
    absolute URL."""
    return _hash(f"r\0{target}")


def reference_key(rtype: str, param: str, target: str) -> int:
    """Key of a reference's token row; in SQL `param_key # self`."""
    return param_key(rtype, param) ^ self_key(target)


def uri_key(rtype: str, param: str, uri: str) -> int:
    """Key of a uri's token row; letter case counts."""
    return _hash(f"u\0{rtype}\0{param}\0{uri}")


@remembered(8192)
def quantity_key(rtype: str, param: str, unit: str) -> int:
    """Key of a quantity's range row within one unit, given as "system|code", "|code or unit" or
    "=base" of a UCUM unit."""
    return _hash(f"q\0{rtype}\0{param}\0{unit}")


def number_key(rtype: str, param: str, unit: str) -> int:
    """Key of a range row of a number or quantity: within a unit, or of the number alone ("")."""
    return quantity_key(rtype, param, unit) if unit else param_key(rtype, param)


def compartment_key(patient: str) -> int:
    """Key of the membership rows of a patient compartment; `patient` is "Patient/id"."""
    return _hash(f"c\0{patient}")


def contained_key(rtype: str) -> int:
    """Key of the rows that tell which resources contain one of a type."""
    return _hash(f"d\0{rtype}")


def dated(milliseconds: int, seq: int) -> int:
    """The `rid` of a resource whose primary date begins at `milliseconds` since 1970; clamped to
    1800 to 2357."""
    since = milliseconds + _EPOCH_1800_MS
    if not 0 <= since <= _LAST_MS:
        since = min(max(since, 0), _LAST_MS)
    return since << SEQ_BITS | seq & _SEQ_MASK


def undated(milliseconds: int, seq: int) -> int:
    """The (negative) `rid` of a resource without primary date, first stored at `milliseconds` since
    1970."""
    return _UNDATED + dated(milliseconds, seq)


def rid_floor(microseconds: int) -> int:
    """The smallest dated rid of the millisecond that holds this moment (since 1970); never
    negative."""
    return dated(microseconds // 1000, 0)


def order_preserving(value: float) -> int:
    """A float64 as an int64 of the same order: what number and quantity rows hold."""
    bits: int
    (bits,) = struct.unpack(">q", struct.pack(">d", value))
    return bits if bits >= 0 else -(2**63) - bits


_UNDECOMPOSED = str.maketrans(
    {
        "æ": "ae",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ı": "i",
        "ł": "l",
        "ŋ": "n",
        "œ": "oe",
        "ø": "o",
        "ŧ": "t",
        "þ": "th",
    }
)
"""Letters with a stroke and ligatures that Unicode takes for letters of their own, as PostgreSQL's
unaccent folds them (casefold makes "ss" of "ß")."""


def normalise(text: str) -> str:
    """How strings are compared: NFKD, marks and apostrophes stripped, casefolded, letters that do
    not decompose spelt in those of the alphabet, other punctuation and white space become one
    blank."""
    decomposed = unicodedata.normalize("NFKD", text).replace("'", "").replace("\u2019", "")
    if decomposed.isascii():
        folded = decomposed.casefold()
    else:
        bare = "".join(c for c in decomposed if not unicodedata.combining(c))
        folded = bare.casefold().translate(_UNDECOMPOSED)
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split())


def source_key(url: str) -> int:
    """`fhir_resource.src`: which source URL (identity.source_url) a row came from."""
    return _hash(f"source\0{url}")
