"""Charts that need no picture: lines over time on a small canvas, and bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from export.report.page import Bar, Bars, Line, Span

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 332.0, 10.0, 160.0  # pixels of the canvas, see page.html
_LOGARITHMIC = 8.0  # times the lowest value from which the scale is logarithmic
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4
_MOST = 1e12  # a larger number is no figure of a training
_NEAR = 1e-9  # two numbers so near to each other, or to nothing, are one


def line_chart(
    title: str, points: Sequence[tuple[float, float]], spans: Sequence[tuple[str, float, float]], unit: str
) -> Line | None:
    """A line through those points (x, y) that are numbers, over named spans of x; None where there are fewer than two."""
    known = [(x, y) for x, y in points if abs(x) <= _MOST and abs(y) <= _MOST]  # and no NaN
    if len(known) < 2:
        return None
    low, high = min(y for _, y in known), max(y for _, y in known)
    logarithmic = low > _NEAR and high > _LOGARITHMIC * low
    ticks = _powers(low, high) if logarithmic else _rounded(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    first, last = min(0.0, *(x for x, _ in known)), max(x for x, _ in known)

    def across(x: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (x - first) / max(last - first, _NEAR)

    def up(y: float) -> float:
        place = math.log(y / low) / math.log(high / low) if logarithmic else (y - low) / max(high - low, _NEAR)
        return _BOTTOM - (_BOTTOM - _TOP) * place

    told = f"{title}: {_short(known[0][1])} at {known[0][0]:.4g} {unit}, {_short(known[-1][1])} at {known[-1][0]:.4g} {unit}."
    return Line(
        title=title,
        told=told,
        points=[(across(x), up(y)) for x, y in known],
        spans=[Span(name, across(max(a, first)), across(min(b, last))) for name, a, b in spans if b > first and a < last],
        x_ticks=[(across(x), _short(x)) for x in _rounded(first, last) if first <= x <= last],
        y_ticks=[(up(y), _short(y)) for y in ticks],
    )


def _rounded(low: float, high: float) -> list[float]:
    """Round numbers from just below the lowest to just above the highest value."""
    if high - low <= _NEAR * max(1.0, abs(high)):
        return [low, low + max(1.0, abs(low))]
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * 0.999)
    return [step * i for i in range(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9) + 1)]


def _powers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten from just below the lowest to just above the highest, thinned where they are many."""
    steps = [m * 10.0**e for e in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2) for m in (1, 2, 5)]
    first = max(i for i, step in enumerate(steps) if step <= low * 1.0001)
    last = min(i for i, step in enumerate(steps) if step >= high * 0.9999)
    chosen = steps[first : last + 1]
    every = -(-len(chosen) // (_TICKS + 2))
    return [*chosen[:-1:every], chosen[-1]]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def bar_chart(caption: str, sets: Sequence[str], rows: Mapping[str, Sequence[tuple[float | None, str]]]) -> Bars:
    """Bars of values of 0 or more (None: not known) with their labels, the longest as long as there is room."""
    most = max((value for some in rows.values() for value, _ in some if value is not None), default=0.0)
    return Bars(
        caption,
        sets,
        [
            (name, [Bar(100 * (value or 0.0) / most if most > 0 else 0.0, text) for value, text in some])
            for name, some in rows.items()
        ],
    )
