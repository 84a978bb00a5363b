"""What to do about an answer that is not what one wanted."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.explorer.answer import Shown
from console.explorer.line import VERSIONS, Line
from fhirstore.errors import FhirError
from fhirstore.keys import VERSION_BITS
from fhirstore.rtypes import NUMBERS
from fhirstore.search.condition import Binder, Scope
from fhirstore.search.moments import microseconds
from fhirstore.search.owners import Owners
from fhirstore.search.parts import compile_parts
from fhirstore.search.request import Pair, parse


def ignored(line: Line) -> list[str]:
    """The parameters of a search that had no effect, as the API reads it."""
    if not line.rtype:
        return []
    try:
        request = parse(version=line.version, rtype=line.rtype, pairs=line.pairs, strict=False)
    except FhirError:
        return []
    return sorted({pair.name for pair in request.ignored})


def cure(shown: Shown, line: Line) -> str:
    """One sentence on how to put an error right; "" where there is nothing to say beyond it."""
    codes = {issue.code for issue in shown.issues}
    if shown.status == 404 and line.rtype == "" and line.path.count("/") == 1:
        return _(
            "Types are spelled as in FHIR, such as Observation or MedicationRequest; "
            "“metadata” lists them."
        )
    if shown.status == 404:
        return _(
            "Another user's data looks like no data. Hospital records are read in the version that "
            "the hospital writes: try another one above."
        )
    if shown.status == 410:
        return _("It was deleted. Its earlier versions are still at “/_history”.")
    if shown.status == 403:
        return _("The scope that the call was made with does not go so far.")
    if "value" in codes:
        return _(
            "Dates look like 2026-11-24 or ge2026-11; tokens like code or system|code; quantities "
            "like gt5.4||mmol/L; _include like Observation:subject; modifiers like :exact stand "
            "behind the name."
        )
    return ""


def culprits(line: Line, names: set[str], *, owner: int, now: datetime) -> list[Pair]:
    """The parameters that an answer to this owner complains of: those that are refused also on
    their own, else those of these names."""
    if not names:
        return []
    alone = [pair for pair in line.pairs if _refused(line, pair, owner, now)]
    bases = {_base(name) for name in names}
    return alone or [pair for pair in line.pairs if _base(pair.name) in bases]


def _refused(line: Line, pair: Pair, owner: int, now: datetime) -> bool:
    if not line.rtype:
        return False
    scope = Scope(
        owners=Owners(numbers=(owner,)),
        version=line.version,
        bit=VERSION_BITS[line.version],
        rtype=line.rtype,
        number=NUMBERS[line.rtype],
        now_microseconds=microseconds(now),
        base="",
    )
    try:
        asked = parse(version=line.version, rtype=line.rtype, pairs=[pair], strict=False)
        compile_parts(asked, scope, Binder())
    except FhirError:
        return True
    return False


def marked(line: Line, wrong: Collection[Pair]) -> SafeString:
    """The line as HTML, these parameters marked."""
    pairs = line.pairs
    if not pairs:
        return format_html("{}", str(line))
    pieces = format_html_join(
        "&",
        "{}",
        (
            (format_html("<mark>{}</mark>", pair.raw) if pair in wrong else pair.raw,)
            for pair in pairs
        ),
    )
    return format_html("{}{}?{}", line.prefix, line.path, pieces)


def _base(name: str) -> str:
    return re.split(r"[:.]", name, maxsplit=1)[0]


def elsewhere(held: dict[str, dict[str, int]], line: Line) -> list[tuple[str, str, int]]:
    """Other versions that have resources of the type: (version, its name, how many)."""
    return [
        (version, VERSIONS[version], count)
        for version, count in held.get(line.rtype, {}).items()
        if version != line.version
    ]
