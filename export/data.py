"""Sentences as training sees them: token ids, condition rows and weights, in batches of equal length."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from export.corpus.pipeline import read_rows
from inference.conditions import SOURCES, ConditionEncoder, Conditions
from inference.sound import descriptiveness
from inference.tokenizer import MASKS, Tokenizer

# The warm start dwells on modern, opinionated English; biographies, captions and old books have less to teach of it.
_WARM_START_WEIGHTS = {"caption": 0.3, "book": 0.3, "encyclopaedia": 0.2, "film": 0.4, "release": 0.6}
# Captions are true to the sound but plain and all alike; left alone they would give the model their voice.
_COMMENTARY_WEIGHTS = {"caption": 0.25}


@dataclass
class Dataset:
    """N sentences, with their conditions (N, A) and how often each is drawn (weight, 1 on average or not)."""

    texts: list[str]
    tokens: list[NDArray[np.int64]]
    conditions: NDArray[np.float32]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.texts)

    def subset(self, keep: Iterable[int]) -> Dataset:
        """The sentences at these places."""
        rows = list(keep)
        return Dataset([self.texts[i] for i in rows], [self.tokens[i] for i in rows], self.conditions[rows], self.weights[rows])


def style_of(text: str, kind: str) -> dict[str, Any]:
    """The conditions that a sentence tells of itself."""
    return {
        "source": kind,
        "descriptive": descriptiveness(text),
        "words": float(len(text.split())),
        "artist_slot": "<artist>" in text,
        "title_slot": "<title>" in text,
        "masks": any(mask in text for mask in MASKS),
    }


def load_commentary(path: Path, split: str, tokenizer: Tokenizer, encoder: ConditionEncoder, *, max_tokens: int) -> Dataset:
    """The commentary of one split, with all its conditions."""
    rows = [row for row in read_rows(path) if row["split"] == split]
    conditions = np.zeros((len(rows), encoder.size), dtype=np.float32)
    known: dict[tuple[object, ...], NDArray[np.float32]] = {}  # sentences of one work share what is known of it
    for i, row in enumerate(rows):
        work = (*row["genres"], *row["features"].values())
        if work not in known:
            known[work] = encoder.encode(Conditions(genres=tuple(row["genres"]), features=row["features"]))[0]
        style = encoder.encode(Conditions(praise=row["praise"], **style_of(row["text"], row["kind"])))[0]
        conditions[i] = known[work] + style  # different places in the vector
    weights = [_COMMENTARY_WEIGHTS.get(row["kind"], 1.0) for row in rows]
    return _dataset([row["text"] for row in rows], conditions, weights, tokenizer, max_tokens)


def load_warm_start(path: Path, tokenizer: Tokenizer, encoder: ConditionEncoder, *, max_tokens: int) -> Dataset:
    """All sentences of the warm start, conditioned only on what they tell of themselves."""
    texts, weights, encoded = [], [], []
    known: dict[tuple[object, ...], NDArray[np.float32]] = {}  # many sentences are of the same style
    for row in read_rows(path):
        style = style_of(row["text"], row["kind"])
        key = tuple(style.values())
        if key not in known:
            known[key] = encoder.encode(Conditions(**style))
        texts.append(row["text"])
        weights.append(_WARM_START_WEIGHTS.get(row["kind"], 1.0))
        encoded.append(known[key])
    return _dataset(texts, np.concatenate(encoded), weights, tokenizer, max_tokens)


def _dataset(
    texts: list[str], conditions: NDArray[np.float32], weights: list[float], tokenizer: Tokenizer, max_tokens: int
) -> Dataset:
    """Encode the texts and leave out sentences of more than `max_tokens` pieces."""
    tokens = [np.array(ids, dtype=np.int64) for ids in tokenizer.encode_batch(texts, threads=2)]
    dataset = Dataset(texts, tokens, conditions, np.array(weights, dtype=np.float64))
    return dataset.subset(i for i, ids in enumerate(tokens) if 2 <= len(ids) <= max_tokens)


def dataset_of(texts: Sequence[str], conditions: NDArray[np.float32], tokenizer: Tokenizer) -> Dataset:
    """Texts with their conditions (N, A); those of fewer than two pieces are left out."""
    tokens = [np.array(ids, dtype=np.int64) for ids in tokenizer.encode_batch(texts, threads=2)]
    whole = Dataset(list(texts), tokens, conditions, np.ones(len(texts)))
    return whole.subset(i for i, ids in enumerate(tokens) if len(ids) >= 2)


def without_captions(data: Dataset, encoder: ConditionEncoder) -> Dataset:
    """The sentences but for the captions, which are true to the sound but all alike: nobody writes so of a song."""
    caption = encoder.parts["source"].start + SOURCES.index("caption")
    return data.subset(np.flatnonzero(data.conditions[:, caption] == 0).tolist())


def mix(main: Dataset, other: Dataset, share: float) -> Dataset:
    """Both together, the other with its weights scaled so that `share` (0 to 1) of the sentences drawn are its own."""
    scale = share / (1 - share) * main.weights.sum() / max(float(other.weights.sum()), 1e-9)
    return Dataset(
        main.texts + other.texts,
        main.tokens + other.tokens,
        np.concatenate([main.conditions, other.conditions]),
        np.concatenate([main.weights, other.weights * scale]),
    )


def weigh(dataset: Dataset, weight: Callable[[str], float]) -> Dataset:
    """The same sentences, drawn by the weight of their text besides their own; a weight of 0 leaves one out."""
    weights = dataset.weights * np.array([weight(text) for text in dataset.texts], dtype=np.float64)
    weighed = Dataset(dataset.texts, dataset.tokens, dataset.conditions, weights)
    return weighed.subset(np.flatnonzero(weights > 0).tolist())


def batches(dataset: Dataset, batch_tokens: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch in random order: tokens (B, T) of equal length, without padding, and conditions (B, A).

    A sentence of weight 2.5 comes two or three times.
    """
    times = np.floor(dataset.weights + rng.random(len(dataset))).astype(np.int64)
    drawn = np.repeat(np.arange(len(dataset)), times)
    rng.shuffle(drawn)
    lengths = np.array([len(dataset.tokens[i]) for i in drawn], dtype=np.int64)
    groups = []
    for length in np.unique(lengths):
        rows = drawn[lengths == length]
        size = max(1, batch_tokens // (int(length) + 1))
        groups.append([rows[i : i + size] for i in range(0, len(rows), size)])
    order = list(itertools.chain.from_iterable(groups))
    for k in rng.permutation(len(order)):
        yield stack(dataset, order[k])


def stack(dataset: Dataset, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Tensors of sentences of equal length."""
    return (
        torch.from_numpy(np.stack([dataset.tokens[i] for i in rows])),
        torch.from_numpy(dataset.conditions[rows]),
    )


def held_out_rows(data: Dataset, sentences: int) -> NDArray[np.int64]:
    """Places of sentences to measure on, the same every time, spread over all sources."""
    return np.random.default_rng(0).permutation(len(data))[:sentences]


def held_out_words(data: Dataset, sentences: int) -> int:
    """Words of those sentences, their ends counted."""
    return sum(len(data.texts[i].split()) + 1 for i in held_out_rows(data, sentences))


def held_out_batches(data: Dataset, sentences: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Those sentences in batches of equal length."""
    rows = held_out_rows(data, sentences)
    lengths = np.array([len(data.tokens[i]) for i in rows])
    for length in np.unique(lengths):
        same = rows[lengths == length]
        for start in range(0, len(same), 128):
            yield stack(data, same[start : start + 128])


class Layout(Protocol):
    """How a vector of conditions is laid out, as `ConditionEncoder` does it."""

    size: int  # A
    parts: dict[str, slice]  # the place of each part, its mask included


class NoConditions:
    """The layout of no conditions at all, with which the CVAE is an unconditional VAE."""

    def __init__(self) -> None:
        """Of length 0, without parts."""
        self.size = 0
        self.parts: dict[str, slice] = {}


class ConditionDropout:
    """Hides conditions while training, the whole of them or single parts, so that any subset may be unknown later."""

    def __init__(self, encoder: Layout, *, whole: float, part: float) -> None:
        """Take the shares of examples without any condition and of parts hidden in the others."""
        self._whole, self._part = whole, part
        self._parts = len(encoder.parts)
        self._place = torch.zeros(encoder.size, dtype=torch.long)
        for i, place in enumerate(encoder.parts.values()):
            self._place[place] = i

    def __call__(self, conditions: Tensor) -> Tensor:
        """Conditions (B, A) with some of them zero, masks too."""
        rows = conditions.shape[0]
        keep = (torch.rand(rows, self._parts) >= self._part) & (torch.rand(rows, 1) >= self._whole)  # (B, parts)
        return conditions * keep[:, self._place].to(conditions.dtype)
