"""Ranking: scores candidates by name, adds them up by weight, and tells what is too like what was heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from inference.checks import Sentence, agreement, content_of
from inference.decoder import Draft
from inference.energy import HEADS, EnergyModel
from inference.ngram import NgramModel
from inference.sound import descriptiveness
from inference.tokenizer import Tokenizer
from inference.traits import TRAITS
from inference.words import WordList, stem, words_of

Scores = NDArray[np.float64]

_EASY_BAND = (-0.5, 1.0)  # deviations from what people write, within which English is neither strained nor stale
_GOOD_LENGTH = (8, 18)  # words
_MOST_LOGIT = 4.0  # beyond which a judge is only surer, not righter
_BREAKS = 3  # least expected tokens that are looked at
# How far a community may raise or lower a total: what the bundle finds 2.5 worse never comes first. Among the candidates
# for one song the shipped bundle's totals deviate by 1.2, and the tenth best lies 2.3 below the best.
MOST_SHIFT = 1.25


@dataclass(frozen=True)
class Weights:
    """What each score counts for; a score is higher for a better sentence, and about 1 apart between good and bad."""

    fluency: float = 0.5  # deviations outside the band that human sentences keep under the n-gram model, negative
    weakest: float = 0.4  # how likely the three least expected tokens are, in units of three nats, negative
    likelihood: float = 0.2  # the decoder's own log-probability a token
    repetition: float = 0.6  # words of weight said before in the sentence, negative
    coinage: float = 0.5  # compounds that nobody wrote before, negative
    descriptive: float = 0.5  # how much it tells of the sound, 0 to 1
    agreement: float = 0.8  # how well its words fit the song's features, -1 to 1
    length: float = 0.5  # words outside 8 to 18, in fours, negative
    slot: float = 0.3  # 1 when it names the song or the artist
    human: float = 0.6  # logit of the energy model: people's words, not a model's
    sense: float = 2.0  # logit of the energy model: whole, not broken
    fit: float = 1.5  # logit of the energy model: about this song, not another


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be said, and what speaks for it."""

    sentence: Sentence
    draft: Draft
    scores: Mapping[str, float]
    total: float


@dataclass(frozen=True)
class Scorer:
    """Gives sentences one named score each; a critic learnt later is one more."""

    name: str  # a field of Weights
    score: Callable[[Sequence[Sentence], Sequence[Draft]], Scores]


class Ranker:
    """Adds up scores to one total for each sentence."""

    def __init__(self, scorers: Sequence[Scorer], weights: Weights, correction: Mapping[str, float] | None = None) -> None:
        """Score by these; each must have a weight.

        `correction` is what a community adds to the weights of scores, and of traits, which have none else. Where there
        is one, even an empty one, candidates have the traits and "community" among their scores: what it added to the
        total, from -MOST_SHIFT to MOST_SHIFT. Names that nothing is scored by count nothing.
        """
        self._scorers = scorers
        self._weights = asdict(weights)
        self._correction = correction

    def rank(self, sentences: Sequence[Sentence], drafts: Sequence[Draft]) -> list[Candidate]:
        """Candidates for these sentences and the drafts they came from, the best first."""
        if not sentences:
            return []
        columns = {scorer.name: scorer.score(sentences, drafts) for scorer in self._scorers}
        total = sum(self._weights[name] * column for name, column in columns.items()) + np.zeros(len(sentences))
        if self._correction is not None:
            columns |= {name: _each(trait)(sentences, drafts) for name, trait in TRAITS.items()}
            columns["community"] = _shift(self._correction, columns)
            total = total + columns["community"]
        # Equal texts have equal totals; the text settles which comes first.
        order = sorted(range(len(sentences)), key=lambda i: (-total[i], sentences[i].text))
        return [
            Candidate(sentences[i], drafts[i], {name: float(column[i]) for name, column in columns.items()}, float(total[i]))
            for i in order
        ]


def _shift(correction: Mapping[str, float], columns: Mapping[str, Scores]) -> Scores:
    """What a community adds to each total: a candidate is held against the mean of those that it stands beside."""
    wanted = np.zeros(len(next(iter(columns.values()))))
    for name in sorted(correction.keys() & columns.keys()):
        wanted = wanted + correction[name] * (columns[name] - columns[name].mean())
    return MOST_SHIFT * np.tanh(wanted / MOST_SHIFT)


def scorers(
    tokenizer: Tokenizer,
    ngram: NgramModel,
    words: WordList,
    human: tuple[float, float],
    features: Mapping[str, float],
    energy: EnergyModel | None = None,
    song: NDArray[np.float32] | None = None,
) -> list[Scorer]:
    """All scores there are; `human` is mean and deviation of human sentences under the n-gram model.

    Where the bundle has an energy model, it judges too, given the song part (1, A) of the conditions.
    """

    def fluency(sentences: Sequence[Sentence], _drafts: Sequence[Draft]) -> Scores:
        # Cut into subwords afresh: the decoder may have spelt a word in an odd way.
        log_prob = ngram.mean_log_prob(tokenizer.encode_batch([s.text for s in sentences]))
        deviation = (log_prob - human[0]) / human[1]
        low, high = _EASY_BAND
        return -np.maximum(0.0, np.maximum(low - deviation, deviation - high))

    def weakest(sentences: Sequence[Sentence], _drafts: Sequence[Draft]) -> Scores:
        # A sentence breaks at a few places: its mean says little of them.
        return ngram.lowest_log_prob(tokenizer.encode_batch([s.text for s in sentences]), _BREAKS) / 3

    def likelihood(_sentences: Sequence[Sentence], drafts: Sequence[Draft]) -> Scores:
        return np.array([draft.mean_log_prob for draft in drafts])

    learnt = [] if energy is None or song is None else _heads(energy, song)
    return [
        *learnt,
        Scorer("fluency", fluency),
        Scorer("weakest", weakest),
        Scorer("likelihood", likelihood),
        Scorer("repetition", _each(lambda s: -_repeated(s.words))),
        Scorer("coinage", _each(lambda s: -float(len(words.coined(s.text))))),
        Scorer("descriptive", _each(lambda s: descriptiveness(s.text))),
        Scorer("agreement", _each(lambda s: _mean(agreement(s.words, features)))),
        Scorer("length", _each(lambda s: -_outside(len(s.words)) / 4)),
        Scorer("slot", _each(lambda s: float(any(slot in s.words for slot in s.names.slots)))),
    ]


def _heads(energy: EnergyModel, song: NDArray[np.float32]) -> list[Scorer]:
    """One score for each question that the energy model answers; it is asked once for all of them."""
    asked: list[tuple[tuple[str, ...], NDArray[np.float32]]] = []

    def answers(sentences: Sequence[Sentence]) -> NDArray[np.float32]:
        texts = tuple(sentence.text for sentence in sentences)
        if not asked or asked[-1][0] != texts:
            asked[:] = [(texts, np.clip(energy.logits(texts, song), -_MOST_LOGIT, _MOST_LOGIT))]
        return asked[-1][1]

    def head(i: int) -> Callable[[Sequence[Sentence], Sequence[Draft]], Scores]:
        return lambda sentences, _drafts: answers(sentences)[:, i].astype(np.float64)

    return [Scorer(name, head(i)) for i, name in enumerate(HEADS)]


def familiarity(content: frozenset[str], heard: Iterable[frozenset[str]]) -> float:
    """Largest share of these words of weight that one of the texts heard has too: 0 (all new) to 1 (all heard)."""
    return max((len(content & other) / len(content) for other in heard), default=0.0) if content else 0.0


def content_of_text(text: str) -> frozenset[str]:
    """Words of weight of a finished text."""
    return content_of(words_of(text))


def _each(score: Callable[[Sentence], float]) -> Callable[[Sequence[Sentence], Sequence[Draft]], Scores]:
    return lambda sentences, _drafts: np.array([score(sentence) for sentence in sentences])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _repeated(words: tuple[str, ...]) -> float:
    stems = [stem(word) for word in words if content_of((word,))]
    return float(len(stems) - len(set(stems)))


def _outside(length: int) -> int:
    low, high = _GOOD_LENGTH
    return max(0, low - length, length - high)
