"""Corruption: breaks a sentence that people wrote in the ways that a small model breaks its own, for the energy model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inference import lexicon

Words = list[str]
_CHANGES = {
    "is": "are",
    "are": "is",
    "was": "were",
    "were": "was",
    "has": "have",
    "have": "has",
    "a": "an",
    "an": "a",
    "its": "their",
    "their": "its",
    "it": "they",
    "they": "it",
    "this": "these",
    "these": "this",
    "that": "those",
    "of": "with",
    "with": "of",
    "in": "of",
    "on": "to",
    "to": "on",
    "and": "but",
    "but": "and",
    "as": "like",
    "for": "from",
    "from": "for",
    "by": "into",
    "into": "by",
    "the": "a",
    "which": "where",
    "where": "which",
}
_MOST_TRIES = 4


def corrupt(text: str, other: str, rng: np.random.Generator) -> str:
    """`text` broken once or twice: spliced with `other`, words swapped, dropped, doubled or replaced, number changed.

    Both are normalised sentences in slot form. The result always differs from `text`, or is empty when nothing could
    be broken.
    """
    for _ in range(_MOST_TRIES):
        words, spare = text.split(), other.split()
        for _ in range(1 + int(rng.random() < 0.4)):
            words = _BREAKS[int(rng.choice(len(_BREAKS), p=_SHARES))](words, spare, rng)
        broken = " ".join(words)
        if broken != text and len(words) > 2:
            return broken
    return ""


def _splice(words: Words, other: Words, rng: np.random.Generator) -> Words:
    """The beginning of one sentence and the end of another."""
    if min(len(words), len(other)) < 6:
        return words
    cut = int(rng.integers(3, len(words) - 2))
    # About as far from the end, so that the length says nothing.
    left = min(max(2, len(words) - cut + int(rng.integers(-1, 2))), len(other) - 2)
    return words[:cut] + other[-left:]


def _swap(words: Words, _other: Words, rng: np.random.Generator) -> Words:
    """Two neighbouring words, or two words of weight anywhere, change places; the marks stay where they are."""
    bare = [word.strip(",.;:!?") for word in words]
    places = [i for i, word in enumerate(bare) if word and word not in lexicon.FUNCTION]
    if rng.random() < 0.5 and len(places) > 1:
        i, j = (int(k) for k in rng.choice(places, 2, replace=False))
    else:
        i = int(rng.integers(len(words) - 1))
        j = i + 1
    new = list(words)
    if not bare[i] or not bare[j]:
        return words
    new[i], new[j] = words[i].replace(bare[i], bare[j]), words[j].replace(bare[j], bare[i])
    return new


def _drop(words: Words, _other: Words, rng: np.random.Generator) -> Words:
    """One to three words running are left out."""
    i = int(rng.integers(len(words) - 1))
    return words[:i] + words[i + int(rng.integers(1, 4)) :] if len(words) > 6 else words


def _double(words: Words, _other: Words, rng: np.random.Generator) -> Words:
    """A phrase of the sentence stands in it again."""
    if len(words) < 6:
        return words
    i = int(rng.integers(len(words) - 3))
    phrase = words[i : i + int(rng.integers(1, 4))]
    j = int(rng.integers(1, len(words) - 1))
    return words[:j] + [word.strip(",.;:!?") or word for word in phrase] + words[j:]


def _change(words: Words, _other: Words, rng: np.random.Generator) -> Words:
    """Number, person, article or preposition goes wrong."""
    places = [i for i, word in enumerate(words) if word in _CHANGES]
    nouns = [i for i, word in enumerate(words) if word.strip(",.;:!?") in lexicon.SINGULARS | lexicon.PLURALS]
    if nouns and (not places or rng.random() < 0.4):
        i = int(rng.choice(nouns))
        bare = words[i].strip(",.;:!?")
        other = bare.removesuffix("s") if bare in lexicon.PLURALS else f"{bare}s"
        return [*words[:i], words[i].replace(bare, other), *words[i + 1 :]]
    if not places:
        return words
    i = int(rng.choice(places))
    return [*words[:i], _CHANGES[words[i]], *words[i + 1 :]]


def _replace(words: Words, other: Words, rng: np.random.Generator) -> Words:
    """A word of weight, or two, give way to those of another sentence."""
    spare = [w for word in other if (w := word.strip(',.;:!?"()')) and w not in lexicon.FUNCTION]
    places = [i for i, word in enumerate(words) if (w := word.strip(',.;:!?"()')) and w not in lexicon.FUNCTION]
    if not spare or not places:
        return words
    new = list(words)
    for i in rng.choice(places, min(len(places), int(rng.integers(1, 3))), replace=False):
        bare = words[i].strip(',.;:!?"()')
        new[i] = words[i].replace(bare, spare[int(rng.integers(len(spare)))])
    return new


_BREAKS: Sequence[Callable[[Words, Words, np.random.Generator], Words]] = (_splice, _swap, _drop, _double, _change, _replace)
_SHARES = (0.3, 0.1, 0.15, 0.08, 0.15, 0.22)
