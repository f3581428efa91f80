"""The ladder's neural models over characters: one baseline, five networks in it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from export.baselines.base import Baseline, Budget, Epoch, Line, bits_per_character, draw
from export.baselines.cells import START_ID, ElmanNet, FeedForwardNet, RecurrentNet
from export.baselines.characters import LONGEST
from export.baselines.fitting import Loss, fit_network
from export.baselines.memorised import codes_of
from export.config import LadderConfig
from export.data import Dataset, batches
from export.errors import StageError
from export.training import device, multiplies_in_half

CELLS = ("feed-forward", "Elman", "RNN", "GRU", "LSTM")
_END_ID = 1
_OTHER_ID = 2  # any sign that no training line has
_FIRST_ID = 3  # of the characters proper
_CODE_POINTS = 0x110000  # of Unicode: what such a sign is drawn from
_BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, EOFError, pickle.UnpicklingError)
_PRINTABLE = "".join(map(chr, range(32, 127)))


class CharacterNet(Baseline):
    """Predicts each character from those before it in the line, with a network of the wanted cell."""

    unit = "characters"

    def __init__(self, cell: str, config: LadderConfig, *, seed: int) -> None:
        """Take one of CELLS; the network is built when the characters are known."""
        if cell not in CELLS:
            raise ValueError(f"{cell!r} is no cell of a character network; use one of {', '.join(CELLS)}.")
        self.name = f"character {cell}"
        self.cell, self._config, self._seed = cell, config, seed
        self._device = device()
        self._build(_PRINTABLE)

    def _build(self, alphabet: str) -> None:
        """A new network for these characters."""
        torch.manual_seed(self._seed)
        self._alphabet = np.unique(codes_of(alphabet))
        config, vocabulary = self._config, len(self._alphabet) + _FIRST_ID
        if self.cell == "feed-forward":
            self._network: nn.Module = FeedForwardNet(vocabulary, config.embedding, config.hidden, context=config.context)
        elif self.cell == "Elman":
            self._network = ElmanNet(vocabulary, config.embedding, config.hidden)
        else:
            cell: type[nn.RNNBase] = getattr(nn, self.cell)
            self._network = RecurrentNet(vocabulary, config.embedding, config.hidden, cell=cell)
        self._network.to(self._device).eval()

    @property
    def parameters(self) -> int:
        """Weights."""
        return sum(weight.numel() for weight in self._network.parameters())

    def fit(
        self, train: Sequence[Line], validation: Sequence[Line], budget: Budget, report: Callable[[Epoch], None]
    ) -> list[Epoch]:
        """Train on batches of lines of equal length; the alphabet is what training writes in, and all of ASCII."""
        self._build(_PRINTABLE + "".join(sorted(set().union(*(line.text for line in train)))))
        dataset = Dataset(
            [line.text for line in train],
            [self._ids(line.text) for line in train],
            np.zeros((len(train), 0), dtype=np.float32),
            np.ones(len(train)),
        )
        half = multiplies_in_half("auto", self._device)

        def losses(rng: np.random.Generator) -> Iterator[Loss]:
            for ids, _ in batches(dataset, self._config.batch_tokens, rng):
                with torch.autocast(self._device.type, torch.bfloat16, enabled=half):
                    nats = self._nats(ids).mean()
                yield Loss(len(ids), nats)

        return fit_network(
            self._network,
            losses,
            lambda: bits_per_character(self.score(validation), validation) * np.log(2),
            lines=len(train),
            budget=budget,
            report=report,
            learning_rate=self._config.learning_rate,
            seed=self._seed,
        )

    def _ids(self, text: str) -> NDArray[np.int64]:
        """Numbers of a text's characters (T,)."""
        codes = codes_of(text)
        places = np.searchsorted(self._alphabet, codes).clip(max=len(self._alphabet) - 1)
        return np.where(self._alphabet[places] == codes, places + _FIRST_ID, _OTHER_ID)

    def _nats(self, ids: Tensor) -> Tensor:
        """-log p of every character of lines of equal length and of their ends: ids (B, T) to (B, T + 1)."""
        ids = ids.to(self._device)
        edge = ids.new_full((len(ids), 1), START_ID)
        logits, _ = self._network(torch.cat([edge, ids], dim=1))  # (B, T + 1, V)
        targets = torch.cat([ids, torch.full_like(edge, _END_ID)], dim=1)
        return functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")

    @torch.no_grad()
    def score(self, lines: Sequence[Line]) -> NDArray[np.float64]:
        """-log p of each line (N,), always finite: a sign that no training line has is drawn from all of Unicode."""
        encoded = [self._ids(line.text) for line in lines]
        lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
        alien = np.array([(ids == _OTHER_ID).sum() for ids in encoded], dtype=np.float64)
        nats: NDArray[np.float64] = alien * float(np.log(_CODE_POINTS))  # (N,)
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            size = max(1, self._config.batch_tokens // (int(length) + 1))
            for part in (rows[start : start + size] for start in range(0, len(rows), size)):
                ids = torch.from_numpy(np.stack([encoded[i] for i in part]))  # (B, T)
                nats[part] += self._nats(ids).sum(dim=1).double().cpu().numpy()
        return nats

    @torch.no_grad()
    def sample(self, conditions: Sequence[Line], rng: np.random.Generator, *, temperature: float = 1.0) -> list[str]:
        """Texts of at most 300 characters; the conditions only say how many."""
        last = torch.full((len(conditions), 1), START_ID, device=self._device)  # (N, 1)
        written = np.full((len(conditions), LONGEST), _END_ID, dtype=np.int64)  # (N, T)
        ended = np.zeros(len(conditions), dtype=np.bool_)
        state = None
        for place in range(LONGEST if len(conditions) else 0):
            logits, state = self._network(last, state)
            scores = logits[:, -1].double().cpu().numpy()  # (N, V)
            scores[:, [START_ID, _OTHER_ID]] = -np.inf  # no signs to write
            ids = draw(scores, rng, temperature=temperature)  # (N,)
            written[:, place] = np.where(ended, _END_ID, ids)
            ended |= ids == _END_ID
            if ended.all():
                break
            last = torch.from_numpy(ids)[:, None].to(self._device)
        signs = [chr(code) for code in self._alphabet.tolist()]
        return ["".join(signs[i - _FIRST_ID] for i in row if i != _END_ID) for row in written.tolist()]

    def save(self, path: Path) -> None:
        """Write weights, sizes and alphabet."""
        sizes = {"embedding": self._config.embedding, "hidden": self._config.hidden, "context": self._config.context}
        alphabet = "".join(map(chr, self._alphabet.tolist()))
        torch.save({"cell": self.cell, "sizes": sizes, "alphabet": alphabet, "network": self._network.state_dict()}, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The saved network; StageError when the file is none."""
        try:
            parts = torch.load(path, map_location="cpu", weights_only=True)
            model = cls(parts["cell"], LadderConfig(**parts["sizes"]), seed=0)
            model._build(parts["alphabet"])
            model._network.load_state_dict(parts["network"])
        except _BROKEN as error:
            raise StageError(f"{path} holds no character network; run `python -m export ladder --again`.") from error
        return model
