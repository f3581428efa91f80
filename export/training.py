"""Training the CVAE within a time budget: warm start, autoencoder, free bits, fine-tuning; checkpointed and resumable."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor

from export.config import Config
from export.cvae import CVAE, active_units, free_bits, mutual_information
from export.data import ConditionDropout, Dataset, Layout, batches, held_out_batches, held_out_words
from export.errors import ConfigError
from export.takeover import take_over

MI_SENTENCES = 1000  # that the mutual information is told of; it cannot be more than the log of their number
# The last is for sentences of the model's own that were chosen, and comes again whenever there are new ones.
PHASES = ("warm start", "autoencoder", "cvae", "fine-tune", "chosen")
CHOSEN = len(PHASES) - 1


@dataclass
class State:
    """Where a training stands; what a checkpoint holds beside the weights."""

    phase: int = 0
    phase_seconds: float = 0.0
    phase_steps: int = 0
    seconds: float = 0.0
    steps: int = 0
    tokens: int = 0
    learnt: str = ""  # what tells the chosen sentences that were learnt from last
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Material:
    """What is trained on: all English text, the commentary, the part of it that is fit to be said, and held-out text.

    `chosen` are the best of the model's own sentences beside people's, and `mark` tells them from those of other rounds.
    """

    warm_start: Dataset
    commentary: Dataset
    speakable: Dataset
    validation: Dataset
    encoder: Layout
    chosen: Dataset | None = None
    mark: str = ""


def device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def multiplies_in_half(precision: str, place: torch.device) -> bool:
    """Whether to multiply in bf16: as told ("bf16", "fp32"), or ("auto") on a GPU and on processors with units for it."""
    if precision not in ("auto", "fp32", "bf16"):
        raise ConfigError(f"training.precision is {precision!r}; use auto, fp32 or bf16.")
    able = place.type == "cuda" or any(torch.cpu.get_capabilities().get(unit) for unit in ("avx512_bf16", "amx_bf16"))
    return precision == "bf16" or (precision == "auto" and able)


class Trainer:
    """Trains one CVAE; `run` may be stopped at any time and goes on from the last checkpoint."""

    def __init__(self, config: Config, material: Material, vocabulary: int, folder: Path, *, start: Path | None = None) -> None:
        """Build the model, or take up the checkpoint in `folder`, or else the weights of the bundle in `start`."""
        self.config, self.material, self.folder = config, material, folder
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        self.device = device()
        self.model = CVAE(vocabulary, material.encoder.size, config.model).to(self.device)
        self.half = multiplies_in_half(config.training.precision, self.device)
        if start is not None:
            take_over(self.model, start)
        self.hide = ConditionDropout(material.encoder, whole=config.model.condition_dropout, part=config.model.part_dropout)
        self.optimizer = self._new_optimizer()
        self.state = State()
        self._warm_decoder: dict[str, Tensor] | None = None
        self._saved = time.monotonic()
        if (folder / "checkpoint.pt").exists():
            self._load()

    def run(self, progress: Progress) -> CVAE:
        """Go through the phases that are left; the weights stand in `checkpoint.pt` at the end."""
        if self.state.phase >= CHOSEN and self.material.mark != self.state.learnt:
            self._enter(CHOSEN)
        for phase in range(self.state.phase, len(PHASES)):
            if phase != self.state.phase:
                self._enter(phase)
            self._phase(PHASES[phase], progress)
        self.state.phase = len(PHASES)
        self._save()
        return self.model

    def _budgets(self) -> dict[str, float]:
        """Seconds of each phase."""
        training = self.config.training
        whole = training.budget_minutes * 60
        shares = (training.warm_start_share, training.autoencoder_share, 0.0, training.fine_tune_share, 0.0)
        budgets = {name: whole * share for name, share in zip(PHASES, shares, strict=True)}
        chosen = training.chosen_minutes * 60 if self.material.chosen is not None else 0.0
        return budgets | {"cvae": max(0.0, whole - sum(budgets.values())), "chosen": chosen}

    def _enter(self, phase: int) -> None:
        """Begin a phase with a fresh optimiser; after the autoencoder the decoder goes back to the language model."""
        self.state.phase, self.state.phase_seconds, self.state.phase_steps = phase, 0.0, 0
        if PHASES[phase] == "autoencoder":
            self._warm_decoder = deepcopy(self.model.decoder.state_dict())
        if phase == CHOSEN:
            self.state.learnt = self.material.mark
        if PHASES[phase] == "cvae" and self._warm_decoder is not None:
            self.model.decoder.load_state_dict(self._warm_decoder)
        self.optimizer = self._new_optimizer()
        self._save()

    def _new_optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.model.parameters(), lr=self.config.training.learning_rate, betas=(0.9, 0.99))

    def _phase(self, name: str, progress: Progress) -> None:
        """Train until the phase's time is over."""
        budget = self._budgets()[name]
        data = self._data(name)
        task = progress.add_task(name, total=round(budget), completed=round(self.state.phase_seconds))
        rng = np.random.default_rng((self.config.seed, self.state.steps))
        sums = _Means()
        before = time.monotonic()
        # Every phase but one whose share is nothing gets at least one step, so that a tiny budget passes through all.
        for tokens, condition in self._endless(data, rng) if budget > 0 else ():
            self._step(name, tokens.to(self.device), self.hide(condition).to(self.device), self._done(budget), sums)
            now = time.monotonic()
            self.state.phase_seconds += now - before
            self.state.seconds += now - before
            before = now
            shown = f"{name}  loss {sums['loss']:.3f}  kl {sums['kl']:.2f}  {sums.rate():,.0f} tokens/s"
            progress.update(task, completed=round(self.state.phase_seconds), description=shown)
            over = self._done(budget) >= 1
            if over or now - self._saved > self.config.training.checkpoint_seconds:
                self._log(name, sums, progress)
                self._save()
                sums = _Means()
                before = time.monotonic()
            if over:
                break

    def _data(self, name: str) -> Dataset:
        """What a phase trains on."""
        other = {"warm start": self.material.warm_start, "fine-tune": self.material.speakable, "chosen": self.material.chosen}
        return other.get(name) or self.material.commentary

    def _done(self, budget: float) -> float:
        """How much of the phase is over, 0 to 1, by steps if the configuration counts them, else by time."""
        steps = self.config.training.phase_steps
        return self.state.phase_steps / steps if steps else self.state.phase_seconds / budget

    def _endless(self, data: Dataset, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from batches(data, self.config.training.batch_tokens, rng)

    def _step(self, name: str, tokens: Tensor, condition: Tensor, done: float, sums: _Means) -> None:
        """One step of the optimiser; the loss is nats a token."""
        training = self.config.training
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(name, done)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            if name == "warm start":
                z = torch.zeros(len(tokens), self.config.model.latent, device=self.device)
                reconstruction, kl = self.model.reconstruction(tokens, z, condition), None
            else:
                reconstruction, kl = self.model(tokens, condition)
        count = tokens.shape[0] * (tokens.shape[1] + 1)
        loss = reconstruction.sum() / count
        if kl is not None and name != "autoencoder":
            rising = name == "cvae" and done < training.anneal_share
            beta = done / training.anneal_share if rising else 1.0
            loss = loss + beta * free_bits(kl, training.free_nats) * len(tokens) / count
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), training.clip)
        self.optimizer.step()
        self.state.steps += 1
        self.state.phase_steps += 1
        self.state.tokens += count
        sums.add(count, loss=loss.item(), kl=0.0 if kl is None else kl.sum(dim=1).mean().item())

    def _rate(self, name: str, done: float) -> float:
        """Learning rate: a short rise, then a fall along a cosine to a twentieth; fine-tuning starts lower."""
        top = self.config.training.learning_rate * {"fine-tune": 0.25, "cvae": 0.8, "chosen": 0.2}.get(name, 1.0)
        floor = 0.25 if name == "warm start" else 0.05
        falling = floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        return top * min(1.0, 0.05 + done / 0.02) * falling

    def _log(self, name: str, sums: _Means, progress: Progress) -> None:
        """Measure on held-out text and keep the figures."""
        data = self.material.validation
        figures = evaluate(self.model, data, self.config.training.evaluate_sentences, latent=name != "warm start")
        entry = {
            "phase": name,
            "minutes": round(self.state.seconds / 60, 2),
            "steps": self.state.steps,
            "tokens": self.state.tokens,
            "tokens_per_second": round(sums.rate()),
            "loss": round(sums["loss"], 4),
            "train_kl": round(sums["kl"], 3),
            **{key: round(value, 3) for key, value in figures.items()},
        }
        self.state.history.append(entry)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        progress.console.print("  ".join(f"{key} {value}" for key, value in entry.items()))

    def _save(self) -> None:
        """Write the checkpoint beside the old one, then put it in its place: a crash loses nothing."""
        path = self.folder / "checkpoint.pt"
        parts = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "warm_decoder": self._warm_decoder,
            "state": asdict(self.state),
            "config": asdict(self.config),
        }
        torch.save(parts, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        self._saved = time.monotonic()

    def _load(self) -> None:
        parts = torch.load(self.folder / "checkpoint.pt", map_location=self.device, weights_only=True)
        self.model.load_state_dict(parts["model"])
        self.optimizer.load_state_dict(parts["optimizer"])
        self._warm_decoder = parts["warm_decoder"]
        self.state = State(**parts["state"])


class _Means:
    """Running means by tokens since the last log, and the speed."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0
        self._start = time.monotonic()

    def add(self, count: int, **values: float) -> None:
        self._count += count
        for key, value in values.items():
            self._sums[key] = self._sums.get(key, 0.0) + count * value

    def rate(self) -> float:
        return self._count / max(time.monotonic() - self._start, 1e-6)

    def __getitem__(self, key: str) -> float:
        return self._sums.get(key, 0.0) / max(self._count, 1)


def load_model(folder: Path, config: Config, vocabulary: int, condition: int) -> tuple[CVAE, Mapping[str, Any]]:
    """The trained model of a checkpoint, ready to be measured, and its state."""
    parts = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = CVAE(vocabulary, condition, config.model)
    model.load_state_dict(parts["model"])
    return model.eval(), parts["state"]


@torch.no_grad()
def evaluate(model: CVAE, data: Dataset, sentences: int, *, latent: bool = True) -> dict[str, float]:
    """Reconstruction, KL (nats a sentence), MI (nats), active units and -ELBO perplexity per word on held-out text."""
    model.eval()
    place = next(model.parameters()).device
    reconstruction = total_kl = count = 0.0
    means, logvars = [], []
    for tokens_here, condition_here in held_out_batches(data, sentences):
        tokens, condition = tokens_here.to(place), condition_here.to(place)
        if latent:
            mean, logvar = model.encoder(tokens)
            means.append(mean)
            logvars.append(logvar)
            rec, kl = model(tokens, condition)
            total_kl += float(kl.sum())
        else:
            rec = model.reconstruction(tokens, torch.zeros(len(tokens), model.config.latent, device=place), condition)
        reconstruction += float(rec.sum())
        count += len(tokens)
    words = held_out_words(data, sentences)
    figures = {
        "reconstruction": reconstruction / max(count, 1),
        "kl": total_kl / max(count, 1),
        "perplexity": math.exp(min((reconstruction + total_kl) / max(words, 1), 50.0)),
    }
    if latent and means:
        mean, logvar = torch.cat(means), torch.cat(logvars)
        # The batches come by length; what z tells is to be told of sentences of all lengths.
        some = torch.randperm(len(mean), generator=torch.Generator().manual_seed(0))[:MI_SENTENCES].to(place)
        figures |= {"mi": mutual_information(mean[some], logvar[some]), "active_units": float(active_units(mean))}
    return figures
