"""Bars over time as numbers for an SVG: one small scale, nice ticks, no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

LEFT, RIGHT, TOP, BOTTOM = 44, 0, 14, 22
NICE = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What is drawn at one place of the axis: the lower and the upper part, a word below (empty:
    none), and the words of the tooltip.
    """

    lower: int
    upper: int
    label: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """All numbers in pixels of a `width` by `height` viewBox."""

    width: int
    height: int
    left: int
    bottom: float
    bars: list[Bar]
    ys: list[Tick]
    xs: list[Tick]
    now: float | None

    @property
    def now_word_left(self) -> bool:
        """Whether the word at the present stands left of its line, where there is more room."""
        return self.now is not None and self.now > self.width * 0.75


def bars(
    stacks: Sequence[Stack],
    *,
    width: int,
    height: int,
    now: float | None = None,
    every: int = 1,
) -> Chart:
    """A chart of stacked bars. `now` is the present as a fraction of the axis; every `every`-th
    label is written.
    """
    step = nice_step(max((s.lower + s.upper for s in stacks), default=0))
    highest = max((s.lower + s.upper for s in stacks), default=0)
    count = max(1, ceil(highest / step))
    bottom, room = height - BOTTOM, height - BOTTOM - TOP
    slot = (width - LEFT - RIGHT) / max(1, len(stacks))

    def y(value: float) -> float:
        return round(bottom - room * value / (count * step), 1)

    drawn: list[Bar] = []
    for index, stack in enumerate(stacks):
        x, wide = round(LEFT + slot * index + slot * 0.07, 1), round(slot * 0.86, 1)
        for kind, low, high in (
            ("fill", 0, stack.lower),
            ("band", stack.lower, stack.lower + stack.upper),
        ):
            if high > low:
                tall = round(y(low) - y(high), 1)
                drawn.append(
                    Bar(x=x, y=y(high), width=wide, height=tall, kind=kind, title=stack.title)
                )
    return Chart(
        width=width,
        height=height,
        left=LEFT,
        bottom=bottom,
        bars=drawn,
        ys=[Tick(at=y(step * n), text=f"{round(step * n):,}") for n in range(1, count + 1)],
        xs=[
            Tick(at=round(LEFT + slot * (index + 0.5), 1), text=stack.label)
            for index, stack in enumerate(stacks)
            if stack.label and index % every == 0
        ],
        now=None if now is None else round(LEFT + (width - LEFT - RIGHT) * now, 1),
    )


def nice_step(highest: int) -> int:
    """The distance of about four grid lines: 1, 2, 25, 500."""
    wanted = max(1.0, highest / 4)
    power = float(10 ** int(log10(wanted)))
    return max(1, round(next(n * power for n in NICE if n * power >= wanted)))
