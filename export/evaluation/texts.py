"""Measuring sentences by how they are written, always beside what people write, at equal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from export.errors import StageError
from export.speakable import ANY_NAMES, ANY_SONG
from inference.checks import Sentence, incoherent, repeats, too_short, unbalanced
from inference.ngram import NgramModel
from inference.novelty import NoveltyFilter
from inference.sound import sound_words
from inference.tokenizer import Tokenizer


@dataclass(frozen=True)
class TextFigures:
    """How a set of N sentences is written, to be compared at equal N."""

    sentences: int
    words: float  # mean length
    perplexity: float  # per subword, under the n-gram model
    distinct_2: float  # share of different pairs of words among all
    distinct_3: float
    sound_words: float  # words that tell of sound, a sentence
    copied: int  # sentences with a run of eight words of the training text
    malformed: int  # sentences that a gate of form stops

    def as_dict(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def measure_texts(texts: Sequence[str], tokenizer: Tokenizer, ngram: NgramModel, novelty: NoveltyFilter) -> TextFigures:
    """Figures of sentences in slot form."""
    if not texts:
        raise StageError("There are no sentences to measure.")
    log_prob = ngram.mean_log_prob(tokenizer.encode_batch(texts))
    words = [text.split() for text in texts]
    return TextFigures(
        sentences=len(texts),
        words=float(np.mean([len(w) for w in words])),
        perplexity=float(np.exp(-log_prob.mean())),
        distinct_2=_distinct(words, 2),
        distinct_3=_distinct(words, 3),
        sound_words=float(np.mean([sound_words(text) for text in texts])),
        copied=sum(novelty.copied_run(text) for text in texts),
        malformed=sum(_malformed(text) for text in texts),
    )


def _distinct(texts: Sequence[Sequence[str]], n: int) -> float:
    grams = [tuple(words[i : i + n]) for words in texts for i in range(len(words) - n + 1)]
    return len(set(grams)) / max(len(grams), 1)


def _malformed(text: str) -> bool:
    sentence = Sentence(text, ANY_NAMES)
    return any(gate(sentence, ANY_SONG) for gate in (too_short, unbalanced, repeats, incoherent))
