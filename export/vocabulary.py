"""A closed list of words, for models that read words and not pieces of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from inference.tokenizer import EOS, UNK

_SPECIAL = EOS + 1  # padding, unknown, start and end have the first ids, as they have among the pieces of words


class Vocabulary:
    """A closed list of words with ids from 4 on, the most frequent first; every other word is UNK."""

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words in the order of their ids."""
        self.words = tuple(words)
        self._ids = {word: i for i, word in enumerate(self.words, start=_SPECIAL)}

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], limit: int, *, least: int = 2) -> Vocabulary:
        """The `limit` most frequent words that occur `least` times, so that UNK is met in training; ties by spelling."""
        counts = Counter(word for words in texts for word in words)
        ranked = sorted((word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word))
        return cls(ranked[:limit])

    def __len__(self) -> int:
        """Number of ids, the special ones counted."""
        return len(self.words) + _SPECIAL

    def __contains__(self, word: str) -> bool:
        """Whether the word is not UNK."""
        return word in self._ids

    def encode(self, words: Sequence[str]) -> list[int]:
        """Ids of words, without start and end."""
        return [self._ids.get(word, UNK) for word in words]

    def word(self, number: int) -> str:
        """The word of an id that is not special."""
        return self.words[number - _SPECIAL]

    def unknown(self, words: Iterable[str]) -> list[str]:
        """Those of the words that are UNK, in their order."""
        return [word for word in words if word not in self._ids]
