"""What every baseline is: a model that is fitted to lines of text, scores them, and samples new ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from export.corpus.pipeline import read_rows
from export.stages import Run


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
    share: float = 1.0  # of the training lines, less than 1 where the budget cut the pass short


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

    @classmethod
    @abstractmethod
    def load(cls, path: Path) -> Self:
        """The model as it was saved; StageError when the file is not what `save` writes."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """How many numbers were learned: weights, or counts."""


def lines(run: Run, split: str, *, at_most: int | None = None, seed: int = 0) -> list[Line]:
    """The commentary of a split (train, validation or test), or `at_most` of its lines at random, the same for a seed."""
    run.need(run.commentary, "corpus")
    rows = [row for row in read_rows(run.commentary) if row["split"] == split]
    if at_most is not None and at_most < len(rows):
        rows = [rows[i] for i in sorted(np.random.default_rng(seed).permutation(len(rows))[:at_most])]
    return [Line(row["text"], tuple(row["genres"]), dict(row["features"])) for row in rows]


def bits_per_character(nats: NDArray[np.float64], lines: Sequence[Line]) -> float:
    """Mean bits a character, each line's end counted as one."""
    return float(nats.sum() / np.log(2) / sum(len(line.text) + 1 for line in lines))


def perplexity_per_word(nats: NDArray[np.float64], lines: Sequence[Line]) -> float:
    """Perplexity a word, each line's end counted as one."""
    return float(np.exp(min(nats.sum() / sum(len(line.text.split()) + 1 for line in lines), 700.0)))


def draw(scores: NDArray[np.float64], rng: np.random.Generator, *, temperature: float = 1.0) -> NDArray[np.int64]:
    """One of V choices for each of N rows of log weights (N, V), sharpened by a temperature below 1; -inf is never drawn."""
    if temperature > 0:
        scores = scores / temperature + rng.gumbel(size=scores.shape)  # the Gumbel-max trick
    return np.asarray(np.argmax(scores, axis=1), dtype=np.int64)  # (N,)
