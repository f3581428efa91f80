"""The energy model's network: reads a finished sentence and the song beside it; one logit for each question.

Source: Y. Deng et al., "Residual Energy-Based Models for Text Generation", 2020 (arXiv:2004.11714). Legend of shapes:
B batch, T time, E embedding, He encoder's hidden size, A condition.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from export.config import EnergyConfig, ModelConfig
from export.cvae import Encoder
from inference.energy import HEADS


class EnergyModel(nn.Module):
    """A bi-LSTM over the finished sentence with max-pooling, and the song beside it; one logit for each of HEADS."""

    def __init__(self, vocabulary: int, condition: int, model: ModelConfig, config: EnergyConfig) -> None:
        """The reading part has the sizes of the CVAE's encoder, so that it can start from it."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, model.embedding)
        self.lstm = nn.LSTM(model.embedding, model.encoder_hidden, batch_first=True, bidirectional=True)
        pooled = 2 * model.encoder_hidden
        self.judge = nn.Linear(pooled, config.hidden)
        self.out = nn.Linear(config.hidden, len(HEADS) - 1)  # human, sense
        self.song = nn.Linear(condition, config.hidden)
        self.text = nn.Linear(pooled, config.hidden)
        self.fit = nn.Linear(config.hidden, 1)
        self.dropout = nn.Dropout(config.dropout)

    def start_from(self, encoder: Encoder) -> None:
        """Read as a trained encoder does."""
        self.embedding.load_state_dict(encoder.embedding.state_dict())
        self.lstm.load_state_dict(encoder.lstm.state_dict())

    def forward(self, tokens: Tensor, condition: Tensor) -> Tensor:
        """Logits (B, 3) of tokens (B, T), rows of equal length, and conditions (B, A) with the song parts alone."""
        states, _ = self.lstm(self.dropout(self.embedding(tokens)))  # (B, T, 2*He)
        pooled = self.dropout(states.max(dim=1).values)  # (B, 2*He)
        told = self.out(self.dropout(torch.relu(self.judge(pooled))))  # (B, 2)
        # A song and a text meet number by number, as in a bilinear form of low rank.
        met = torch.tanh(self.text(pooled)) * torch.tanh(self.song(condition))  # (B, hidden)
        return torch.cat([told, self.fit(met)], dim=1)
