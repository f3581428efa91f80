"""Parity: an exported graph must say what the trained model says, or the export fails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from export.config import BundleConfig
from export.cvae import CVAE
from export.data import Dataset, held_out_batches
from export.errors import ParityError
from export.onnx import GRAPHS, open_graph
from inference.tokenizer import BOS, EOS

FP32_TOLERANCE = 2e-3  # nats, for one token's log-probability
SAMPLED_ROWS, SAMPLED_STEPS = 16, 24

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Parity:
    """What was measured."""

    fp32_worst: float  # nats
    int8_perplexity_change: float  # relative
    int8_agreement: float  # share of tokens
    encoder_worst: float  # of the int8 encoder's means


class _Steps:
    """Runs start and step as the decoder does, with every token's log-probability (the graphs have K = V)."""

    def __init__(self, folder: Path, vocabulary: int) -> None:
        self._start, self._step = open_graph(folder / GRAPHS[0]), open_graph(folder / GRAPHS[1])
        self._vocabulary = vocabulary

    def begin(self, z: Floats, condition: Floats) -> list[Floats]:
        return list(self._start.run(["h", "c", "drive"], {"z": z, "condition": condition}))

    def step(self, token: NDArray[np.int64], state: list[Floats]) -> Floats:
        """Log-probabilities (B, V) of the next token; the state moves on in place."""
        h, c, drive = state
        bias = np.zeros((1, self._vocabulary), dtype=np.float32)
        feeds = {"token": token, "h": h, "c": c, "drive": drive, "bias": bias}
        values, ids, state[0], state[1] = self._step.run(["top_logp", "top_ids", "h_out", "c_out"], feeds)
        full: Floats = np.empty(values.shape, dtype=np.float32)
        np.put_along_axis(full, ids, values, axis=1)
        return full

    def sentence(self, tokens: NDArray[np.int64], z: Floats, condition: Floats) -> Floats:
        """Log-probabilities (B, T+1, V) along sentences (B, T)."""
        state = self.begin(z, condition)
        inputs = np.concatenate([np.full((len(tokens), 1), BOS, dtype=np.int64), tokens], axis=1)
        return np.stack([self.step(inputs[:, t], state) for t in range(inputs.shape[1])], axis=1)


@torch.no_grad()
def check_parity(model: CVAE, data: Dataset, fp32: Path, int8: Path, config: BundleConfig, *, seed: int) -> Parity:
    """Compare graphs made with K = V with torch on held-out sentences; ParityError when one is further off than allowed."""
    model.eval()
    exact, small = _Steps(fp32, model.embedding.num_embeddings), _Steps(int8, model.embedding.num_embeddings)
    encoder = open_graph(int8 / GRAPHS[2])
    worst = encoder_worst = 0.0
    nats_exact = nats_small = 0.0
    agreed = count = 0
    for tokens, condition in held_out_batches(data, config.parity_sentences):
        mean, _ = model.encoder(tokens)
        inputs = torch.cat([tokens.new_full((len(tokens), 1), BOS), tokens], dim=1)
        truth = torch.log_softmax(model.decoder(inputs, mean, condition), dim=-1).numpy()  # (B, T+1, V)
        ids, z, a = tokens.numpy(), mean.numpy(), condition.numpy()
        targets = np.concatenate([ids, np.full((len(ids), 1), EOS)], axis=1)[..., None]
        from_exact, from_small = exact.sentence(ids, z, a), small.sentence(ids, z, a)
        worst = max(worst, float(np.abs(np.take_along_axis(from_exact - truth, targets, axis=2)).max()))
        nats_exact -= float(np.take_along_axis(truth, targets, axis=2).sum())
        nats_small -= float(np.take_along_axis(from_small, targets, axis=2).sum())
        agreed += int((truth.argmax(-1) == from_small.argmax(-1)).sum())
        count += targets.size
        quantised = encoder.run(["mean"], {"tokens": ids})[0]
        encoder_worst = max(encoder_worst, float(np.abs(quantised - z).max()))
    _same_samples(model, exact, data, seed)
    change = math.exp((nats_small - nats_exact) / max(count, 1)) - 1.0
    parity = Parity(worst, change, agreed / max(count, 1), encoder_worst)
    _judge(parity, config)
    return parity


def _same_samples(model: CVAE, exact: _Steps, data: Dataset, seed: int) -> None:
    """Sampling with the same noise must give the same ids from torch and from fp32."""
    rng = np.random.default_rng(seed)
    rows = min(SAMPLED_ROWS, len(data))
    z = rng.standard_normal((rows, model.config.latent)).astype(np.float32)
    condition = data.conditions[:rows]
    noise = rng.random((SAMPLED_STEPS, rows))
    state = exact.begin(z, condition)
    spoken = np.full((rows, 1), BOS, dtype=np.int64)
    for uniform in noise:
        logits = model.decoder(torch.from_numpy(spoken), torch.from_numpy(z), torch.from_numpy(condition))[:, -1]
        from_torch = _draw(torch.log_softmax(logits, dim=-1).numpy(), uniform)
        from_onnx = _draw(exact.step(spoken[:, -1], state), uniform)
        # A uniform that falls within rounding of a border between two tokens may tip over: none in this many may.
        if (from_torch != from_onnx).any():
            raise ParityError("decoder_step.onnx draws other words than the trained model for the same noise.")
        spoken = np.concatenate([spoken, from_onnx[:, None]], axis=1)


def _draw(log_probs: Floats, uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """One token a row by the inverse of the distribution function, among the 50 likeliest."""
    order = np.argsort(-log_probs, axis=1, kind="stable")[:, :50]
    weights = np.exp(np.take_along_axis(log_probs, order, axis=1).astype(np.float64))
    place = (weights.cumsum(axis=1) / weights.sum(axis=1, keepdims=True) < uniform[:, None]).sum(axis=1)
    return np.asarray(np.take_along_axis(order, np.minimum(place, 49)[:, None], axis=1)[:, 0], dtype=np.int64)


def _judge(parity: Parity, config: BundleConfig) -> None:
    if not parity.fp32_worst <= FP32_TOLERANCE:
        raise ParityError(f"The fp32 graph is {parity.fp32_worst:.2g} nats off (allowed {FP32_TOLERANCE}).")
    if not abs(parity.int8_perplexity_change) <= config.int8_perplexity:
        change = f"{parity.int8_perplexity_change:+.2%}"
        raise ParityError(f"int8 changes the perplexity by {change} (allowed {config.int8_perplexity:.1%}).")
    if not parity.int8_agreement >= config.int8_agreement:
        raise ParityError(f"int8 agrees in {parity.int8_agreement:.1%} of the words (wanted {config.int8_agreement:.0%}).")
