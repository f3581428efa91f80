"""The n-gram's bias-variance picture: longer contexts fit the training text ever better and unseen text ever worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.baselines.base import Budget, Line
from export.baselines.characters import CharacterNgram, Evidence
from export.baselines.memorised import Memory


@dataclass(frozen=True)
class OrderFigures:
    """One order of the unsmoothed n-gram; shares are 0 to 1, of the held-out text's characters if nothing else is said."""

    order: int
    ngrams: int  # distinct ones that were counted
    train_bits: float  # a character
    held_out_bits: float  # a character, over those that it can score: it gets easier as fewer are left
    novel_share: float  # characters that never followed their context in training, which make the whole infinite
    novel_contexts: float  # contexts never seen
    smoothed_bits: float  # a character, over all, when interpolated with the orders below (Witten & Bell 1991)
    memorised_share: float  # of the runs of 30 characters in its samples


@dataclass(frozen=True)
class Step:
    """One order, fitted, and what it says of the held-out characters (P,)."""

    model: CharacterNgram
    evidence: Evidence
    smoothed: NDArray[np.float64]  # nats of each character, interpolated with all orders below


def climb(train: Sequence[Line], held_out: Sequence[Line], highest: int) -> Iterator[Step]:
    """The orders 1 to `highest`, one after the other.

    Smoothing is the interpolation of Witten & Bell 1991: p_n = (count + kinds · p_(n-1)) / (total + kinds), from a uniform
    p_0 over the alphabet and one unknown character.
    """
    smoothed = np.zeros(0)
    for order in range(1, highest + 1):
        model = CharacterNgram(order)
        model.fit(train, (), Budget(seconds=np.inf, epochs=1), lambda _: None)
        evidence = model.evidence(model.grams(held_out))
        if order == 1:
            smoothed = np.full(len(evidence.count), 1 / (model.alphabet + 1))
        whole = evidence.total + evidence.kinds
        mixed = (evidence.count + evidence.kinds * smoothed) / np.maximum(whole, 1)
        smoothed = np.where(whole > 0, mixed, smoothed)
        yield Step(model, evidence, -np.log(smoothed))


def figures(
    train: Sequence[Line],
    held_out: Sequence[Line],
    memory: Memory,
    *,
    highest: int,
    samples: int,
    seed: int,
    report: Callable[[int], None],
) -> list[OrderFigures]:
    """Measure the orders 1 to `highest`; `report` hears of each that is done."""
    rows = []
    for step in climb(train, held_out, highest):
        order = step.model.order
        texts = step.model.sample([Line("")] * samples, np.random.default_rng((seed, order)))
        rows.append(measure(step, memorised=memory.share(texts)))
        report(order)
    return rows


def measure(step: Step, *, memorised: float) -> OrderFigures:
    """Shares and bits from what the order knows of each character."""
    count, total = step.evidence.count, step.evidence.total
    can = count > 0
    return OrderFigures(
        order=step.model.order,
        ngrams=step.model.parameters,
        train_bits=step.model.train_bits,
        held_out_bits=float(np.log2(total[can] / count[can]).mean()) if can.any() else float("nan"),
        novel_share=float(1 - can.mean()),
        novel_contexts=float(np.mean(total == 0)),
        smoothed_bits=float(step.smoothed.mean() / np.log(2)),
        memorised_share=memorised,
    )
