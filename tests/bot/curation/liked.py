"""Replies that people like or dislike for one thing, and how much is learnt from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.curation.learning import Correction, Example
from bot.curation.tastes import TASTES

USUAL = {name: taste.usual for name, taste in TASTES.items()}


def reply(votes: Mapping[str, int], others: Sequence[Mapping[str, Any]] = (), age: float = 0.0, **spreads: float) -> Example:
    """A reply as usual but for some scores, which lie so many spreads above."""
    scores = {name: taste.usual + spreads.get(name, 0.0) * taste.spread for name, taste in TASTES.items()}
    return Example(scores, votes, others, age)


def liking(name: str, people: int, *, sign: int = 1, age: float = 0.0) -> list[Example]:
    """People who each like a reply with more of something, and dislike one with less."""
    voters = [f"slack:{person}" for person in range(people)]
    return [
        Example(USUAL | {name: USUAL[name] + way * TASTES[name].spread}, {voter: sign * way}, age=age)
        for voter in voters
        for way in (1, -1)
    ]


def points(correction: Correction, name: str) -> float:
    """Points of the total for a usual spread."""
    return correction.weights.get(name, 0.0) * TASTES[name].spread


def strength(correction: Correction) -> float:
    """How strong a correction is in all."""
    return sum(abs(points(correction, name)) for name in TASTES)
