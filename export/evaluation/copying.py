"""What of a text stands in the training text, found exactly: runs of words of any length, and whole sentences.

All n-grams of the texts in question are numbered as pairs of a shorter n-gram and a word, and the training text is read
past them once; nothing is hashed to fewer bits, so nothing is found that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.novelty import RUN
from inference.words import words_of

MEMORISED = 4  # words of the n-grams whose share is told
_MOST = 64  # words; a longer run counts as one of so many
_CHUNK = 400_000  # words of training text looked up at once

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Copied:
    """What some texts have in common with the training text."""

    longest: tuple[int, ...]  # words of the longest run of each text that stands there
    memorised: float  # share of all 4-grams that stand there
    exact: int  # texts that stand there as whole sentences

    def figures(self) -> dict[str, float]:
        """By the names of the table."""
        return {
            "longest_copied_run": float(max(self.longest, default=0)),
            "copied_8": sum(run >= RUN for run in self.longest) / max(len(self.longest), 1),
            "memorised_4": self.memorised,
            "exact_copies": float(self.exact),
        }


def find_copies(sets: Mapping[str, Sequence[str]], training: Iterable[str]) -> dict[str, Copied]:
    """For each set of texts, what stands in the training text; runs do not reach from one text into the next."""
    texts = [words_of(text) for some in sets.values() for text in some]
    grams = _Grams(texts)
    whole = {words for words in texts if words}
    exact: set[tuple[str, ...]] = set()
    for chunk in _chunks(training):
        exact.update(whole.intersection(chunk))
        grams.look_up(chunk)
    longest, hits, counted = grams.longest(), grams.found_at(MEMORISED), grams.places_of(MEMORISED)
    result, start = {}, 0
    for name, some in sets.items():
        here = slice(start, start + len(some))
        result[name] = Copied(
            longest=tuple(longest[here].tolist()),
            memorised=float(hits[here].sum() / max(counted[here].sum(), 1)),
            exact=sum(words in exact for words in texts[here]),
        )
        start += len(some)
    return result


def _chunks(training: Iterable[str]) -> Iterator[list[tuple[str, ...]]]:
    """Words of many texts at once."""
    chunk: list[tuple[str, ...]] = []
    size = 0
    for text in training:
        chunk.append(words_of(text))
        size += len(chunk[-1])
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    yield chunk


class _Grams:
    """All n-grams of some texts, each level's numbered by (number of the n-gram one word shorter, word)."""

    def __init__(self, texts: Sequence[tuple[str, ...]]) -> None:
        self._count = len(texts)
        self._word = {word: i for i, word in enumerate(dict.fromkeys(w for words in texts for w in words), start=1)}
        ids, self._owner = self._flat(texts)
        number = ids - 1  # of the n-gram that begins at each place, -1 for none
        self._codes: list[Ints] = []  # of each level from 2 on, sorted
        self._places = [number]
        self._found = [np.zeros(len(self._word), dtype=np.bool_)]
        while (number >= 0).any() and len(self._places) < _MOST:
            code = self._longer(number, ids, len(self._places))
            codes = np.unique(code[code >= 0])
            number = np.where(code >= 0, np.searchsorted(codes, code), -1)
            self._codes.append(codes)
            self._places.append(number)
            self._found.append(np.zeros(len(codes), dtype=np.bool_))

    def look_up(self, texts: Sequence[tuple[str, ...]]) -> None:
        """Mark the n-grams that stand in these texts."""
        ids, _ = self._flat(texts)
        place = np.flatnonzero(ids)
        number = ids[place] - 1
        self._found[0][number] = True
        for n, (codes, found) in enumerate(zip(self._codes, self._found[1:], strict=True), start=1):
            if not len(place) or not len(codes):
                break
            following = ids[np.minimum(place + n, len(ids) - 1)]
            code = number * (len(self._word) + 1) + following
            number = np.minimum(np.searchsorted(codes, code), len(codes) - 1)
            known = (codes[number] == code) & (following > 0)
            place, number = place[known], number[known]
            found[number] = True

    def longest(self) -> Ints:
        """Words of each text's longest n-gram that was found."""
        longest = np.zeros(self._count, dtype=np.int64)
        for n, (places, found) in enumerate(zip(self._places, self._found, strict=True), start=1):
            if len(found):
                longest[self._owner[(places >= 0) & found[places]]] = n
        return longest

    def found_at(self, n: int) -> Ints:
        """How many of each text's n-grams were found."""
        if n > len(self._places) or not len(self._found[n - 1]):
            return np.zeros(self._count, dtype=np.int64)
        places = self._places[n - 1]
        return np.bincount(self._owner[(places >= 0) & self._found[n - 1][places]], minlength=self._count)

    def places_of(self, n: int) -> Ints:
        """How many n-grams each text has."""
        if n > len(self._places):
            return np.zeros(self._count, dtype=np.int64)
        return np.bincount(self._owner[self._places[n - 1] >= 0], minlength=self._count)

    def _longer(self, number: Ints, ids: Ints, n: int) -> Ints:
        """Codes of the n-grams one word longer than those numbered, -1 where a text ends."""
        following = np.append(ids[n:], np.zeros(min(n, len(ids)), dtype=np.int64))
        return np.where((number >= 0) & (following > 0), number * (len(self._word) + 1) + following, -1)

    def _flat(self, texts: Sequence[tuple[str, ...]]) -> tuple[Ints, Ints]:
        """Word numbers one after the other, 0 for a word that is in no text and behind every text; and whose they are."""
        known = self._word.get
        flat = [number for words in texts for number in (*(known(word, 0) for word in words), 0)]
        lengths = [len(words) + 1 for words in texts]
        return np.array(flat, dtype=np.int64), np.repeat(np.arange(len(texts)), lengths)
