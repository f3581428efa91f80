"""The conditional VAE: a bi-LSTM encoder with max-pooling, and an LSTM decoder that reads `<z,a>` at every step.

Legend of shapes: B batch, T time, V vocabulary, E embedding, H hidden, Z latent, A condition, S squashed condition.
Source of the model: S. Bowman et al., "Generating Sentences from a Continuous Space", 2016; of the free bits: D. Kingma
et al., "Improving Variational Inference with Inverse Autoregressive Flow", 2016; of the schedule: B. Li et al., "A
Surprisingly Effective Fix for Deep Latent Variable Modeling of Text", 2019.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.config import ModelConfig
from inference.tokenizer import BOS, EOS, UNK


class Encoder(nn.Module):
    """Reads a sentence and tells where in the latent space it lies."""

    def __init__(self, embedding: nn.Embedding, config: ModelConfig) -> None:
        """Share the embedding with the decoder."""
        super().__init__()
        self.embedding = embedding
        self.lstm = nn.LSTM(config.embedding, config.encoder_hidden, batch_first=True, bidirectional=True)
        self.mean = nn.Linear(2 * config.encoder_hidden, config.latent)
        self.logvar = nn.Linear(2 * config.encoder_hidden, config.latent)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, Z) of q(z|x) for tokens (B, T), rows of equal length without start and end."""
        states, _ = self.lstm(self.embedding(tokens))  # (B, T, 2*He)
        pooled = states.max(dim=1).values  # (B, 2*He)
        return self.mean(pooled), self.logvar(pooled).clamp(-8.0, 4.0)


class Squash(nn.Linear):
    """Makes the conditions short; of no conditions, in an unconditional VAE, it makes nothing."""

    def reset_parameters(self) -> None:
        """Fill the weights, unless there are none, which torch would warn of."""
        if self.in_features:
            super().reset_parameters()


class Decoder(nn.Module):
    """Writes a sentence from z and the conditions; as a plain language model when z is zero."""

    def __init__(self, embedding: nn.Embedding, condition: int, config: ModelConfig) -> None:
        """Share the embedding with the encoder; the output is tied to it through a projection; `condition` may be 0."""
        super().__init__()
        self.embedding = embedding
        squashed = config.condition_squash if condition else 0
        context = config.latent + squashed
        self.squash = Squash(condition, squashed)
        self.start = nn.Linear(context, 2 * config.hidden)
        self.lstm = nn.LSTM(config.embedding + context, config.hidden, batch_first=True)
        self.project = nn.Linear(config.hidden, config.embedding)
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))
        self.dropout = config.dropout
        self.word_dropout = config.word_dropout

    def context(self, z: Tensor, condition: Tensor) -> Tensor:
        """`<z,a>` (B, Z+S) from z (B, Z) and conditions (B, A)."""
        return torch.cat([z, torch.tanh(self.squash(condition))], dim=-1)

    def forward(self, tokens: Tensor, z: Tensor, condition: Tensor) -> Tensor:
        """Logits (B, T, V) of the next token after each of `tokens` (B, T), which begin with BOS."""
        if self.training and self.word_dropout > 0:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = tokens.masked_fill(dropped & (tokens != BOS), UNK)
        context = self.context(z, condition)  # (B, Z+S)
        start = torch.tanh(self.start(context)).unsqueeze(0)  # (1, B, 2H)
        h, c = start.chunk(2, dim=-1)  # each (1, B, H)
        words = self._locked(self.embedding(tokens))  # (B, T, E)
        every = context.unsqueeze(1).expand(-1, tokens.shape[1], -1)  # (B, T, Z+S)
        states, _ = self.lstm(torch.cat([words, every], dim=-1), (h.contiguous(), c.contiguous()))  # (B, T, H)
        out = self._locked(self.project(self._locked(states)))  # (B, T, E)
        return functional.linear(out, self.embedding.weight, self.bias)  # (B, T, V)

    def _locked(self, x: Tensor) -> Tensor:
        """Dropout with one mask for all time steps (Gal and Ghahramani 2016)."""
        if not self.training or self.dropout <= 0:
            return x
        keep = 1.0 - self.dropout
        return x * torch.empty(x.shape[0], 1, x.shape[2], device=x.device).bernoulli_(keep).div_(keep)


class CVAE(nn.Module):
    """Encoder and decoder over one embedding."""

    def __init__(self, vocabulary: int, condition: int, config: ModelConfig) -> None:
        """Build both for V pieces and conditions of A numbers; without any, A = 0, it is the unconditional VAE."""
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(vocabulary, config.embedding)
        nn.init.normal_(self.embedding.weight, std=1.0 / math.sqrt(config.embedding))
        self.encoder = Encoder(self.embedding, config)
        self.decoder = Decoder(self.embedding, condition, config)

    def forward(self, tokens: Tensor, condition: Tensor, *, sample: bool = True) -> tuple[Tensor, Tensor]:
        """Reconstruction (B,) and KL (B, Z), in nats, of tokens (B, T) of equal length under conditions (B, A)."""
        mean, logvar = self.encoder(tokens)
        z = mean + torch.randn_like(mean) * (0.5 * logvar).exp() if sample else mean
        kl = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar)  # (B, Z)
        return self.reconstruction(tokens, z, condition), kl

    def reconstruction(self, tokens: Tensor, z: Tensor, condition: Tensor) -> Tensor:
        """-log p(x|z,a) in nats (B,), the end of the sentence counted."""
        rows = tokens.shape[0]
        inputs = torch.cat([tokens.new_full((rows, 1), BOS), tokens], dim=1)  # (B, T+1)
        targets = torch.cat([tokens, tokens.new_full((rows, 1), EOS)], dim=1)  # (B, T+1)
        logits = self.decoder(inputs, z, condition)  # (B, T+1, V)
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        return loss.view(rows, -1).sum(dim=1)  # (B,)


def free_bits(kl: Tensor, nats: float) -> Tensor:
    """KL of a batch (scalar, a sentence) in which each dimension counts for at least its share of `nats`."""
    return kl.mean(dim=0).clamp(min=nats / kl.shape[1]).sum()


def mutual_information(mean: Tensor, logvar: Tensor) -> float:
    """Mutual information of x and z under q, in nats, from posteriors (N, Z) of held-out sentences.

    Source: J. He et al., "Lagging Inference Networks and Posterior Collapse in Variational Autoencoders", 2019. Of N
    sentences it cannot tell more than log N.
    """
    rows, size = mean.shape
    entropy = (-0.5 * size * math.log(2 * math.pi) - 0.5 * (1 + logvar).sum(dim=1)).mean()  # E log q(z|x)
    z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()  # (N, Z)
    distance = (z.unsqueeze(1) - mean).square() / logvar.exp()  # (N, N, Z)
    density = -0.5 * distance.sum(-1) - 0.5 * (size * math.log(2 * math.pi) + logvar.sum(-1))  # (N, N)
    aggregated = torch.logsumexp(density, dim=1) - math.log(rows)  # log q(z)
    return float(entropy - aggregated.mean())


def active_units(mean: Tensor) -> int:
    """How many latent dimensions differ between sentences: variance of the mean (N, Z) above 0.01 (Burda et al. 2016)."""
    return int((mean.var(dim=0) > 0.01).sum())
