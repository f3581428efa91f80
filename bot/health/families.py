"""Families of counters and histograms that stay small and quick, whatever labels they are given."""

from __future__ import annotations

import math
import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Collection
from itertools import accumulate
from typing import Generic, TypeVar

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

OTHER = "other"
MOST = 64  # different labels of a family; the next ones are counted as others
# A name, as opposed to an id: begins with a letter, is short, and has no long number in it.
_NAME = re.compile(r"(?!.*\d{4})[A-Za-z][A-Za-z0-9 ._+-]{0,39}")

_Value = TypeVar("_Value")


def named(label: str, known: Collection[str] = ()) -> str:
    """A label as it is told: "other" where it is no name, or one more than 64 known ones, so that no id gets in."""
    fits = isinstance(label, str) and _NAME.fullmatch(label) and (label in known or len(known) < MOST)
    return label if fits else OTHER


class _Members(Generic[_Value]):
    """What is counted under each combination of labels; `lock` is held while it is read or changed."""

    def __init__(self, labels: int, new: Callable[[], _Value]) -> None:
        """Begin with nothing, but for a family of no labels, whose one member is there from the first."""
        self.lock = threading.Lock()
        self.values: dict[tuple[str, ...], _Value] = {} if labels else {(): new()}
        self._new = new

    def key(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Under which labels these are counted, which are not among the values yet; their member is made."""
        names = tuple(named(label) for label in labels)
        if names not in self.values:
            if len(self.values) >= MOST:
                names = (OTHER,) * len(labels)
            self.values.setdefault(names, self._new())
        return names


class Counts:
    """A counter for each combination of labels; may be used from any thread."""

    def __init__(self, name: str, told: str, *labels: str) -> None:
        """Name the family (without "_total") and its labels, and tell what is counted."""
        self._name, self._told, self._labels = name, told, labels
        self._members = _Members[int](len(labels), int)

    def add(self, labels: tuple[str, ...], amount: int = 1) -> None:
        """Count so many more, 0 or more."""
        members = self._members
        with members.lock:
            try:
                members.values[labels] += amount
            except (KeyError, TypeError):  # TypeError: what cannot be hashed is no name
                members.values[members.key(labels)] += amount

    def metric(self) -> Metric:
        """The family as it stands now."""
        family = CounterMetricFamily(self._name, self._told, labels=self._labels)
        with self._members.lock:
            values = dict(self._members.values)
        for labels, value in values.items():
            family.add_metric(labels, value)
        return family


class _Spread:
    """How many durations fell between any two ends, and their sum."""

    __slots__ = ("counts", "sum")

    def __init__(self, ends: int) -> None:
        self.counts = [0] * (ends + 1)
        self.sum = 0.0


class Times:
    """A histogram of seconds for each combination of labels; may be used from any thread."""

    def __init__(self, name: str, told: str, ends: tuple[float, ...], *labels: str) -> None:
        """Name the family and its labels, tell what is measured, and give the upper ends of the buckets in seconds."""
        self._name, self._told, self._labels = name, told, labels
        self._ends = ends
        self._bounds = (*(str(end) for end in ends), "+Inf")
        self._members = _Members[_Spread](len(labels), lambda: _Spread(len(ends)))

    def add(self, labels: tuple[str, ...], seconds: float) -> None:
        """Count one more that took so many seconds; what can be no duration is left out, as it would spoil the sum."""
        if not 0 <= seconds < math.inf:
            return
        members = self._members
        place = bisect_left(self._ends, seconds)
        with members.lock:
            try:
                spread = members.values[labels]
            except (KeyError, TypeError):
                spread = members.values[members.key(labels)]
            spread.counts[place] += 1
            spread.sum += seconds

    def metric(self) -> Metric:
        """The family as it stands now."""
        family = HistogramMetricFamily(self._name, self._told, labels=self._labels)
        with self._members.lock:
            values = {labels: (spread.counts[:], spread.sum) for labels, spread in self._members.values.items()}
        for labels, (counts, total) in values.items():
            family.add_metric(labels, list(zip(self._bounds, accumulate(counts), strict=True)), total)
        return family
