"""Five networks that read characters and predict the next: a window, a hand-made cell, and the library's RNN, GRU, LSTM.

All say the same: ids (B, T) and the state so far in, logits (B, T, V) and the new state out.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

START_ID = 0  # of `~`, which stands before every line
State = Tensor | tuple[Tensor, Tensor]


class FeedForwardNet(nn.Module):
    """The neural n-gram of Bengio et al. 2003: the characters in a window, concatenated, through one tanh layer.

    The direct connections from the embeddings to the output are there, as in the paper's equation 1.
    """

    def __init__(self, vocabulary: int, embedding: int, hidden: int, *, context: int) -> None:
        """Take sizes and how many characters the window holds (at least 1)."""
        super().__init__()
        self.context = context
        self.embed = nn.Embedding(vocabulary, embedding)
        self.hidden = nn.Linear(context * embedding, hidden)
        self.out = nn.Linear(hidden, vocabulary)
        self.direct = nn.Linear(context * embedding, vocabulary, bias=False)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, V); the state is the ids before (B, context - 1)."""
        before = ids.new_full((len(ids), self.context - 1), START_ID) if state is None else cast(Tensor, state)
        padded = torch.cat([before, ids], dim=1)  # (B, context - 1 + T)
        windows = self.embed(padded.unfold(1, self.context, 1)).flatten(2)  # (B, T, context·E)
        logits = self.out(torch.tanh(self.hidden(windows))) + self.direct(windows)
        return logits, padded[:, ids.shape[1] :]


class ElmanNet(nn.Module):
    """The simple recurrent network of Elman 1990, written out: h' = tanh(x W + h U + b), y = h' V + c."""

    def __init__(self, vocabulary: int, embedding: int, hidden: int) -> None:
        """Take sizes; the matrices start as the library's own RNN does, uniform within 1/√H."""
        super().__init__()
        bound = hidden**-0.5
        self.x = nn.Parameter(torch.randn(vocabulary, embedding))  # a row for each character
        self.w = nn.Parameter(torch.empty(embedding, hidden).uniform_(-bound, bound))
        self.u = nn.Parameter(torch.empty(hidden, hidden).uniform_(-bound, bound))
        self.b = nn.Parameter(torch.zeros(hidden))
        self.v = nn.Parameter(torch.empty(hidden, vocabulary).uniform_(-bound, bound))
        self.c = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, V); the state is h (B, H)."""
        h = self.x.new_zeros(len(ids), len(self.u)) if state is None else cast(Tensor, state)  # (B, H)
        inputs = self.x[ids] @ self.w + self.b  # (B, T, H)
        history = []
        for t in range(ids.shape[1]):
            h = torch.tanh(inputs[:, t] + h @ self.u)  # (B, H)
            history.append(h)
        return torch.stack(history, dim=1) @ self.v + self.c, h


class RecurrentNet(nn.Module):
    """The library's RNN, GRU (Cho et al. 2014) or LSTM (Hochreiter & Schmidhuber 1997) in the same place."""

    def __init__(self, vocabulary: int, embedding: int, hidden: int, *, cell: type[nn.RNNBase]) -> None:
        """Take sizes and the library's class."""
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embedding)
        self.cell = cell(embedding, hidden, batch_first=True)  # type: ignore[call-arg,arg-type]  # each fills in its mode
        self.out = nn.Linear(hidden, vocabulary)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, V); the state is the cell's own, each part (1, B, H)."""
        states, last = self.cell(self.embed(ids), state)  # (B, T, H)
        return self.out(states), last
