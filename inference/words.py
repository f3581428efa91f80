"""Words: how text is cut into words wherever words are compared, and the list of words that are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np

from inference.bloom import BloomFilter
from inference.lexicon import CASED

_STRAIGHT = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc`\u00b4", "'"))
_WORD = re.compile(r"<[a-z]+>|[^\W_]+(?:'[^\W_]+)*")
# The same words in text that keeps its case, and the marks after which a capital letter says nothing.
_CASED_WORD = re.compile(r"<[a-z]+>|[^\W_]+(?:'[^\W_]+)*|[.!?:;\"\u201c\u201d()\[\]\u2014\u2013\u2026\n]")
_COMPOUND = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*-[^\W\d_]+")
# What English hangs on to any noun or pronoun.
_ENDINGS = ("s", "re", "ll", "ve", "d")
_NAME = 3  # a word that is capitalised so many times as often as not is a name
_COMPOUNDS = 2  # times that a compound must be seen, as there are so many
_BITS_PER_WORD = 20  # one word in some 15,000 unknown ones passes
_MOST_BYTES = 4_000_000


def words_of(text: str) -> tuple[str, ...]:
    """Words of a text in lower case with straight apostrophes; a slot such as `<title>` is one, a hyphen parts two."""
    return tuple(_WORD.findall(text.lower().translate(_STRAIGHT)))


def stem(word: str) -> str:
    """A word without the ending of its possessive or plural: what counts when words are compared by meaning."""
    bare = word.removesuffix("'s").removesuffix("'")
    return bare.removesuffix("s") if len(bare) > 3 and not bare.endswith("ss") else bare


@lru_cache(maxsize=1 << 16)
def hash_word(word: str) -> int:
    """A 64-bit hash of a word, the same on every machine."""
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


class WordList:
    """The words that the training text writes in lower case, kept as a filter.

    It refuses what subwords assemble by mistake ("couour") and, because names stand there with a capital letter, the
    names of other people too.
    """

    def __init__(self, known: BloomFilter) -> None:
        """Take a filter over `hash_word`."""
        self._known = known

    @classmethod
    def build(cls, texts: Iterable[str], *, least: int = 3) -> WordList:
        """Learn from texts in their own case: words seen in lower case `least` times that are no names.

        A name is what mostly has a capital in the middle of a sentence.
        """
        lower: Counter[str] = Counter()
        upper: Counter[str] = Counter()
        compounds: Counter[str] = Counter()
        for text in texts:
            straight = text.translate(_STRAIGHT)
            compounds.update(_COMPOUND.findall(straight.lower()))
            tokens = _CASED_WORD.findall(straight)
            lower.update(filter(str.islower, tokens))
            upper.update(token.lower() for before, token in pairwise(tokens) if token[0].isupper() and before[0].isalnum())
        words = [word for word, n in lower.items() if n >= least and _NAME * n > upper[word]]
        words += [compound for compound, n in compounds.items() if n >= min(least, _COMPOUNDS)]
        hashes = np.unique(np.fromiter(map(hash_word, words), dtype=np.uint64, count=len(words)))
        return cls(BloomFilter.build(hashes, size=_MOST_BYTES, bits_per_entry=_BITS_PER_WORD))

    def unknown(self, text: str) -> tuple[str, ...]:
        """Words of a text that are not known; slots, and words whose capitals `lexicon.CASED` knows, are.

        A compound is known when its parts are.
        """
        words = tuple(word for word in words_of(text) if not word.startswith("<") and word not in CASED)
        found = self._contains(words)
        odd = tuple(word for word, known in zip(words, found, strict=True) if not known)
        if not odd:
            return ()
        stems = tuple(word.rpartition("'")[0] if word.rpartition("'")[2] in _ENDINGS else "" for word in odd)
        found = self._contains(stems)
        return tuple(w for w, stem, known in zip(odd, stems, found, strict=True) if not (stem and known))

    def coined(self, text: str) -> tuple[str, ...]:
        """Compounds with a hyphen that hardly any training text writes, though it may well know their parts."""
        compounds = tuple(_COMPOUND.findall(text.lower().translate(_STRAIGHT)))
        return tuple(c for c, known in zip(compounds, self._contains(compounds), strict=True) if not known)

    def _contains(self, words: tuple[str, ...]) -> list[bool]:
        if not words:
            return []
        hashes = np.fromiter(map(hash_word, words), dtype=np.uint64, count=len(words))
        return [bool(known) for known in self._known.contains(hashes)]

    def save(self, path: Path) -> None:
        """Write what `load` reads (.npz)."""
        self._known.save(path)

    @classmethod
    def load(cls, path: Path) -> WordList:
        """Read a list from an .npz file; BundleError when it is none."""
        return cls(BloomFilter.load(path))
