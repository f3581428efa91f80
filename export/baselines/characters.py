"""The unsmoothed character n-gram: what followed these characters in training follows again, as often, and nothing else."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from export.baselines.base import Baseline, Budget, Epoch, Line, draw
from export.baselines.memorised import codes_of, extend, found, run_hashes
from export.errors import StageError

HIGHEST_ORDER = 20
LONGEST = 300  # characters; a sample that has not ended by then is cut
START, END = "~", "\n"
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]


class Grams(NamedTuple):
    """Every character of some lines, ends counted (P,), as the n-gram it ends and the context before it."""

    grams: Hashes
    contexts: Hashes
    codes: NDArray[np.uint64]


@dataclass(frozen=True)
class Evidence:
    """What training has seen of each of P characters and of its context."""

    count: Floats  # times the n-gram was seen
    total: Floats  # times its context was seen
    kinds: Floats  # different characters that followed the context


@dataclass(frozen=True)
class _Table:
    """What was counted: distinct n-grams, distinct contexts, and the characters there are; hashes are sorted."""

    grams: Hashes
    counts: NDArray[np.uint32]
    contexts: Hashes
    totals: NDArray[np.uint32]
    kinds: NDArray[np.uint32]
    alphabet: NDArray[np.uint64]
    train_bits: float  # a character of the training text under its own counts


class CharacterNgram(Baseline):
    """Maximum likelihood over the n - 1 characters before, each line padded with n - 1 `~`; kept as sorted 64-bit hashes.

    The model of Shannon 1948 as in Goldberg's "The unreasonable effectiveness of character-level language models" (2015).
    """

    name = "character n-gram"
    unit = "characters"

    def __init__(self, order: int) -> None:
        """Take the order n, 1 to 20."""
        if not 1 <= order <= HIGHEST_ORDER:
            raise ValueError(f"The order of a character n-gram is {order}; it must be 1 to {HIGHEST_ORDER}.")
        self.order = order
        none, nothing = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint32)
        self._table = _Table(none, nothing, none, nothing, nothing, none, 0.0)

    @property
    def parameters(self) -> int:
        """Distinct n-grams."""
        return len(self._table.grams)

    @property
    def alphabet(self) -> int:
        """Distinct characters, the end of a line counted as one."""
        return len(self._table.alphabet)

    @property
    def train_bits(self) -> float:
        """Bits a character of the training text under its own counts."""
        return self._table.train_bits

    def fit(
        self, train: Sequence[Line], validation: Sequence[Line], budget: Budget, report: Callable[[Epoch], None]
    ) -> list[Epoch]:
        """Count once; the budget is not needed, some seconds do for millions of characters."""
        start = time.monotonic()
        seen = self.grams(train)
        grams, place, counts = np.unique(seen.grams, return_index=True, return_counts=True)
        contexts, of = np.unique(seen.contexts[place], return_inverse=True)
        totals = np.bincount(of, weights=counts, minlength=len(contexts))
        bits = -np.sum(counts * np.log2(counts / totals[of])) / max(len(seen.grams), 1)
        self._table = _Table(
            grams,
            counts.astype(np.uint32),
            contexts,
            totals.astype(np.uint32),
            np.bincount(of, minlength=len(contexts)).astype(np.uint32),
            np.unique(seen.codes),
            float(bits),
        )
        seconds = time.monotonic() - start
        nats = self.score(validation).sum() / max(sum(len(line.text) + 1 for line in validation), 1)
        epoch = Epoch(1, seconds, float(nats))
        report(epoch)
        return [epoch]

    def grams(self, lines: Sequence[Line]) -> Grams:
        """All characters of the lines, line after line, with their n-grams."""
        before = self.order - 1
        codes = codes_of("".join(START * before + line.text + END for line in lines))  # (L,)
        lengths = np.array([(before, len(line.text) + 1) for line in lines], dtype=np.int64).reshape(-1)
        said = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)[before:]  # (L - n + 1,), false for the padding
        contexts, last = run_hashes(codes, before)[: len(said)][said], codes[before:][said]
        return Grams(extend(contexts, last), contexts, last)

    def evidence(self, seen: Grams) -> Evidence:
        """What training knows of these characters."""
        table = self._table
        gram, gram_known = found(table.grams, seen.grams)
        context, context_known = found(table.contexts, seen.contexts)

        def take(values: NDArray[np.uint32], places: NDArray[np.intp], known: NDArray[np.bool_]) -> Floats:
            return np.where(known, values[places] if len(values) else 0, 0).astype(np.float64)

        return Evidence(
            take(table.counts, gram, gram_known),
            take(table.totals, context, context_known),
            take(table.kinds, context, context_known),
        )

    def score(self, lines: Sequence[Line]) -> Floats:
        """Infinite for every line with a character that never followed its context in training, which are most."""
        if not lines:
            return np.zeros(0)
        evidence = self.evidence(self.grams(lines))
        with np.errstate(divide="ignore"):
            nats = np.log(np.maximum(evidence.total, 1)) - np.log(evidence.count)  # (P,)
        owner = np.repeat(np.arange(len(lines)), [len(line.text) + 1 for line in lines])
        return np.bincount(owner, weights=nats, minlength=len(lines)).astype(np.float64)  # (N,)

    def sample(self, conditions: Sequence[Line], rng: np.random.Generator, *, temperature: float = 1.0) -> list[str]:
        """Texts of at most 300 characters; the conditions only say how many."""
        before, alphabet = self.order - 1, self._table.alphabet
        written = np.full((len(conditions), before), ord(START), dtype=np.uint64)  # (N, T), padding first
        going = np.arange(len(conditions))
        ends = np.full(len(conditions), LONGEST)
        for length in range(LONGEST if len(alphabet) else 0):
            contexts = np.zeros(len(going), dtype=np.uint64)
            for column in written[going, length:].T:
                contexts = extend(contexts, column)
            grams = extend(contexts[:, None], alphabet)  # (N, V)
            places, known = found(self._table.grams, grams)
            with np.errstate(divide="ignore"):
                scores = np.log(np.where(known, self._table.counts[places], 0))
            column = np.full(len(conditions), ord(END), dtype=np.uint64)
            column[going] = alphabet[draw(scores, rng, temperature=temperature)]
            written = np.concatenate([written, column[:, None]], axis=1)
            ends[going[column[going] == ord(END)]] = length
            going = going[column[going] != ord(END)]
            if not len(going):
                break
        texts = ["".join(map(chr, row)) for row in written[:, before:].tolist()]
        return [text[:end] for text, end in zip(texts, ends.tolist(), strict=True)]

    def save(self, path: Path) -> None:
        """Write the counts as a .npz."""
        with path.open("wb") as file:
            np.savez(file, order=np.array(self.order), **vars(self._table))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the counts; StageError when the file is broken."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as parts:
                model = cls(int(parts["order"]))
                arrays = {name: parts[name] for name in _Table.__dataclass_fields__ if name != "train_bits"}
                model._table = _Table(**arrays, train_bits=float(parts["train_bits"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise StageError(f"{path} holds no character n-gram; run `python -m export ladder --again`.") from error
        model._check(path)
        return model

    def _check(self, path: Path) -> None:
        """Raise StageError when the tables do not fit together."""
        table = self._table
        same = len(table.grams) == len(table.counts) and len(table.contexts) == len(table.totals) == len(table.kinds)
        hashes = (table.grams, table.contexts, table.alphabet)
        if not same or any(part.dtype != np.uint64 or part.ndim != 1 for part in hashes):
            raise StageError(f"{path} holds tables that do not fit together; run `python -m export ladder --again`.")
