"""The model of 2018 trained again as it was, faults and all: the row of the table that everything else has to beat.

Source: D. Rhodes and N. Jaques, "deephypebot: Music Commentary Generation with Deep Learning", 2018, and the code
`iconix/pytorch-text-vae`, from which the choices in `Recipe` were read. Kept: sizes, what reaches what, losses,
schedules, sampling. Departed from, so that it runs in minutes and stands in one table with the others:

- The vocabulary is the 10,000 most frequent words of our training part (95 % of what is written there); theirs was a list
  of 333,336 words of the web, 560 M parameters for 104,500 sentences. Other words are spelled (`Spelling`) to be scored.
- Punctuation stands in our text and so are words here; theirs was removed before training.
- Batches of equal length at ten times the learning rate, within a time budget, from the words' frequencies on; theirs were
  1.5 million single sentences.
- The score is a true bound, not the original's figure, which left the KL out and was taken on training text.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from export.baselines.base import Baseline, Budget, Epoch, Line, bits_per_character
from export.baselines.fitting import Loss, fit_network
from export.baselines.original_network import Recipe, RecipeNetwork
from export.baselines.spelling import Spelling, join, split
from export.data import Dataset, batches, stack
from export.errors import StageError
from export.training import device, multiplies_in_half
from export.vocabulary import Vocabulary
from inference.tokenizer import BOS, EOS, PAD, UNK

IMPORTANCE_SAMPLES = 5  # of z for a score; more are slow and gain little
_SCORED_AT_ONCE = 2048  # words, whose logits are in memory together
_LONGEST = 60  # words of a training line
_VALIDATION_LINES = 500  # measured after every epoch
_TITLE = "<title>"
_BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, EOFError, pickle.UnpicklingError)
_UNSEEN = frozenset({PAD, BOS, EOS})  # leave no trace in a text


@dataclass(frozen=True)
class Written:
    """One text as the original made it."""

    shown: str  # what people read
    fed: str  # what the model thought that it wrote


@dataclass
class _Fitted:
    """All that was learned."""

    vocabulary: Vocabulary
    spelling: Spelling
    genres: tuple[str, ...]
    network: RecipeNetwork


class OriginalRecipe(Baseline):
    """The original CVAE, re-run with its faults."""

    name = "original recipe (GRU CVAE, 2018)"
    unit = "words"

    def __init__(self, recipe: Recipe | None = None, *, seed: int = 2018) -> None:
        """Take the choices, the original's own by default."""
        self.recipe = recipe or Recipe()
        self._seed = seed
        self._half = multiplies_in_half("auto", device())
        self._known: _Fitted | None = None

    @property
    def _fitted(self) -> _Fitted:
        if self._known is None:
            raise StageError("The original recipe is not trained yet; run `python -m export ladder`.")
        return self._known

    @property
    def parameters(self) -> int:
        """Weights of the network; the spelling of unknown words is no part of the original."""
        return sum(weight.numel() for weight in self._fitted.network.parameters())

    def fit(
        self, train: Sequence[Line], validation: Sequence[Line], budget: Budget, report: Callable[[Epoch], None]
    ) -> list[Epoch]:
        """Learn words, genres and weights from `train`; lines of more than 60 words are left out."""
        torch.manual_seed(self._seed)
        short = [line for line in train if len(line.text.split()) <= _LONGEST]
        self._known = known = self._begin(short)
        data = self._dataset(short)
        known.network.expect(_counts(data, len(known.vocabulary)).to(device()))
        place = device()
        noise = torch.Generator(place).manual_seed(self._seed)
        clock = _Clock(budget, len(data))

        def losses(rng: np.random.Generator) -> Iterator[Loss]:
            for words, genres in batches(data, self.recipe.batch_words, rng):
                with torch.autocast(place.type, torch.bfloat16, enabled=self._half):
                    nats = known.network.loss(words.to(place), genres.to(place), clock.done(), noise)
                yield Loss(len(words), nats)
                clock.saw(len(words))

        measured = list(validation)[:_VALIDATION_LINES]
        return fit_network(
            known.network,
            losses,
            lambda: bits_per_character(self._nats(measured, 1), measured) * float(np.log(2)),
            lines=len(data),
            budget=budget,
            report=report,
            learning_rate=self.recipe.learning_rate,
            seed=self._seed,
        )

    def score(self, lines: Sequence[Line]) -> NDArray[np.float64]:
        """Importance-weighted bound on -log p (N,) in nats from 5 samples a line of the posterior that z is drawn from.

        Source: Y. Burda et al., "Importance Weighted Autoencoders", 2016. It is above -log p and at or below -ELBO, both on
        average. Unknown words cost their spelling beside UNK.
        """
        return self._nats(lines, IMPORTANCE_SAMPLES)

    def sample(self, conditions: Sequence[Line], rng: np.random.Generator, *, temperature: float = 1.0) -> list[str]:
        """What the original would have shown for these genres; `temperature` multiplies the recipe's own (0.2)."""
        return [written.shown for written in self.write(conditions, rng, temperature=temperature)]

    @torch.no_grad()
    def write(self, conditions: Sequence[Line], rng: np.random.Generator, *, temperature: float = 1.0) -> list[Written]:
        """As `sample`, with the text that was fed back beside the text that was shown."""
        if not conditions:
            return []
        network = self._fitted.network.eval()
        place = next(network.parameters()).device
        genres = torch.from_numpy(self._genres(conditions)).to(place)
        z = torch.from_numpy(rng.standard_normal((len(conditions), self.recipe.latent)).astype(np.float32)).to(place)
        shown, fed = network.write(z, genres, rng, temperature=temperature * self.recipe.temperature)
        return [Written(self._text(a), self._text(b)) for a, b in zip(shown, fed, strict=True)]

    def save(self, path: Path) -> None:
        """Write choices, words, genres, spelling and weights."""
        known = self._fitted
        parts = {
            "recipe": asdict(self.recipe),
            "seed": self._seed,
            "words": list(known.vocabulary.words),
            "genres": list(known.genres),
            "spelling": known.spelling.as_text(),
            "network": known.network.state_dict(),
        }
        torch.save(parts, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The saved model; StageError when the file is none."""
        try:
            parts = torch.load(path, map_location="cpu", weights_only=True)
            model = cls(Recipe(**parts["recipe"]), seed=int(parts["seed"]))
            vocabulary, genres = Vocabulary(parts["words"]), tuple(parts["genres"])
            network = RecipeNetwork(len(vocabulary), len(genres), model.recipe).eval()
            network.load_state_dict(parts["network"])
            spelling = Spelling.from_text(parts["spelling"])
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RuntimeError,
            EOFError,
            pickle.UnpicklingError,
        ) as error:
            raise StageError(f"{path} holds no model of the original recipe; run `python -m export ladder --again`.") from error
        model._known = _Fitted(vocabulary, spelling, genres, network)
        return model

    def _begin(self, lines: Sequence[Line]) -> _Fitted:
        """Words, spellings and genres of the training lines, and a network that has learned nothing."""
        if not lines:
            raise StageError("There are no training lines; run `python -m export corpus` first.")
        texts = [split(line.text) for line in lines]
        vocabulary = Vocabulary.of(texts, self.recipe.words)
        if self.recipe.title_unknown:
            vocabulary = Vocabulary([word for word in vocabulary.words if word.strip() != _TITLE])
        counts = Counter(genre for line in lines for genre in set(line.genres))
        ranked = sorted(counts, key=lambda genre: (-counts[genre], genre))[: self.recipe.genres]
        network = RecipeNetwork(len(vocabulary), len(ranked), self.recipe).to(device())
        return _Fitted(vocabulary, Spelling.of(texts, vocabulary), tuple(ranked), network)

    def _dataset(self, lines: Sequence[Line]) -> Dataset:
        encode = self._fitted.vocabulary.encode
        tokens = [np.array(encode(split(line.text)), dtype=np.int64) for line in lines]
        return Dataset([line.text for line in lines], tokens, self._genres(lines), np.ones(len(lines)))

    def _genres(self, lines: Sequence[Line]) -> NDArray[np.float32]:
        """Multi-hot genres (N, A), one place at least."""
        places = {genre: i for i, genre in enumerate(self._fitted.genres)}
        hot = np.zeros((len(lines), max(len(places), 1)), dtype=np.float32)
        for row, line in zip(hot, lines, strict=True):
            row[[places[genre] for genre in line.genres if genre in places]] = 1.0
        return hot

    @torch.no_grad()
    def _nats(self, lines: Sequence[Line], samples: int) -> NDArray[np.float64]:
        """Bound on -log p (N,): -ELBO from one sample, tighter from more."""
        known, data = self._fitted, self._dataset(lines)
        network = known.network.eval()
        place = next(network.parameters()).device
        noise = torch.Generator(place).manual_seed(self._seed)
        unknown = [known.vocabulary.unknown(split(line.text)) for line in lines]
        nats = np.array([sum(map(known.spelling.nats, words)) for words in unknown], dtype=np.float64)
        for rows in _alike([len(ids) for ids in data.tokens]):
            words, genres = (part.to(place) for part in stack(data, rows))
            with torch.autocast(place.type, torch.bfloat16, enabled=self._half):
                weights = network.log_weights(words, genres, samples, noise)  # (samples, B)
            nats[rows] -= (torch.logsumexp(weights.double(), dim=0) - np.log(samples)).cpu().numpy()
        return nats

    def _text(self, backwards: Sequence[int]) -> str:
        """The text of words as the decoder wrote them; UNK is shown as the original showed it."""
        vocabulary = self._fitted.vocabulary
        words = [word for word in reversed(backwards) if word not in _UNSEEN]
        return join(" UNK" if word == UNK else vocabulary.word(word) for word in words)


def _counts(data: Dataset, vocabulary: int) -> Tensor:
    """How often each word (V,) stands in these lines, their ends counted."""
    counts = np.bincount(np.concatenate(data.tokens), minlength=vocabulary).astype(np.float32)
    counts[EOS] = len(data)
    return torch.from_numpy(counts)


def _alike(lengths: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    """Places of lines of equal length, as many together as memory bears."""
    every = np.array(lengths, dtype=np.int64)
    for length in np.unique(every):
        same = np.flatnonzero(every == length)
        size = max(1, _SCORED_AT_ONCE // (int(length) + 1))
        yield from (same[i : i + size] for i in range(0, len(same), size))


class _Clock:
    """How much of a training is over, 0 to 1, by lines or by time, whichever is further."""

    def __init__(self, budget: Budget, lines: int) -> None:
        self._seconds, self._lines = budget.seconds, budget.epochs * lines
        self._start, self._seen = time.monotonic(), 0

    def saw(self, lines: int) -> None:
        self._seen += lines

    def done(self) -> float:
        return min(1.0, max((time.monotonic() - self._start) / self._seconds, self._seen / self._lines))
