"""Topics: what a sentence is about, told by an LDA model that was frozen and is kept as plain arrays.

`export.topics` makes it; the E-step is that of Hoffman, Blei & Bach 2010 ("Online Learning for Latent Dirichlet
Allocation"), equation 5, for many short sentences at once. Legend of shapes: N sentences, W words of all of them,
K topics, V vocabulary of the topics.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.checks import content_of
from inference.errors import BundleError
from inference.words import stem, words_of

ITERATIONS = 100
TOLERANCE = 1e-3  # mean change of a sentence's gamma at which it is done; gensim's own default
_MOST_TOPICS, _MOST_WORDS, _MOST_BYTES = 64, 200_000, 100_000_000
_LEAST = np.float32(1e-35)  # no sum that is divided by is smaller; gensim has the same
_BATCH = 512  # sentences at once, so that what one step touches stays in the cache

Floats = NDArray[np.float32]


def places_of(text: str, index: Mapping[str, int]) -> list[int]:
    """What LDA sees of a text: places in the vocabulary of its content words, in order, each once.

    A word that has no place itself has that of its stem, so that "guitars" and "guitar's" are "guitar". Presence and not
    counts, so that saying a word again makes nothing more "about" it.
    """
    found = (index.get(word, index.get(stem(word))) for word in content_of(words_of(text)))
    return sorted({place for place in found if place is not None})


def e_step(documents: Sequence[Sequence[int]], columns: Floats, alpha: Floats) -> Floats:
    """Variational Dirichlet parameters gamma (N, K) of sentences, each the places of its words.

    `columns` (V, K) is exp(E[log beta]), in which any factor of a word cancels out; `alpha` (K,) is the prior.
    """
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    gamma = np.repeat(alpha[None], len(documents), axis=0)  # (N, K)
    rows = np.flatnonzero(lengths)  # sentences that are not done (n,)
    lengths = lengths[rows]
    beta = columns[np.fromiter(chain.from_iterable(documents), dtype=np.int64)]  # (W, K)
    current = alpha + (lengths[:, None] / np.float32(len(alpha))).astype(np.float32)  # (n, K)
    for _ in range(ITERATIONS):
        if not len(rows):
            break
        before = current
        starts = np.concatenate([[0], np.cumsum(lengths[:-1])])
        current = alpha + np.add.reduceat(responsibilities(before, lengths, beta), starts, axis=0)  # (n, K)
        moving = np.abs(current - before).mean(axis=1) >= TOLERANCE  # (n,)
        if not moving.all():
            gamma[rows[~moving]] = current[~moving]
            beta = beta[np.repeat(moving, lengths)]
            rows, lengths, current = rows[moving], lengths[moving], current[moving]
    gamma[rows] = current
    return gamma


def responsibilities(gamma: Floats, lengths: NDArray[np.int64], beta: Floats) -> Floats:
    """Share phi (W, K) of each topic in each word of sentences with `gamma` (N, K), so many words each (N,).

    `beta` (W, K) holds the words' columns, sentence by sentence.
    """
    theta = _exp_digamma(gamma)  # (N, K); its normaliser cancels out
    phi = np.repeat(theta, lengths, axis=0) * beta  # (W, K)
    phi /= phi.sum(axis=1, keepdims=True) + _LEAST
    return np.asarray(phi)


class TopicModel:
    """A frozen LDA model: how much of a sentence belongs to each topic."""

    def __init__(
        self,
        words: Sequence[str],
        weights: Floats,
        alpha: Floats,
        descriptive: NDArray[np.bool_],
        names: Sequence[str],
    ) -> None:
        """Take V words, exp(E[log beta]) of the topics (K, V), the prior alpha (K,), and of each topic (K) its name and
        whether it is one that describes how music sounds.

        Raises BundleError when these do not fit together or are no such numbers.
        """
        self.words, self.names = tuple(words), tuple(names)
        self.beta = np.asarray(weights, dtype=np.float32)
        self.alpha = np.asarray(alpha, dtype=np.float32)
        self.is_descriptive = np.asarray(descriptive, dtype=np.bool_)
        self._check()
        self._index = {word: i for i, word in enumerate(self.words)}
        # A factor of a word cancels out; taking its largest weight as 1 keeps rare words from vanishing in single precision.
        self._columns = np.ascontiguousarray((self.beta / self.beta.max(axis=0)).T)  # (V, K)

    @property
    def topics(self) -> int:
        """How many topics K there are."""
        return len(self.alpha)

    def weights(self, texts: Sequence[str]) -> Floats:
        """Share of each topic in each text (N, K), rows summing to 1; of a text without a known word, the prior's."""
        batches = [self._gamma(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        gamma = np.concatenate([np.zeros((0, self.topics), dtype=np.float32), *batches])  # (N, K)
        return np.asarray(gamma / gamma.sum(axis=1, keepdims=True))

    def descriptive(self, texts: Sequence[str]) -> Floats:
        """How much of each text (N,) belongs to the topics that describe how music sounds, 0 to 1."""
        return np.asarray(self.weights(texts)[:, self.is_descriptive].sum(axis=1))

    def _gamma(self, texts: Sequence[str]) -> Floats:
        """Variational Dirichlet parameters (N, K) of the texts' topics."""
        documents = [places_of(text, self._index) for text in texts]
        return e_step(documents, self._columns, self.alpha)

    def _check(self) -> None:
        topics, size = len(self.alpha) if self.alpha.ndim == 1 else -1, len(self.words)
        shapes_fit = (
            1 <= topics <= _MOST_TOPICS
            and 1 <= size <= _MOST_WORDS
            and self.beta.shape == (topics, size)
            and self.is_descriptive.shape == (topics,)
            and len(self.names) == topics
            and len(set(self.words)) == size
        )
        if not shapes_fit or not _positive(self.alpha) or not _positive(self.beta):
            raise BundleError("The topic model is broken: its tables do not match; make the bundle again.")
        if not self.is_descriptive.any():
            raise BundleError("The topic model has no topic that describes the sound; make the bundle again.")

    def save(self, path: Path) -> None:
        """Write what `load` reads (.npz)."""
        np.savez_compressed(
            path,
            words=np.array("\n".join(self.words)),
            names=np.array("\n".join(self.names)),
            weights=self.beta,
            alpha=self.alpha,
            descriptive=self.is_descriptive,
        )

    @classmethod
    def load(cls, path: Path) -> TopicModel:
        """Read a model from an .npz file; BundleError when it is none."""
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                if sum(part.file_size for part in file.zip.infolist()) > _MOST_BYTES:
                    raise BundleError(f"{path.name} unpacks to more than {_MOST_BYTES:,} bytes; make the bundle again.")
                arrays = {name: file[name] for name in ("weights", "alpha", "descriptive")}
                if [arrays[name].dtype.kind for name in arrays] != ["f", "f", "b"]:
                    raise BundleError(f"{path.name} holds arrays of the wrong kind; make the bundle again.")
                words, names = (str(file[name]).split("\n") for name in ("words", "names"))
                return cls(words, names=names, **arrays)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
            raise BundleError(f"{path.name} is no topic model; make the bundle again.") from error


def _positive(values: Floats) -> bool:
    return bool(np.isfinite(values).all() and (values > 0).all())


def _exp_digamma(x: Floats) -> Floats:
    """exp(digamma(x)) for x > 0: the recurrence up to x + 3, then the asymptotic series; 1e-5 off at most from 0.05 on."""
    shifted = x + np.float32(3)
    below = 1 / x + 1 / (x + 1) + 1 / (x + 2)
    inverse = 1 / shifted
    square = inverse * inverse
    series = inverse * 0.5 + square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
    return np.asarray(shifted * np.exp(-below - series), dtype=np.float32)
