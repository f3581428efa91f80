"""Training generator and critics by turns, on labels of what z is decoded to, made anew with every round's generator.

It stops on figures of the decoded text and never on the critics': those are what the generator learns to deceive.
Legend of shapes: B batch, P labelled latents, Z latent, A condition, K values.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from export.config import LcganConfig
from export.evaluation.texts import distinct
from export.lcgan.ground import Floats, Ground
from export.lcgan.networks import REALISM, Critics, Generator, generator_loss, realism_loss, value_loss
from export.lcgan.voice import Spoken, Voice
from export.values import Value, has_all, label_all

DISTINCT_SHARE = 0.9  # of the aggregated posterior's distinct-2, that must be left
NORMS = (0.8, 1.2)  # within which the mean of |z'| / sqrt(Z) must stay
_BREACH = 5.0  # what leaving these limits costs, in units of the attribute rate
_BASE, _ROUND, _LEARN = range(3)  # what a random stream is for


@dataclass(frozen=True)
class Objective:
    """What a generator is to reach: realism always, and some values besides."""

    name: str  # of its value, "realism" or "joint"
    values: tuple[str, ...]


@dataclass(frozen=True)
class Labelled:
    """Latents with the labels of what they were decoded to."""

    z: Tensor  # (P, Z)
    condition: Tensor  # (P, A)
    labels: Tensor  # (P, K)

    def joined(self, other: Labelled) -> Labelled:
        """These and others."""
        parts = ((self.z, other.z), (self.condition, other.condition), (self.labels, other.labels))
        return Labelled(*(torch.cat(pair) for pair in parts))


@dataclass(frozen=True)
class Bench:
    """All that a training needs; the same for every objective."""

    config: LcganConfig
    voice: Voice
    ground: Ground
    values: Sequence[Value]
    base: Labelled  # decoded from prior and posterior z, before there is a generator
    reference: float  # distinct-2 of the aggregated posterior, at as many sentences as a round decodes
    seed: int

    def label(self, spoken: Spoken) -> Floats:
        """Labels (N, K) of what was decoded."""
        return label_all(self.values, spoken.texts, spoken.conditions)


@dataclass(frozen=True)
class Trained:
    """The best generator of a training, and the critics at its end."""

    objective: Objective
    distance: float
    generator: Generator
    critics: Critics
    history: list[dict[str, Any]]
    worth: float  # of the best round


def figures_of(bench: Bench, objective: Objective, spoken: Spoken, labels: Floats) -> dict[str, Any]:
    """Figures of decoded text: the attribute (all values of the objective; for realism alone, what passes the gates)."""
    bundle = bench.voice.bundle
    log_prob = bundle.ngram.mean_log_prob(bundle.tokenizer.encode_batch(spoken.texts))
    rates = has_all(labels, bench.values, objective.values)
    gates = float(spoken.may_be_said.mean())
    return {
        "attribute": rates["all"] if objective.values else gates,
        "rates": {name: rate for name, rate in rates.items() if name != "all"},
        "distinct_2": distinct_2(spoken.texts),
        "perplexity": float(np.exp(-log_prob.mean())),
        "z_norm": float(np.linalg.norm(spoken.z, axis=1).mean() / np.sqrt(spoken.z.shape[1])),
        "gates": gates,
    }


def distinct_2(texts: Sequence[str]) -> float:
    """Share of different pairs of words among all; to be compared at equal numbers of texts."""
    return distinct([text.split() for text in texts], 2)


def prepare_bench(
    config: LcganConfig, voice: Voice, ground: Ground, values: Sequence[Value], seed: int, progress: Callable[[], None]
) -> Bench:
    """Decode and label the first latents: a third from N(0, I), from what ships, and from the aggregated posterior."""
    rng = np.random.default_rng((seed, _BASE))
    every: list[Labelled] = []
    reference = 0.0
    for kind in range(3):
        places = ground.draw(rng, config.fresh)
        rest = ground.draw(rng, max(0, config.base // 3 - config.fresh))
        places = np.concatenate([places, rest])
        asked = ground.conditions[places]
        own = (voice.prior, voice.shipped, None)[kind]
        z = ground.latents(rng, ground.way[places]) if own is None else own.propose(rng, asked)
        spoken = voice.say(z, ground, places, seed=(seed, _BASE, kind))
        every.append(_labelled(spoken, label_all(values, spoken.texts, spoken.conditions), values))
        reference = distinct_2(spoken.texts[: config.fresh])
        progress()
    return Bench(config, voice, ground, values, every[0].joined(every[1]).joined(every[2]), reference, seed)


def train(bench: Bench, objective: Objective, distance: float, progress: Callable[[dict[str, Any]], None]) -> Trained:
    """Train for an objective with this weight of the distance; `progress` hears of every round."""
    learner = _Learner(bench, objective, distance)
    pool, best, since, history = bench.base, None, 0, []
    learner.warm_up(pool)
    for number in range(bench.config.rounds):
        learner.learn(pool)
        spoken = learner.speak(number)
        labels = bench.label(spoken)
        found = figures_of(bench, objective, spoken, labels)
        worth = worth_of(found, bench.reference)
        told = {name: float(np.corrcoef(a, b)[0, 1]) for name, (a, b) in learner.foretold(spoken, labels).items()}
        entry = {"value": objective.name, "distance": distance, "round": number + 1, **found, "worth": worth, "foretold": told}
        history.append(entry)
        progress(entry)
        pool = pool.joined(_labelled(spoken, labels, bench.values))
        since += 1
        if best is None or worth > best[0]:
            best, since = (worth, copy.deepcopy(learner.generator)), 0
        elif since == bench.config.patience:
            break
    learner.settle(pool)
    assert best is not None  # noqa: S101 - narrows the type for mypy: there is at least one round
    return Trained(objective, distance, best[1].eval(), learner.critics.eval(), history, best[0])


def worth_of(figures: dict[str, Any], reference: float) -> float:
    """The attribute rate, less what leaving the limits of diversity and norm costs."""
    lost = max(0.0, DISTINCT_SHARE - figures["distinct_2"] / max(reference, 1e-9))
    off = max(0.0, NORMS[0] - figures["z_norm"], figures["z_norm"] - NORMS[1])
    return float(figures["attribute"] - _BREACH * (lost + off))


class _Learner:
    """The networks of one training with their optimisers and random numbers."""

    def __init__(self, bench: Bench, objective: Objective, distance: float) -> None:
        torch.manual_seed(bench.seed)
        config, sizes = bench.config, bench.voice.bundle.manifest.sizes
        self.bench, self.config = bench, config
        self.generator = Generator(sizes.latent, sizes.condition, config.hidden)
        hidden = (config.realism_hidden, config.value_hidden)
        self.critics = Critics(sizes.latent, sizes.condition, hidden, len(bench.values), config.dropout)
        # Realism alone has nothing to be weighed against.
        self._realism = config.realism if objective.values else 1.0
        self._wanted = [k for k, value in enumerate(bench.values) if value.name in objective.values]
        self._distance = distance
        self._deviation = torch.from_numpy(bench.ground.deviation.mean(axis=0))
        self._of_generator = torch.optim.Adam(self.generator.parameters(), lr=config.learning_rate, betas=(0.5, 0.99))
        parameters: list[dict[str, Any]] = [
            {"params": list(self.critics.realism.parameters())},
            {"params": list(self.critics.value.parameters()), "weight_decay": config.weight_decay},
        ]
        self._of_critics = torch.optim.AdamW(parameters, lr=config.learning_rate)
        self._rng = np.random.default_rng((bench.seed, _LEARN))

    def warm_up(self, pool: Labelled) -> None:
        """Let the critics learn before the generator listens to them."""
        self.critics.train()
        for _ in range(self.config.warm_steps):
            self._critic_step(pool)

    def learn(self, pool: Labelled) -> None:
        """One round."""
        for _ in range(self.config.steps):
            self.critics.train()
            for _ in range(self.config.critic_steps):
                self._critic_step(pool)
            self.critics.eval()
            z, _, condition = self._batch()
            weights = (self._realism, self._distance)
            loss = generator_loss(self.generator, self.critics, z, condition, self._wanted, weights, self._deviation)
            self._step(self._of_generator, loss)

    def settle(self, pool: Labelled) -> None:
        """Let the critics learn from all that was decoded, ever more slowly."""
        self.critics.train()
        for step in range(self.config.warm_steps):
            for group in self._of_critics.param_groups:
                group["lr"] = self.config.learning_rate * (1 - step / self.config.warm_steps)
            self._critic_step(pool)

    @torch.no_grad()
    def speak(self, number: int) -> Spoken:
        """What the generator, as it is, makes of new latents."""
        rng = np.random.default_rng((self.bench.seed, _ROUND, number))
        ground, voice = self.bench.ground, self.bench.voice
        places = ground.draw(rng, self.config.fresh)
        z = voice.prior.propose(rng, ground.conditions[places])
        moved = self.generator(torch.from_numpy(z), torch.from_numpy(ground.conditions[places])).numpy()
        return voice.say(moved, ground, places, seed=(self.bench.seed, _ROUND, number))

    @torch.no_grad()
    def foretold(self, spoken: Spoken, labels: Floats) -> dict[str, tuple[Floats, Floats]]:
        """For each value whose labels differ, what its critic foretold of latents it has not learnt from, and the truth."""
        self.critics.eval()
        scores = self.critics(torch.from_numpy(spoken.z), torch.from_numpy(spoken.conditions))[1:]
        pairs = zip(self.bench.values, scores, labels.T, strict=True)
        return {value.name: (score.numpy(), label) for value, score, label in pairs if label.std() > 0}

    def _critic_step(self, pool: Labelled) -> None:
        z, real, condition = self._batch()
        with torch.no_grad():
            moved = self.generator(torch.roll(z, 1, dims=0), condition)
        loss = realism_loss(self.critics.realism, real, z, moved, condition)
        if self.bench.values:
            rows = torch.from_numpy(self._rng.integers(0, len(pool.z), self.config.batch))
            # Each label comes from one sample of the decoder; noise keeps the critic from learning them by heart.
            near = pool.z[rows] + self.config.noise * torch.randn_like(pool.z[rows])
            loss = loss + value_loss(self.critics.value, near, pool.condition[rows], pool.labels[rows])
        self._step(self._of_critics, loss)

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Prior z and posterior z (B, Z) for the same conditions (B, A)."""
        ground = self.bench.ground
        places = ground.draw(self._rng, self.config.batch)
        z = self.bench.voice.prior.propose(self._rng, ground.conditions[places])
        real = ground.posterior(self._rng, places)
        return torch.from_numpy(z), torch.from_numpy(real), torch.from_numpy(ground.conditions[places])

    def _step(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()


def _labelled(spoken: Spoken, labels: Floats, values: Sequence[Value]) -> Labelled:
    """Half of a label is the value itself, half whether it reaches the threshold.

    The first tells more of each sentence; the second makes scores chances of what is counted, so that the sum of their
    logarithms is that of having it all.
    """
    thresholds = np.array([value.threshold for value in values], dtype=np.float32)
    both = 0.5 * (labels + (labels >= thresholds))
    parts = (spoken.z, spoken.conditions, both.astype(np.float32))
    return Labelled(*(torch.from_numpy(part) for part in parts))


def objectives(values: Sequence[Value], joint: Sequence[str]) -> list[Objective]:
    """Realism alone, each value alone, and those of `joint` that there are together (all, where none is named)."""
    names = [value.name for value in values]
    together = tuple(name for name in names if name in joint or not joint)
    return [Objective(REALISM, ()), *(Objective(name, (name,)) for name in names), Objective("joint", together)]
