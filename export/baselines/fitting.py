"""How every network of the ladder is trained: Adam, a budget, early stopping, and the best epoch's weights at the end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from export.baselines.base import Budget, Epoch

_PATIENCE = 2  # epochs without a better validation before it stops
_CLIP = 1.0


class Loss(NamedTuple):
    """The loss of one batch, in nats a token, and how many of the epoch's lines it is about."""

    lines: int
    nats: Tensor


def fit_network(
    network: nn.Module,
    losses: Callable[[np.random.Generator], Iterator[Loss]],
    measure: Callable[[], float],
    *,
    lines: int,
    budget: Budget,
    report: Callable[[Epoch], None],
    learning_rate: float,
    seed: int,
) -> list[Epoch]:
    """Train on what `losses` yields in one epoch of `lines` lines until the budget is spent or validation stops improving.

    `measure` gives nats a character on validation. The learning rate falls along a cosine to a twentieth at the budget's end.
    An epoch that the budget cuts short is measured and reported with its share. The best epoch's weights stay.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, betas=(0.9, 0.99))
    rng = np.random.default_rng(seed)
    epochs: list[Epoch] = []
    best, best_nats, stale, spent = network.state_dict(), math.inf, 0, 0.0
    while len(epochs) < budget.epochs and spent < budget.seconds and stale < _PATIENCE:
        network.train()
        start, seen = time.monotonic(), 0
        for batch in losses(rng):
            _step(network, optimizer, batch.nats)
            seen += batch.lines
            now = spent + time.monotonic() - start
            done = max(now / budget.seconds, (len(epochs) + seen / lines) / budget.epochs)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
            if now >= budget.seconds:
                break
        seconds = time.monotonic() - start
        spent += seconds
        network.eval()
        with torch.no_grad():
            nats = measure()
        epochs.append(Epoch(len(epochs) + 1, seconds, nats, min(seen / lines, 1.0)))
        report(epochs[-1])
        stale += 1
        if nats < best_nats:
            best_nats, stale = nats, 0
            best = {name: weight.detach().clone() for name, weight in network.state_dict().items()}
    network.load_state_dict(best)
    network.eval()
    return epochs


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step of the optimiser."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
    optimizer.step()
