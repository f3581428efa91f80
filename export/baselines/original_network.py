"""The network of the original recipe: a bi-GRU that reads a sentence, and a GRU that writes it backwards from `<z,a>`.

Legend of shapes: B batch, T time, V vocabulary, H hidden, Z latent, A condition (genres), S squashed condition.
What is odd here is the original's own; `export.baselines.original.Recipe` lists it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from export.baselines.base import draw
from inference.tokenizer import BOS, EOS, UNK

_GRU_DEVIATION = 0.02  # of the decoder's recurrent weights at the start


@dataclass(frozen=True)
class Recipe:
    """The sizes and choices of `iconix/pytorch-text-vae` when it trained the model of 2018; each fault can be mended alone."""

    # Sizes, all theirs but the vocabulary.
    hidden: int = 512
    encoder_layers: int = 2
    latent: int = 128
    genres: int = 131  # the most frequent
    squash: int = 16
    words: int = 10_000  # theirs: 333,336, of which most stood in no training text
    # Fault: the encoder's log variance stands in the KL term as if it were the log deviation, so that at every l but 0
    # another KL is paid for than that of the z that is sampled.
    variance_as_deviation: bool = True
    # Fault: the KL is averaged over the dimensions, the reconstruction over the words: beta is T / Z (0.08 at ten words).
    mean_over_dimensions: bool = True
    # Fault: the last state of both directions stands for the sentence; backwards that state has read the end sign alone.
    last_state_of_both: bool = True
    # Fault: the song's title is not in the vocabulary, so that UNK is what the title looks like, and the reverse.
    title_unknown: bool = True
    # Fault: the text shown is the likeliest word of every step, but what is fed back is a sample, so that the words shown
    # were never written after each other.
    shows_argmax: bool = True
    # The schedule, in shares of the training: the KL's weight is 0 up to `kl_start`, then rises to 1 in `kl_rise`.
    kl_start: float = 10_000 / 1_500_000
    kl_rise: float = 0.5
    free_kl: float = 0.2  # "ha bits": a mean KL below this costs nothing more
    word_dropout: float = 0.25  # of the words fed to the decoder
    own_words: float = 0.25  # of the words fed to the decoder, are its own likeliest ones from half of the training on
    dropout: float = 0.1  # between the encoder's layers
    # Not theirs: single sentences at 1e-4 take days.
    learning_rate: float = 1e-3
    batch_words: int = 512
    # Sampling, as the service did it.
    top_k: int = 10
    temperature: float = 0.2
    longest: int = 50  # words

    def kl_weight(self, done: float) -> float:
        """Weight of the KL when the share `done` of the training is over."""
        return min(1.0, max(0.0, (done - self.kl_start) / self.kl_rise))

    def teacher(self, done: float) -> float:
        """Share of words fed from the text, not from the model, when `done` of the training is over."""
        return 1.0 - self.own_words * min(1.0, done / 0.5)


class RecipeNetwork(nn.Module):
    """Encoder and decoder with embeddings of their own, as in the original."""

    def __init__(self, vocabulary: int, genres: int, recipe: Recipe) -> None:
        """Build both for V words and A genres."""
        super().__init__()
        self.recipe = recipe
        context = recipe.latent + recipe.squash
        layers = recipe.encoder_layers
        self.read = nn.Embedding(vocabulary, recipe.hidden)
        self.encoder = nn.GRU(
            *(recipe.hidden, recipe.hidden, layers),
            dropout=recipe.dropout if layers > 1 else 0.0,
            bidirectional=True,
            batch_first=True,
        )
        self.posterior = nn.Linear(recipe.hidden, 2 * recipe.latent)
        self.squash = nn.Linear(max(genres, 1), recipe.squash)
        self.start = nn.Linear(context, recipe.hidden)
        self.written = nn.Embedding(vocabulary, recipe.hidden)
        self.decoder = nn.GRU(recipe.hidden + context, recipe.hidden, batch_first=True)
        self.out = nn.Linear(recipe.hidden + context, vocabulary)
        for name, weight in self.decoder.named_parameters():
            if "weight" in name:
                nn.init.normal_(weight, std=_GRU_DEVIATION)

    @torch.no_grad()
    def expect(self, counts: Tensor) -> None:
        """Begin with words as frequent as they are in training, counted (V,): minutes have to do for what took theirs days."""
        self.out.bias.copy_((counts + 1.0).log() - (counts + 1.0).sum().log())
        self.out.weight.mul_(0.1)

    def encode(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, Z) of q(z|x) from sentences (B, T), rows of equal length without start and end."""
        states, _ = self.encoder(self.read(functional.pad(words, (0, 1), value=EOS)))  # (B, T+1, 2H)
        forward, backward = states.chunk(2, dim=-1)  # each (B, T+1, H)
        last = forward[:, -1] + (backward[:, -1] if self.recipe.last_state_of_both else backward[:, 0])  # (B, H)
        mean, logvar = self.posterior(last).float().chunk(2, dim=-1)
        return mean, logvar

    def kl_as_trained(self, mean: Tensor, logvar: Tensor) -> Tensor:
        """The KL term (B,) that the original minimised, from (B, Z): no Kullback-Leibler divergence of its posterior."""
        deviation = logvar if self.recipe.variance_as_deviation else 0.5 * logvar  # log of it
        kl = 0.5 * (mean.square() + (2 * deviation).exp() - 1.0 - 2 * deviation)  # (B, Z)
        if self.recipe.mean_over_dimensions:
            return kl.mean(dim=1).clamp(min=self.recipe.free_kl)
        return kl.sum(dim=1).clamp(min=self.recipe.free_kl * self.recipe.latent)

    def loss(self, words: Tensor, genres: Tensor, done: float, noise: torch.Generator) -> Tensor:
        """The loss minimised (a scalar, nats a word) on sentences (B, T) of equal length with genres (B, A)."""
        mean, logvar = self.encode(words)
        z = mean + torch.randn(mean.shape, generator=noise, device=mean.device) * (0.5 * logvar).exp()
        targets = functional.pad(words.flip(1), (0, 1), value=EOS)  # (B, T+1)
        logits = self._write_and_learn(targets, self.context(z, genres), self.recipe.teacher(done), noise)
        nats = functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        nats = nats.view(targets.shape).mean(dim=1)  # (B,)
        kl = self.kl_as_trained(mean, logvar)
        if not self.recipe.mean_over_dimensions:
            kl = kl / targets.shape[1]
        return (nats + self.recipe.kl_weight(done) * kl).mean()

    def context(self, z: Tensor, genres: Tensor) -> Tensor:
        """`<z,a>` (B, Z+S) from z (B, Z) and genres (B, A), of which one at least is reserved where no genre is known."""
        return torch.cat([z, self.squash(genres)], dim=-1)

    def _write_and_learn(self, targets: Tensor, context: Tensor, teacher: float, noise: torch.Generator) -> Tensor:
        """Logits (B, T, V) of `targets` (B, T), some words fed being UNK and some the model's own."""
        rows, steps = targets.shape
        place = targets.device
        state = self.start(context).unsqueeze(0)  # (1, B, H)
        fed = targets.new_full((rows,), BOS)
        logits = []
        for step in range(steps):
            out, state = self._step(fed.unsqueeze(1), context, state)  # (B, 1, V)
            logits.append(out)
            own = torch.rand(rows, generator=noise, device=place) >= teacher
            hidden = torch.rand(rows, generator=noise, device=place) < self.recipe.word_dropout
            fed = torch.where(own, out[:, 0].detach().argmax(dim=-1), targets[:, step]).masked_fill(hidden, UNK)
        return torch.cat(logits, dim=1)

    def _step(self, words: Tensor, context: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, V) of what follows each of `words` (B, T), and the state (1, B, H) after the last."""
        every = context.unsqueeze(1).expand(-1, words.shape[1], -1)  # (B, T, Z+S)
        states, state = self.decoder(torch.cat([self.written(words).relu(), every], dim=-1), state)
        return self.out(torch.cat([states, every], dim=-1)), state

    def reconstruction(self, words: Tensor, z: Tensor, genres: Tensor) -> Tensor:
        """-log p(x|z,a) in nats (B,) of sentences (B, T) in their own order, the end counted."""
        targets = functional.pad(words.flip(1), (0, 1), value=EOS)  # (B, T+1)
        context = self.context(z, genres)
        fed = functional.pad(targets[:, :-1], (1, 0), value=BOS)
        logits, _ = self._step(fed, context, self.start(context).unsqueeze(0))  # (B, T+1, V)
        nats = functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        return nats.view(targets.shape).sum(dim=1)

    def log_weights(self, words: Tensor, genres: Tensor, samples: int, noise: torch.Generator) -> Tensor:
        """log p(x|z,a) + log p(z) - log q(z|x) (samples, B), each for one z of the posterior that the original sampled from.

        Their mean is the ELBO; the log of the mean of their exponentials is the importance-weighted bound.
        """
        mean, logvar = self.encode(words)
        weights = []
        for _ in range(samples):
            drawn = torch.randn(mean.shape, generator=noise, device=mean.device)
            z = mean + drawn * (0.5 * logvar).exp()
            prior_less_posterior = 0.5 * (drawn.square() + logvar - z.square()).sum(dim=1)  # (B,)
            weights.append(prior_less_posterior - self.reconstruction(words, z, genres))
        return torch.stack(weights)

    def write(
        self, z: Tensor, genres: Tensor, rng: np.random.Generator, *, temperature: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Words shown and words fed back for each z (B, Z) and genres (B, A), in the order of writing, that is backwards.

        Both end where the likeliest word is the end, as in the original, whatever was fed back.
        """
        context = self.context(z, genres)
        state = self.start(context).unsqueeze(0)  # (1, B, H)
        words = torch.full((len(z),), BOS, device=z.device)
        shown: list[list[int]] = [[] for _ in range(len(z))]
        fed: list[list[int]] = [[] for _ in range(len(z))]
        ended = np.zeros(len(z), dtype=np.bool_)
        for _ in range(self.recipe.longest):
            logits, state = self._step(words.unsqueeze(1), context, state)  # (B, 1, V)
            scores, ids = logits[:, 0].float().topk(min(self.recipe.top_k, logits.shape[-1]))  # (B, k), the likeliest first
            drawn = draw(scores.cpu().numpy().astype(np.float64), rng, temperature=temperature)  # (B,)
            words = ids[torch.arange(len(z)), torch.from_numpy(drawn).to(ids.device)]
            printed = (ids[:, 0] if self.recipe.shows_argmax else words).tolist()
            ended |= np.array(printed) == EOS
            for i in np.flatnonzero(~ended):
                shown[i].append(printed[i])
                fed[i].append(int(words[i]))
            if ended.all():
                break
        return shown, fed
