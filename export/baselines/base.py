"""What every baseline is: a model that is fitted to lines of text, scores them, and samples new ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Line:
    """One sentence in slot form, with what is known of the song that it was written about."""

    text: str
    genres: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)  # some of inference.conditions.FEATURES


@dataclass(frozen=True)
class Epoch:
    """One pass over the training lines."""

    number: int
    seconds: float  # of training, measuring not counted
    validation_nats: float  # a character, ends counted


@dataclass(frozen=True)
class Budget:
    """How long a fit may take: whichever comes first."""

    seconds: float
    epochs: int


class Baseline(ABC):
    """A language model; the same three verbs for counts and for networks."""

    name: str
    unit: str  # what it predicts: "characters", "words" or "subwords"

    @abstractmethod
    def fit(
        self, train: Sequence[Line], validation: Sequence[Line], budget: Budget, report: Callable[[Epoch], None]
    ) -> list[Epoch]:
        """Learn from `train` until the budget is spent; `report` hears of every epoch. The best epoch's weights stay."""

    @abstractmethod
    def score(self, lines: Sequence[Line]) -> NDArray[np.float64]:
        """-log p of each line (N,) in nats, its end counted; infinite where the model cannot make it."""

    @abstractmethod
    def sample(self, conditions: Sequence[Line], rng: np.random.Generator, *, temperature: float = 1.0) -> list[str]:
        """One new text for each of `conditions`, of which a conditional model reads genres and features, no text."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write all that `load` of the same class reads, without pickled code."""


def bits_per_character(nats: NDArray[np.float64], lines: Sequence[Line]) -> float:
    """Mean bits a character, each line's end counted as one."""
    return float(nats.sum() / np.log(2) / sum(len(line.text) + 1 for line in lines))


def perplexity_per_word(nats: NDArray[np.float64], lines: Sequence[Line]) -> float:
    """Perplexity a word, each line's end counted as one."""
    return float(np.exp(min(nats.sum() / sum(len(line.text.split()) + 1 for line in lines), 700.0)))
