"""Figures of a set of sentences by themselves: how long they are, how unlike each other, and how well formed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from export.errors import StageError
from export.speakable import ANY_NAMES, ANY_SONG
from inference.checks import Sentence, bad_slot, incoherent, repeats, too_short, unbalanced
from inference.sound import sound_words

FORM = (bad_slot, too_short, unbalanced, repeats, incoherent)  # the gates that ask for form alone
BLEU_ORDER = 4
_SMALL = 0.1  # counts for no match at all: method 1 of Chen & Cherry 2014, which Texygen takes


def measure_texts(texts: Sequence[str]) -> dict[str, float]:
    """Figures by name of sentences in slot form; they depend on how many there are."""
    if not texts:
        raise StageError("There are no sentences to measure.")
    words = [text.split() for text in texts]
    return {
        "words": float(np.mean([len(w) for w in words])),
        "sound_words": float(np.mean([sound_words(text) for text in texts])),
        "distinct_2": distinct(words, 2),
        "distinct_3": distinct(words, 3),
        "self_bleu_4": self_bleu(words),
        "bad_form": sum(map(malformed, texts)) / len(texts),
    }


def distinct(texts: Sequence[Sequence[str]], n: int) -> float:
    """Share of different n-grams of words among all: 1 when none comes twice."""
    grams = [gram for words in texts for gram in _grams(words, n)]
    return len(set(grams)) / max(len(grams), 1)


def self_bleu(texts: Sequence[Sequence[str]], order: int = BLEU_ORDER) -> float:
    """Mean BLEU of each text against all the others: 0 (nothing shared) to 1 (all are the same).

    Source: Y. Zhu et al., "Texygen", 2018. Exact, yet of one pass: of each n-gram it is enough to know the two texts
    that hold it most often.
    """
    if len(texts) < 2:
        return 0.0
    lengths = Counter(map(len, texts))
    logs = np.zeros(len(texts))
    for n in range(1, order + 1):
        logs += np.log(_precisions([Counter(_grams(words, n)) for words in texts])) / order
    brevity = [_brevity(len(words), lengths) for words in texts]
    return float(np.mean(np.exp(logs) * brevity))


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _precisions(counts: Sequence[Counter[tuple[str, ...]]]) -> list[float]:
    """Clipped precision of each text's n-grams, as often as any one other text has them."""
    most: dict[tuple[str, ...], tuple[int, int]] = {}  # the highest count, and whose it is
    second: dict[tuple[str, ...], int] = {}  # the highest of another text
    for i, grams in enumerate(counts):
        for gram, n in grams.items():
            best, _ = most.get(gram, (0, -1))
            if n > best:
                second[gram] = best
                most[gram] = (n, i)
            else:
                second[gram] = max(second[gram], n)

    def elsewhere(gram: tuple[str, ...], i: int) -> int:
        best, owner = most[gram]
        return second[gram] if owner == i else best

    precisions = []
    for i, grams in enumerate(counts):
        matched = sum(min(n, elsewhere(gram, i)) for gram, n in grams.items())
        precisions.append((matched or _SMALL) / max(sum(grams.values()), 1))
    return precisions


def _brevity(length: int, lengths: Counter[int]) -> float:
    """Penalty for a text shorter than the closest other text's length (the shorter of two equally close)."""
    others = [n for n in lengths if n != length or lengths[n] > 1]
    closest = min(others, key=lambda n: (abs(n - length), n))
    return 1.0 if length >= closest else math.exp(1 - closest / max(length, 1))


def malformed(text: str) -> bool:
    """Whether a gate of form stops a sentence: a slot that cannot be filled, too short, unbalanced, repeating, broken."""
    sentence = Sentence(text, ANY_NAMES)
    return any(gate(sentence, ANY_SONG) for gate in FORM)
