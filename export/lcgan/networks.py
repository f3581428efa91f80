"""Generator and critics of the LC-GAN: small networks on z and the conditions, and what each is trained to.

Source: J. Engel, M. Hoffman and A. Roberts, "Latent Constraints: Learning to Generate Conditionally from Unconditional
Generative Models", 2017 (arXiv:1711.05772). Legend of shapes: B batch, Z latent, A condition, K values.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

GATE_BIAS = -2.0  # the generator begins by leaving z nearly where it is
REALISM = "realism"  # the critic's name beside those of the values


class Generator(nn.Module):
    """Moves z: a gate of its own for every number lets some of a new place in."""

    def __init__(self, latent: int, condition: int, hidden: int) -> None:
        """Build it with two hidden layers."""
        super().__init__()
        self.read = nn.Sequential(nn.Linear(latent + condition, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.place = nn.Linear(hidden, latent)
        self.gate = nn.Linear(hidden, latent)
        nn.init.constant_(self.gate.bias, GATE_BIAS)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Moved z (B, Z) from z (B, Z) and conditions (B, A), which stay as they are."""
        seen = self.read(torch.cat([z, condition], dim=1))  # (B, hidden)
        gate = torch.sigmoid(self.gate(seen))  # (B, Z)
        moved: Tensor = (1 - gate) * z + gate * self.place(seen)
        return moved


class Critic(nn.Module):
    """Logits from z and the conditions: a plain linear part, which learns most from few labels, and a network besides."""

    def __init__(self, latent: int, condition: int, hidden: int, outputs: int, dropout: float) -> None:
        """Build it for so many outputs."""
        super().__init__()
        inputs = latent + condition
        self.plain = nn.Linear(inputs, outputs)
        self.deep = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, outputs),
        )

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Logits (B, outputs) of z (B, Z) under conditions (B, A)."""
        both = torch.cat([z, condition], dim=1)  # (B, Z+A)
        logits: Tensor = self.plain(both) + self.deep(both)
        return logits


class Critics(nn.Module):
    """Realism and all values; each tells how good the sentence will be before it is decoded."""

    def __init__(self, latent: int, condition: int, hidden: tuple[int, int], values: int, dropout: float) -> None:
        """Build realism and one head for each value, with so many hidden units: values are learnt from few labels."""
        super().__init__()
        self.realism = Critic(latent, condition, hidden[0], 1, dropout)
        self.value = Critic(latent, condition, hidden[1], values, dropout)

    def forward(self, z: Tensor, condition: Tensor) -> tuple[Tensor, ...]:
        """Scores (B,) from 0 to 1: realism first, then the values in their order."""
        scores = torch.sigmoid(torch.cat([self.realism(z, condition), self.value(z, condition)], dim=1))  # (B, 1+K)
        return tuple(scores.unbind(dim=1))


def realism_loss(critic: Critic, real: Tensor, prior: Tensor, moved: Tensor, condition: Tensor) -> Tensor:
    """Cross-entropy of telling posterior z from prior z and from moved z, each (B, Z), under the same conditions (B, A)."""
    logits = critic(torch.cat([real, prior, moved]), condition.repeat(3, 1)).view(3, -1)  # (3, B)
    false = functional.softplus(logits[1:]).mean()
    return functional.softplus(-logits[0]).mean() + false


def value_loss(critic: Critic, z: Tensor, condition: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy to labels (B, K) from 0 to 1 of what z was decoded to."""
    return functional.binary_cross_entropy_with_logits(critic(z, condition), labels)


def distance(moved: Tensor, z: Tensor, deviation: Tensor) -> Tensor:
    """How far z (B, Z) was moved, scalar: sum over Z of log(1 + (z'-z)^2 / sigma^2), sigma (Z,) the posterior's mean one."""
    return torch.log1p((moved - z).square() / deviation.square()).sum(dim=1).mean()


def generator_loss(
    generator: Generator,
    critics: Critics,
    z: Tensor,
    condition: Tensor,
    wanted: list[int],
    weights: tuple[float, float],
    deviation: Tensor,
) -> Tensor:
    """What the generator is to lessen: doubts of the wanted values (places of K), and by `weights` realism and distance."""
    moved = generator(z, condition)
    loss = weights[0] * functional.softplus(-critics.realism(moved, condition)).mean()
    loss = loss + weights[1] * distance(moved, z, deviation)
    if wanted:
        loss = loss + functional.softplus(-critics.value(moved, condition)[:, wanted]).sum(dim=1).mean()
    return loss
