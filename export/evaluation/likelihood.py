"""Measuring a model on held-out text: how likely it finds it, and what its latent holds."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from export.cvae import CVAE
from export.data import Dataset, held_out_batches, held_out_words
from export.training import evaluate

IMPORTANCE_SAMPLES = 50


def evaluate_model(model: CVAE, data: Dataset, sentences: int, *, weighted: int = 600) -> dict[str, float]:
    """-ELBO and importance-weighted perplexity per word (EOS counted), KL, MI, active units, own z against permuted z.

    The importance-weighted figure takes 50 times as long as the others, so it is of `weighted` sentences at most.
    """
    figures = evaluate(model, data, sentences)
    figures["perplexity_importance_weighted"] = importance_weighted_perplexity(model, data, min(sentences, weighted))
    own, permuted = own_against_permuted(model, data, sentences)
    figures |= {"reconstruction_own_z": own, "reconstruction_permuted_z": permuted}
    figures["permuted_z_cost"] = permuted / own - 1.0 if own > 0 else 0.0
    return figures


@torch.no_grad()
def importance_weighted_perplexity(model: CVAE, data: Dataset, sentences: int) -> float:
    """Perplexity per word from 50 samples a sentence."""
    model.eval()
    nats = 0.0
    for tokens, condition in held_out_batches(data, sentences):
        nats += float(importance_weighted_nats(model, tokens, condition, IMPORTANCE_SAMPLES).sum())
    return math.exp(min(nats / max(held_out_words(data, sentences), 1), 50.0))


@torch.no_grad()
def importance_weighted_nats(model: CVAE, tokens: Tensor, condition: Tensor, samples: int) -> Tensor:
    """Bound on -log p(x|a) in nats (B,) of tokens (B, T) of equal length, the end counted; the tighter the more samples.

    Source: Y. Burda et al., "Importance Weighted Autoencoders", 2016.
    """
    mean, logvar = model.encoder(tokens)
    weights = []
    for _ in range(samples):
        noise = torch.randn_like(mean)
        z = mean + noise * (0.5 * logvar).exp()
        prior = -0.5 * z.square().sum(dim=1)
        posterior = -0.5 * (noise.square() + logvar).sum(dim=1)
        weights.append(prior - posterior - model.reconstruction(tokens, z, condition))
    return math.log(samples) - torch.logsumexp(torch.stack(weights), dim=0)


@torch.no_grad()
def own_against_permuted(model: CVAE, data: Dataset, sentences: int) -> tuple[float, float]:
    """Mean reconstruction, in nats a sentence, with the sentence's own z and with another's of the same length."""
    model.eval()
    own = permuted = count = 0.0
    for tokens, condition in held_out_batches(data, sentences):
        if len(tokens) > 1:
            mean, _ = model.encoder(tokens)
            own += float(model.reconstruction(tokens, mean, condition).sum())
            permuted += float(model.reconstruction(tokens, mean.roll(1, dims=0), condition).sum())
            count += len(tokens)
    return own / max(count, 1), permuted / max(count, 1)


@torch.no_grad()
def decoder_scores(model: CVAE, data: Dataset, *, sentences: int) -> NDArray[np.float64]:
    """Mean log-probability of a token of held-out sentences under the decoder with z from the prior (N,)."""
    model.eval()
    scores = []
    for tokens, condition in held_out_batches(data, sentences):
        z = torch.randn(len(tokens), model.config.latent)
        scores.append(-model.reconstruction(tokens, z, condition).numpy() / (tokens.shape[1] + 1))
    return np.concatenate(scores).astype(np.float64)
