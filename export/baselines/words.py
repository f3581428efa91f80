"""Word-level LSTMs: one that knows only words, and one that reads the song's audio features beside every word.

The second is the original project's way of making a language model follow a song: its energy was appended to every word's
embedding. Here all nine features are, each with a mask, and any of them may be unknown.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from export.baselines.base import Baseline, Budget, Epoch, Line
from export.baselines.fitting import Loss, fit_network
from export.baselines.song_features import FeatureScale
from export.baselines.spelling import Spelling, join, split
from export.baselines.word_network import WordNetwork
from export.config import WordsConfig
from export.data import Dataset, batches
from export.errors import StageError
from export.training import device, multiplies_in_half
from export.vocabulary import Vocabulary
from inference.conditions import FEATURES
from inference.tokenizer import BOS, EOS, PAD, UNK

LONGEST = 48  # words and signs; a sample that has not ended by then is cut
_AT_ONCE = 256  # lines that are sampled together
_SCORED_TOKENS = 8192  # in a batch that is scored
_COLDEST = 0.01  # lower temperatures are no different
_TOLD_FROM = 500  # spelled words


class WordLSTM(Baseline):
    """A closed vocabulary of frequent words, tied embeddings, locked dropout; the other words are spelled.

    A line costs -log p of its words, a rare one as "unknown" and then its letters, so that bits a character compare with those
    of models over characters.
    """

    name = "word LSTM"
    unit = "words"
    _features = 0  # F, of the song

    def __init__(self, config: WordsConfig, *, seed: int = 0) -> None:
        """Take the sizes; the vocabulary and the network are made by `fit` or `load`."""
        self.config, self.seed = config, seed
        self.vocabulary = Vocabulary(())
        self._spelling = Spelling({})
        self._network: WordNetwork | None = None

    @property
    def parameters(self) -> int:
        """Numbers of the network, those that are counted among them."""
        return sum(weight.numel() for weight in self._trained.state_dict().values())

    @property
    def _trained(self) -> WordNetwork:
        if self._network is None:
            raise StageError(f"The {self.name} has learned nothing yet; fit it, or load one that was fitted.")
        return self._network

    def fit(
        self, train: Sequence[Line], validation: Sequence[Line], budget: Budget, report: Callable[[Epoch], None]
    ) -> list[Epoch]:
        """Learn words, their spelling and the network; with a budget of epochs the same seed gives the same model."""
        cut = [split(line.text) for line in train]
        self.vocabulary = Vocabulary.of(cut, self.config.vocabulary)
        self._spelling = Spelling.of(cut, self.vocabulary)
        self._prepare(train)
        torch.manual_seed(self.seed)
        network = WordNetwork(len(self.vocabulary), self._features, self.config).to(device())
        self._network = network
        data = self._dataset(train, cut)
        self._count(network, data)
        characters = max(sum(len(line.text) + 1 for line in validation), 1)
        return fit_network(
            network,
            lambda rng: self._losses(network, data, rng),
            lambda: float(self.score(validation).sum()) / characters,
            lines=len(data),
            budget=budget,
            report=report,
            learning_rate=self.config.learning_rate,
            seed=self.seed,
        )

    def score(self, lines: Sequence[Line]) -> NDArray[np.float64]:
        """Always finite: what is no word of the vocabulary can be spelled."""
        network = self._trained
        cut = [split(line.text) for line in lines]
        nats = np.array([sum(map(self._spelling.nats, self.vocabulary.unknown(words))) for words in cut], dtype=np.float64)
        with torch.no_grad():
            for rows, words, features in self._groups(lines, cut):
                nats[rows] += network(words, features).double().cpu().numpy()
        return nats

    @torch.no_grad()
    def expected_counts(self, lines: Sequence[Line]) -> NDArray[np.float32]:
        """How often each word of the vocabulary (N, V) would be said in each line if, at every place, what follows were drawn
        again and again: the sum of its probabilities. Where the lines were sampled, it counts with far less noise than they do.
        """
        network = self._trained
        counts = np.zeros((len(lines), len(self.vocabulary)), dtype=np.float32)
        for rows, words, features in self._groups(lines, [split(line.text) for line in lines]):
            out, _ = network.read(functional.pad(words, (1, 0), value=BOS), features)  # (B, T+1, E+F)
            for i, row in enumerate(rows.tolist()):
                counts[row] = network.log_probs(out[i]).exp().sum(dim=0).cpu().numpy()
        return counts

    def _groups(
        self, lines: Sequence[Line], cut: Sequence[Sequence[str]]
    ) -> Iterator[tuple[NDArray[np.int64], Tensor, Tensor]]:
        """Lines of equal length as their places (B,), words (B, T) and features (B, 2F), until all were given."""
        place = next(self._trained.eval().parameters()).device
        data = self._dataset(lines, cut)
        lengths = np.array([len(words) for words in cut], dtype=np.int64)
        for length in np.unique(lengths):
            same = np.flatnonzero(lengths == length)
            size = max(1, _SCORED_TOKENS // (int(length) + 1))
            for start in range(0, len(same), size):
                rows = same[start : start + size]
                words = torch.from_numpy(np.stack([data.tokens[i] for i in rows]))  # (B, T)
                yield rows, words.to(place), torch.from_numpy(data.conditions[rows]).to(place)

    def sample(self, conditions: Sequence[Line], rng: np.random.Generator, *, temperature: float = 1.0) -> list[str]:
        """Texts of at most 48 words and signs, those that are unknown made up letter by letter.

        Equal generators give equal noise to the same places, whatever the conditions say.
        """
        chunks = range(0, len(conditions), _AT_ONCE)
        return [text for i in chunks for text in self._sample(conditions[i : i + _AT_ONCE], rng, temperature)]

    @torch.no_grad()
    def _sample(self, conditions: Sequence[Line], rng: np.random.Generator, temperature: float) -> list[str]:
        network = self._trained.eval()
        place = next(network.parameters()).device
        unknown = self._tempered(temperature)
        letters = rng.spawn(1)[0]  # of its own, as some lines spell more words than others
        features = torch.from_numpy(self._encode(conditions)).to(place)  # (N, 2F)
        written: list[list[str]] = [[] for _ in conditions]
        going = np.arange(len(conditions))  # (n,) lines that have not ended
        words = torch.full((len(conditions),), BOS, device=place)  # (n,)
        state = None
        for _ in range(LONGEST):
            noise = rng.random(len(conditions))[going]  # (n,); drawn for all lines, so that none shifts another's
            out, (h, c) = network.read(words.unsqueeze(1), features, state)  # (n, 1, E), (1, n, H)
            words = _pick(network.log_probs(out[:, 0]), torch.from_numpy(noise).to(place), temperature, unknown)  # (n,)
            for line, number in zip(going.tolist(), words.tolist(), strict=True):
                if number != EOS:
                    written[line].append(self._spelling.sample(letters) if number == UNK else self.vocabulary.word(number))
            on = words != EOS  # (n,)
            going, words, features, state = going[on.cpu().numpy()], words[on], features[on], (h[:, on], c[:, on])
            if not len(going):
                break
        return [join(line) for line in written]

    def _tempered(self, temperature: float) -> float:
        """What tempering adds to the logarithm of the weight of all spelled words together, 0 from temperature 1 on.

        Each of them is rare, so at a temperature below 1 hardly any of their weight is left: the sum of p ** (1 / t) over
        them, told from those of the training text.
        """
        words = list(self._spelling.words)[:_TOLD_FROM]
        if temperature >= 1 or not words:
            return 0.0
        nats = np.array([self._spelling.nats(word) for word in words]) * (1 / max(temperature, _COLDEST) - 1)
        return float(np.log(np.mean(np.exp(nats.min() - nats))) - nats.min())

    def save(self, path: Path) -> None:
        """Write weights, words and spelling to a file that `torch.load` reads with `weights_only`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(self._parts(), path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def _parts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "config": asdict(self.config),
            "seed": self.seed,
            "words": list(self.vocabulary.words),
            "spelling": self._spelling.as_text(),
            "network": {name: weight.cpu() for name, weight in self._trained.state_dict().items()},
        }

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; StageError when it is something else."""
        try:
            parts = torch.load(path, map_location="cpu", weights_only=True)
            if parts["name"] != cls.name:
                raise StageError(f"{path} holds a {parts['name']}, not a {cls.name}; remove the file and train again.")
            model = cls(WordsConfig(**parts["config"]), seed=int(parts["seed"]))
            model._take(parts)
        except (OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise StageError(f"{path} holds no {cls.name} that can be read; remove the file and train again.") from error
        return model

    def _take(self, parts: dict[str, Any]) -> None:
        """Take up what a file says; ValueError, KeyError, TypeError or RuntimeError where its parts do not fit together."""
        words, weights = parts["words"], parts["network"]
        if not all(isinstance(word, str) for word in words) or len(set(words)) != len(words):
            raise ValueError("these are no words")
        if not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
            raise ValueError("these are no weights")
        self.vocabulary = Vocabulary(words)
        self._spelling = Spelling.from_text(parts["spelling"])
        with torch.device("meta"):  # takes no memory, so that sizes in a broken file do no harm
            network = WordNetwork(len(self.vocabulary), self._features, self.config)
        network.load_state_dict(weights, assign=True)
        self._network = network.to(device()).eval()

    def _prepare(self, train: Sequence[Line]) -> None:
        """Learn how to read the conditions, where they are read."""

    def _encode(self, lines: Sequence[Line]) -> NDArray[np.float32]:
        """What the network is told of each song (N, 2F)."""
        return np.zeros((len(lines), 0), dtype=np.float32)

    def _hide(self, features: Tensor) -> Tensor:
        """What it is told in training (B, 2F)."""
        return features

    def _spread(self) -> NDArray[np.float32]:
        """How the features vary together (F, F)."""
        return np.zeros((0, 0), dtype=np.float32)

    def _dataset(self, lines: Sequence[Line], cut: Sequence[Sequence[str]]) -> Dataset:
        """Lines as ids and conditions."""
        tokens = [np.array(self.vocabulary.encode(words), dtype=np.int64) for words in cut]
        return Dataset([line.text for line in lines], tokens, self._encode(lines), np.ones(len(lines)))

    def _count(self, network: WordNetwork, data: Dataset) -> None:
        """Let the network begin from how often each word and the end was said, and of what songs."""
        ids = np.concatenate([np.append(tokens, EOS) for tokens in data.tokens])  # (P,)
        line = np.repeat(np.arange(len(data)), [len(tokens) + 1 for tokens in data.tokens])  # (P,)
        size = len(self.vocabulary)
        columns = [np.bincount(ids, weights=column[line], minlength=size) for column in data.conditions.T[: self._features]]
        sums = np.array(columns, dtype=np.float32).reshape(self._features, size).T  # (V, F)
        counts = np.bincount(ids, minlength=size).astype(np.float32)  # (V,)
        network.expect(*(torch.from_numpy(part).to(device()) for part in (counts, sums, self._spread())))

    def _losses(self, network: WordNetwork, data: Dataset, rng: np.random.Generator) -> Iterator[Loss]:
        """One epoch in batches of lines of equal length."""
        place = next(network.parameters()).device
        half = multiplies_in_half(self.config.precision, place)
        for words, features in batches(data, self.config.batch_tokens, rng):
            shown = self._hide(features).to(place)  # (B, 2F)
            with torch.autocast(place.type, dtype=torch.bfloat16, enabled=half):
                nats = network(words.to(place), shown)  # (B,)
            yield Loss(len(words), nats.mean() / (words.shape[1] + 1))


class FeatureLSTM(WordLSTM):
    """The word LSTM with nine audio features and their masks appended to every word's embedding.

    In training features are hidden at random, so that a song of which one feature is known is as good a condition as any.
    """

    name = "word LSTM with audio features"
    _features = len(FEATURES)

    def __init__(self, config: WordsConfig, *, seed: int = 0) -> None:
        """Take the sizes, as WordLSTM does."""
        super().__init__(config, seed=seed)
        self.scale = FeatureScale.of(())

    def _prepare(self, train: Sequence[Line]) -> None:
        self.scale = FeatureScale.of(train)

    def _encode(self, lines: Sequence[Line]) -> NDArray[np.float32]:
        return self.scale.encode(lines)

    def _hide(self, features: Tensor) -> Tensor:
        return self.scale.hide(features)

    def _spread(self) -> NDArray[np.float32]:
        return self.scale.spread

    def _parts(self) -> dict[str, Any]:
        return {**super()._parts(), **{name: torch.from_numpy(part) for name, part in vars(self.scale).items()}}

    def _take(self, parts: dict[str, Any]) -> None:
        super()._take(parts)
        self.scale = FeatureScale(**{name: parts[name].numpy() for name in vars(self.scale)})
        self.scale.check()


def _pick(log_probs: Tensor, noise: Tensor, temperature: float, unknown: float) -> Tensor:
    """The word (N,) at which the cumulative distribution (N, V) of the tempered words passes the noise (N,), 0 to 1.

    `unknown` is what tempering adds to the logarithm of the unknown word's weight. One number of noise a line, unlike one a
    word as the Gumbel-max trick needs, is cheap to keep equal between two samples.
    """
    log_probs[:, [PAD, BOS]] = -torch.inf
    weights = log_probs.double() / max(temperature, _COLDEST)
    weights[:, UNK] += unknown
    if temperature <= 0:
        return weights.argmax(dim=1)
    cumulative = torch.softmax(weights, dim=1).cumsum(dim=1)  # (N, V)
    passed = cumulative <= noise.unsqueeze(1) * cumulative[:, -1:]  # (N, V)
    return passed.sum(dim=1)
