"""The energy model: tells people's sentences from the model's own, whole ones from broken ones, and whose song they fit.

Source: Y. Deng et al., "Residual Energy-Based Models for Text Generation", 2020 (arXiv:2004.11714); the broken sentences
and the songs that do not fit are further negatives. Legend of shapes: B batch, T time, E embedding, He encoder's hidden
size, A condition.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional

from export.config import EnergyConfig
from export.data import Dataset, batches, dataset_of
from export.energy.corruption import corrupt
from export.energy.network import EnergyModel
from export.training import device, multiplies_in_half
from inference.conditions import ConditionEncoder
from inference.energy import HEADS
from inference.tokenizer import Tokenizer

_HUMAN, _SENSE, _FIT = range(len(HEADS))
_UNASKED = -1.0  # the label of a head that an example says nothing of


@dataclass(frozen=True)
class Examples:
    """Sentences with the song they were written about; `labels` (N, 3) are 0, 1 or -1 where a head is not asked."""

    data: Dataset
    labels: NDArray[np.float32]


def examples(
    everybody: Dataset,
    sayable: Sequence[int],
    own: Dataset,
    tokenizer: Tokenizer,
    encoder: ConditionEncoder,
    rng: np.random.Generator,
) -> Examples:
    """What people wrote, whole, broken and beside another's song, and the model's own sentences.

    Of everybody's sentences those at the places `sayable` are such as the model's own stand beside.
    """
    broken = [corrupt(text, everybody.texts[int(rng.integers(len(everybody)))], rng) for text in everybody.texts]
    kept = [i for i, text in enumerate(broken) if text]
    song = encoder.song_part(everybody.conditions)
    known = np.flatnonzero(song[:, encoder.parts["genre"].stop - 1] > 0)
    apart = dataset_of([broken[i] for i in kept], song[kept], tokenizer)
    swapped = everybody.subset(known.tolist())
    parts = [
        Dataset(everybody.texts, everybody.tokens, song, everybody.weights),
        Dataset(own.texts, own.tokens, encoder.song_part(own.conditions), own.weights),
        apart,
        Dataset(swapped.texts, swapped.tokens, song[rng.permutation(known)], swapped.weights),
    ]
    labels = [np.full((len(part), len(HEADS)), _UNASKED, dtype=np.float32) for part in parts]
    labels[0][:, _SENSE] = 1.0
    labels[0][list(sayable), _HUMAN] = 1.0
    labels[0][known, _FIT] = 1.0
    labels[1][:, _HUMAN] = 0.0
    labels[2][:, _SENSE] = 0.0
    labels[3][:, _FIT] = 0.0
    together = Dataset(
        [text for part in parts for text in part.texts],
        [ids for part in parts for ids in part.tokens],
        np.concatenate([part.conditions for part in parts]),
        np.ones(sum(map(len, parts))),
    )
    return Examples(together, np.concatenate(labels))


def train(model: EnergyModel, train_on: Examples, config: EnergyConfig, *, seed: int, progress: Progress) -> None:
    """Train for `config.seconds`, learning rate falling to nothing."""
    place = device()
    model.to(place).train()
    half = multiplies_in_half("auto", place)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    torch.manual_seed(seed)
    task = progress.add_task("energy model", total=round(config.seconds) or None)
    began = time.monotonic()
    for step, (tokens, condition, labels) in enumerate(_endless(train_on, config.batch_tokens, seed)):
        done = (time.monotonic() - began) / config.seconds if not config.steps else step / config.steps
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * done))
        with torch.autocast(place.type, torch.bfloat16, enabled=half):
            logits = model(tokens.to(place), condition.to(place))
        loss = _loss(logits.float(), labels.to(place))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 20 == 0:
            progress.update(task, completed=round(done * config.seconds), description=f"energy model  loss {loss.item():.3f}")
    progress.remove_task(task)
    model.eval()


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    asked = labels >= 0
    return functional.binary_cross_entropy_with_logits(logits[asked], labels[asked])


def _endless(some: Examples, batch_tokens: int, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Batches with their labels: these ride along as further columns of the conditions."""
    width = some.data.conditions.shape[1]
    rows = Dataset(some.data.texts, some.data.tokens, np.concatenate([some.data.conditions, some.labels], 1), some.data.weights)
    rng = np.random.default_rng(seed)
    while True:
        for tokens, both in batches(rows, batch_tokens, rng):
            yield tokens, both[:, :width], both[:, width:]


@torch.no_grad()
def logits_of(model: EnergyModel, data: Dataset) -> NDArray[np.float32]:
    """Logits (N, 3) of all sentences, in their order; conditions with the song parts alone."""
    model.eval()
    place = next(model.parameters()).device
    result = np.zeros((len(data), len(HEADS)), dtype=np.float32)
    lengths = np.array([len(ids) for ids in data.tokens])
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), 512):
            rows = same[start : start + 512]
            tokens = torch.from_numpy(np.stack([data.tokens[i] for i in rows])).to(place)
            result[rows] = model(tokens, torch.from_numpy(data.conditions[rows]).to(place)).float().cpu().numpy()
    return result


def areas(model: EnergyModel, held_out: Examples) -> dict[str, float]:
    """Area under the ROC curve of each head on held-out examples: 0.5 (tells nothing) to 1."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - slow to load, and only wanted here

    logits = logits_of(model, held_out.data)
    result = {}
    for i, name in enumerate(HEADS):
        asked = held_out.labels[:, i] >= 0
        if len(np.unique(held_out.labels[asked, i])) == 2:
            result[name] = float(roc_auc_score(held_out.labels[asked, i], logits[asked, i]))
    return result
