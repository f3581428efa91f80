"""The network of the word-level LSTMs, with the song's features beside every word's embedding and a two-level softmax.

Legend of shapes: B batch, T time, V vocabulary, E embedding, H hidden; besides F features, K frequent words, N anything.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.config import WordsConfig
from inference.tokenizer import BOS, EOS

_TRUST = 100.0  # times a word must be said for its tilt to be half believed; of 10 to 250, the best on held-out text


class WordNetwork(nn.Module):
    """An LSTM that reads every word beside the song's features and says which word comes next.

    The words' embedding is the output layer too (Press and Wolf 2017). The softmax has two levels as in E. Grave et al.,
    "Efficient softmax approximation for GPUs", 2017: the K most frequent words and one place for all others, told apart
    only where one of them is meant; probabilities stay exact at a third of the cost.

    Two things are counted rather than trained, as minutes of training do not suffice for them: how likely each word is at
    all, from where training goes on, and how much likelier each feature makes it, the tilt, which stays.
    """

    tilt: Tensor  # (V+1, F)

    def __init__(self, vocabulary: int, features: int, config: WordsConfig) -> None:
        """Build it for V words and F features of the song with a mask each; 0 for none."""
        super().__init__()
        self.frequent = min(config.frequent, vocabulary - 1)
        self.dropout = config.dropout
        self.embedding = nn.Embedding(vocabulary, config.embedding)
        nn.init.normal_(self.embedding.weight, std=config.embedding**-0.5)
        self.rare = nn.Parameter(torch.zeros(1, config.embedding))  # stands for all words that are not frequent
        self.bias = nn.Parameter(torch.zeros(vocabulary + 1))  # the last is that of the rare ones
        self.register_buffer("tilt", torch.zeros(vocabulary + 1, features))  # the same
        self.lstm = nn.LSTM(config.embedding + 2 * features, config.hidden, batch_first=True)
        self.project = nn.Linear(config.hidden, config.embedding)

    @torch.no_grad()
    def expect(self, counts: Tensor, sums: Tensor, spread: Tensor) -> None:
        """Begin from what was counted: how often each word was said (V,), the sum of the ranks of its songs (V, F), and the
        covariance of all songs' ranks (F, F).

        The tilt is that of a linear discriminant, whose words differ in the mean of their songs only; words that were seen
        less often than `_TRUST` times are trusted less.
        """
        k = self.frequent
        counts = torch.cat([counts, counts[k:].sum(0, keepdim=True)])  # (V+1,)
        sums = torch.cat([sums, sums[k:].sum(0, keepdim=True)])  # (V+1, F)
        self.bias.copy_(torch.log(counts + 0.5))
        means = sums / (counts + _TRUST).unsqueeze(1)  # (V+1, F); the mean of all is 0
        self.tilt.copy_(torch.linalg.solve(spread, means.T).T)

    def forward(self, words: Tensor, features: Tensor) -> Tensor:
        """-log p in nats (B,) of lines of equal length (B, T), their ends counted, given ranks and masks (B, 2F)."""
        rows, length = words.shape
        targets = functional.pad(words, (0, 1), value=EOS)  # (B, T+1)
        out, _ = self.read(functional.pad(words, (1, 0), value=BOS), features)  # (B, T+1, E+F)
        return self._nats(out.flatten(0, 1), targets.flatten()).view(rows, length + 1).sum(dim=1)  # (B,)

    def read(
        self, words: Tensor, features: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What is expected after each of `words` (B, T) as (B, T, E+F), and the state of the LSTM after the last."""
        every = features.unsqueeze(1).expand(-1, words.shape[1], -1)  # (B, T, 2F)
        inputs = torch.cat([self._locked(self.embedding(words)), every], dim=-1)  # (B, T, E+2F)
        states, state = self.lstm(inputs, state)  # (B, T, H)
        out = self._locked(self.project(self._locked(states)))  # (B, T, E)
        return torch.cat([out, every[..., : self.tilt.shape[1]]], dim=-1), state

    def log_probs(self, out: Tensor) -> Tensor:
        """Log-probability (N, V) of every word from what `read` expects (N, E+F)."""
        head = torch.log_softmax(self._head(out), dim=-1)  # (N, K+1)
        tail = torch.log_softmax(self._tail(out), dim=-1)  # (N, V-K)
        return torch.cat([head[:, :-1], head[:, -1:] + tail], dim=-1)

    def _nats(self, out: Tensor, targets: Tensor) -> Tensor:
        """-log p (N,) of target words (N,) from (N, E+F)."""
        is_rare = targets >= self.frequent
        nats = functional.cross_entropy(self._head(out), targets.clamp(max=self.frequent), reduction="none")
        rare = functional.cross_entropy(self._tail(out[is_rare]), targets[is_rare] - self.frequent, reduction="none")
        return nats.index_add(0, is_rare.nonzero()[:, 0], rare)

    def _head(self, out: Tensor) -> Tensor:
        """Logits (N, K+1) of the frequent words and of all others together."""
        k = self.frequent
        words = torch.cat([self.embedding.weight[:k], self.rare])  # (K+1, E)
        tilt = torch.cat([self.tilt[:k], self.tilt[-1:]])  # (K+1, F)
        return functional.linear(out, torch.cat([words, tilt], dim=1), torch.cat([self.bias[:k], self.bias[-1:]])).float()

    def _tail(self, out: Tensor) -> Tensor:
        """Logits (N, V-K) among the words that are not frequent."""
        k = self.frequent
        weight = torch.cat([self.embedding.weight[k:], self.tilt[k:-1]], dim=1)  # (V-K, E+F)
        return functional.linear(out, weight, self.bias[k:-1]).float()

    def _locked(self, x: Tensor) -> Tensor:
        """Dropout with one mask for all time steps (Gal and Ghahramani 2016)."""
        if not self.training or self.dropout <= 0:
            return x
        keep = 1.0 - self.dropout
        return x * torch.empty(x.shape[0], 1, x.shape[2], device=x.device).bernoulli_(keep).div_(keep)
