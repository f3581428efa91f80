"""Words for the word-level baselines: cutting a text into them without loss, and the price of those that are unknown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from export.vocabulary import Vocabulary

# A slot, a word with its apostrophes and hyphens, or one sign, each with the space before it; or a lone blank.
_PIECES = re.compile(r" ?(?:<[a-z]+>|\w+(?:['’-]\w+)*|[^\w\s])|\s")
_CODE_POINTS = 0x110000  # of Unicode: what one letter that was never seen is drawn from
_END = "\n"  # closes a spelling; no word holds it, as lines do not
_LONGEST = 40  # letters of a word that is made up


def split(text: str) -> list[str]:
    """Words and signs of a text, each with the space that stands before it; the first word is given one too.

    Nothing is lost: `join(split(text)) == text` for every text without blanks at its ends.
    """
    return _PIECES.findall(" " + text)


def join(words: Iterable[str]) -> str:
    """The text of words as `split` cuts them."""
    return "".join(words).strip()


@dataclass(frozen=True)
class _Context:
    """What followed one run of letters."""

    counts: Mapping[str, int]
    total: int


class Spelling:
    """Letters of words that a vocabulary does not hold: what UNK costs beside its own probability.

    An interpolated n-gram of letters (Witten and Bell 1991) over the unknown words of the training text, so that
    -log p(word) = -log p(UNK | before) + nats(word) is a price for every string. It leaves some mass to known words as
    well, which makes the price a little too high, never too low.
    """

    def __init__(self, counts: Mapping[str, int], *, order: int = 5) -> None:
        """Count letters in words with how often each occurred; `order` is the n of the n-gram, 1 or more."""
        self.order = order
        self.words = dict(sorted(counts.items()))
        tables: dict[str, Counter[str]] = {}
        for word, times in self.words.items():
            for context, letter in self._steps(word):
                for start in range(len(context) + 1):
                    tables.setdefault(context[start:], Counter())[letter] += times
        self._table = {context: _Context(dict(found), found.total()) for context, found in tables.items()}
        seen = {letter for found in tables.values() for letter in found} | {_END}
        self._letters = tuple(sorted(seen))
        self._known: dict[str, float] = {}

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], vocabulary: Vocabulary, *, order: int = 5) -> Spelling:
        """The spelling of all words of these texts that `vocabulary` does not hold."""
        return cls(Counter(word for words in texts for word in vocabulary.unknown(words)), order=order)

    def nats(self, word: str) -> float:
        """-log p of the word's letters and its end, in nats; finite for every string."""
        if word not in self._known:
            self._known[word] = -float(sum(np.log(self._probability(*step)) for step in self._steps(word)))
        return self._known[word]

    def sample(self, rng: np.random.Generator) -> str:
        """A made-up word of at most 40 letters."""
        word = ""
        while len(word) < _LONGEST:
            context = self._before(word)
            odds = np.array([self._probability(context, letter) for letter in self._letters])
            letter = self._letters[int(rng.choice(len(odds), p=odds / odds.sum()))]
            if letter == _END:
                break
            word += letter
        return word

    def as_text(self) -> str:
        """All that `from_text` reads, as JSON."""
        return json.dumps({"order": self.order, "words": self.words}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Spelling:
        """What `as_text` wrote; ValueError when it is something else."""
        raw: Any = json.loads(text)
        if not isinstance(raw, dict) or not isinstance(raw.get("words"), dict) or not isinstance(raw.get("order"), int):
            raise ValueError("this is no table of spellings")
        return cls({str(word): int(count) for word, count in raw["words"].items()}, order=raw["order"])

    def _before(self, word: str) -> str:
        """The letters that the next one is told from, padded at the word's start with the sign of an end."""
        return (_END + word)[-(self.order - 1) :] if self.order > 1 else ""

    def _steps(self, word: str) -> Iterable[tuple[str, str]]:
        return ((self._before(word[:i]), letter) for i, letter in enumerate(word + _END))

    def _probability(self, context: str, letter: str) -> float:
        """Of a letter after a context: what was counted, mixed with the shorter context's by how varied it is."""
        # One more than the letters met: a letter never met shares that place with all of Unicode.
        places = len(self._letters) + 1
        found = 1.0 / places if letter in self._letters else 1.0 / places / _CODE_POINTS
        for start in range(len(context), -1, -1):
            table = self._table.get(context[start:])
            if table is not None:
                kinds = len(table.counts)
                found = (table.counts.get(letter, 0) + kinds * found) / (table.total + kinds)
        return found
