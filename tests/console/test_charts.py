"""Bars: scaled to nice numbers, stacked without overlap, nothing outside the picture."""

from __future__ import annotations

import pytest

from console import charts
from console.charts import Stack


def stack(lower: int, upper: int = 0) -> Stack:
    return Stack(lower=lower, upper=upper, label="x", title="")


@pytest.mark.parametrize(
    ("highest", "step"),
    [(0, 1), (1, 1), (4, 1), (5, 2), (9, 2), (100, 25), (956, 250), (1750, 500), (10_000, 2500)],
)
def test_grid_lines_stand_at_nice_numbers(highest: int, step: int) -> None:
    assert charts.nice_step(highest) == step
    assert step * 5 >= highest


def test_the_parts_of_a_bar_stand_on_each_other() -> None:
    chart = charts.bars([stack(30, 10)], width=400, height=200)
    below, above = chart.bars
    assert (below.kind, above.kind) == ("fill", "band")
    assert above.y + above.height == pytest.approx(below.y)
    assert below.y + below.height == pytest.approx(chart.bottom)
    assert below.height == pytest.approx(3 * above.height, abs=0.3)


def test_everything_is_inside_the_picture() -> None:
    chart = charts.bars([stack(n * 7, n) for n in range(24)], width=358, height=170, now=1.0)
    assert all(bar.y >= 0 and bar.y + bar.height <= chart.bottom + 0.1 for bar in chart.bars)
    assert all(bar.x >= 44 and bar.x + bar.width <= 358 for bar in chart.bars)
    assert chart.now == 358
    assert chart.now_word_left


def test_nothing_at_all_still_has_an_axis() -> None:
    chart = charts.bars([stack(0)] * 24, width=358, height=170)
    assert chart.bars == []
    assert [tick.text for tick in chart.ys] == ["1"]
    assert chart.now is None
