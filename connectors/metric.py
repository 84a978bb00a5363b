"""What a wearable vendor's file declares for each measure: how to ask, and how to read a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.local_time import LocalTime
from connectors.mapping.measures import Measure
from connectors.mapping.sample import Sample

Row = dict[str, Any]
"""A row of a vendor's answer; its decimal numbers are `Decimal`."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """What is asked: [start, end) with local offsets, and the moment of asking."""

    start: datetime
    end: datetime
    local: LocalTime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request, its path below the API's base. With a `body` it is a POST of JSON."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One measure of a vendor.

    `ask(span, page_token)` makes the request; `read(row, span)` turns a row into a Sample, or None
    where the row holds none, and may raise KeyError, TypeError, ValueError or ArithmeticError for a
    row that makes no sense. `rows` is the member of the answer that holds the rows, `scope` what
    the grant must hold, `most` the longest span of one question.
    """

    measure: Measure
    ask: Callable[[Span, str | None], Call]
    read: Callable[[Row, Span], Sample | None]
    rows: str
    scope: str = ""
    most: timedelta = timedelta(days=90)
