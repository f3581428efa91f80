"""Value functions: what makes a sentence good, each a number from 0 to 1 that a critic can learn to foretell from z.

A further one is one more `Value`: a name and a function of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.corpus.praise import PraiseModel
from export.errors import StageError
from export.posteriors import posteriors
from export.speakable import ANY_NAMES
from export.votes import Vote
from inference.bundle import Bundle
from inference.checks import GATES, Context, Sentence
from inference.conditions import ConditionEncoder
from inference.energy import EnergyModel
from inference.genres import FAMILIES
from inference.sound import descriptiveness
from inference.topics import TopicModel

FEWEST_VOTES = 10  # with some of either sign
_STRENGTH = 0.1  # inverse of the penalty on the vote head's weights: tens of votes must not draw fine lines
_BAND = (-1.0, 1.5)  # deviations from people's mean log-probability, within which English is neither broken nor stale
_BREAKS = 3  # least expected tokens that are looked at
_CLEAR = 0.3  # how far praise must be from the middle, of 0 to 1, to ask for approval (or its opposite) outright

Scores = NDArray[np.float32]
Label = Callable[[Sequence[str], NDArray[np.float32]], Scores]


@dataclass(frozen=True)
class Value:
    """One value function."""

    name: str  # small letters and underscores: it names an output of critics.onnx
    label: Label  # texts in slot form (N,) and what they were asked to be (N, A) -> (N,) from 0 to 1
    threshold: float = 0.5  # from which a sentence counts as having it; fixed before anything is trained


def topic(topics: TopicModel) -> Value:
    """How much of a sentence is about how the song sounds, as the topic model tells."""
    return Value("topic", lambda texts, _conditions: np.asarray(topics.descriptive(texts), dtype=np.float32))


def descriptive_words() -> Value:
    """How many words of sound a sentence has; three count as enough."""
    return Value(
        "descriptive_words",
        lambda texts, _conditions: np.array([descriptiveness(text) for text in texts], dtype=np.float32),
        threshold=0.75,
    )


def readability(bundle: Bundle, human: Sequence[str]) -> Value:
    """How well a sentence reads to the n-gram model: no weaker at its weakest words than the sentences `human`.

    Outside the band in which people write, too unlikely or too stale, it falls off.
    """
    ids = bundle.tokenizer.encode_batch(human)
    mean, lowest = bundle.ngram.mean_log_prob(ids), bundle.ngram.lowest_log_prob(ids, _BREAKS)
    centre, spread = (float(mean.mean()), float(mean.std()) or 1.0), (float(lowest.mean()), float(lowest.std()) or 1.0)

    def label(texts: Sequence[str], _conditions: NDArray[np.float32]) -> Scores:
        ids = bundle.tokenizer.encode_batch(texts)
        deviation = (bundle.ngram.mean_log_prob(ids) - centre[0]) / centre[1]
        outside = np.maximum(0.0, np.maximum(_BAND[0] - deviation, deviation - _BAND[1]))
        weakest = (bundle.ngram.lowest_log_prob(ids, _BREAKS) - spread[0]) / spread[1]
        return np.asarray(_squash(weakest) * np.exp(-np.square(outside)), dtype=np.float32)

    return Value("readability", label)


def sentiment(encoder: ConditionEncoder, texts: Sequence[str], praise: Sequence[float], *, seed: int) -> Value:
    """How far a sentence approves as it was asked to: learnt from `texts` and how much each praises (0 to 10).

    Asked for praise of 8 or more, approval itself; for 2 or less, its opposite; between them, ever less of either.
    """
    model = PraiseModel(texts, praise, seed=seed)
    place = encoder.parts["praise"]

    def label(said: Sequence[str], conditions: NDArray[np.float32]) -> Scores:
        value, known = conditions[:, place].T  # -1 to 1, and whether it was asked
        wanted = np.where(known > 0, np.clip(value / 2 / _CLEAR, -1, 1), 1.0)
        return np.asarray(0.5 + (model.approval(said) - 0.5) * wanted, dtype=np.float32)

    return Value("sentiment", label)


def sayable(bundle: Bundle) -> Value:
    """Whether the gates that ask nothing about the song let a sentence pass: 1 or 0."""
    context = Context(bundle.words, bundle.novelty, frozenset(FAMILIES), {})

    def label(texts: Sequence[str], _conditions: NDArray[np.float32]) -> Scores:
        sentences = [Sentence(text, ANY_NAMES) for text in texts]
        return np.array([not any(gate(s, context) for gate in GATES.values()) for s in sentences], dtype=np.float32)

    return Value("sayable", label)


def energy(model: EnergyModel, encoder: ConditionEncoder) -> Value:
    """How sure the energy model is that a sentence is people's, whole, and about this song; the mean of the three."""

    def label(texts: Sequence[str], conditions: NDArray[np.float32]) -> Scores:
        return np.asarray(_squash(model.logits(texts, encoder.song_part(conditions))).mean(axis=1), dtype=np.float32)

    return Value("energy", label)


def votes(bundle: Bundle, cast: Sequence[Vote]) -> Value:
    """How people would vote on a sentence: logistic regression on where the encoder puts the sentences voted on.

    Raises StageError with fewer than FEWEST_VOTES votes, or with votes of one sign only.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to load, and only wanted here

    told = [(sentence, vote.liked) for vote in cast for sentence in vote.sentences]
    if len(cast) < FEWEST_VOTES or len({liked for _, liked in told}) < 2:
        raise StageError(f"There are {len(cast)} votes; it takes {FEWEST_VOTES}, likes and dislikes, to learn from them.")
    mean, _ = posteriors(bundle, [sentence for sentence, _ in told])
    # Both signs count alike: people vote on what they like.
    head = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=1000)
    head.fit(mean, [liked for _, liked in told])

    def label(texts: Sequence[str], _conditions: NDArray[np.float32]) -> Scores:
        return np.asarray(_squash(head.decision_function(posteriors(bundle, texts)[0])), dtype=np.float32)

    return Value("votes", label)


def label_all(values: Sequence[Value], texts: Sequence[str], conditions: NDArray[np.float32]) -> Scores:
    """Labels (N, K) of texts by each of the values."""
    columns = [value.label(texts, conditions) for value in values]
    return np.stack(columns, axis=1) if columns else np.zeros((len(texts), 0), dtype=np.float32)


def has_all(labels: Scores, values: Sequence[Value], names: Sequence[str]) -> Mapping[str, float]:
    """Share of sentences, labelled (N, K), that have each of the named values, and under "all" those that have them all."""
    has = {value.name: labels[:, k] >= value.threshold for k, value in enumerate(values) if value.name in names}
    everything = np.all(list(has.values()), axis=0) if has else np.ones(len(labels), dtype=np.bool_)
    return {**{name: float(column.mean()) for name, column in has.items()}, "all": float(everything.mean())}


def _squash(x: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
