"""Remembers the newest of what there may be without end."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A set of which the oldest go where there would be too many."""

    def __init__(self, most: int = 10_000) -> None:
        """Hold at most so many."""
        self._most = most
        self._held: OrderedDict[T, None] = OrderedDict()

    def __contains__(self, item: T) -> bool:
        """Whether it is remembered."""
        return item in self._held

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._held)

    def add(self, item: T) -> bool:
        """Remember something; False where it was remembered already."""
        new = item not in self._held
        self._held[item] = None
        self._held.move_to_end(item)
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return new

    def discard(self, item: T) -> None:
        """Forget something."""
        self._held.pop(item, None)
