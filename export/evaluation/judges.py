"""Independent judges of sentences: an n-gram model and a small LSTM, each fitted to its own half of the training text.

Neither is the n-gram model that ships and ranks. The first is of another family than the decoder, the second of another
family than what ranks; a system that pleases only one of them has been tuned to its kind. People's held-out sentences
were read by neither.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional

from export.config import EvaluationConfig
from export.data import Dataset, batches
from export.ngram import fit
from export.stages import Run
from export.training import multiplies_in_half
from inference.ngram import NgramModel
from inference.tokenizer import BOS, EOS, Tokenizer

ORDER = 5  # of the n-gram judges, as in Kneser-Ney's usual setting
_EVERY = 1 << 40  # keep all n-grams
_BATCH = 64  # sentences judged at once
_BATCH_TOKENS = 1024
_LEARNING_RATE = 3e-3
_CLIP = 1.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judges:
    """Both, and the tokenizer they read with."""

    ngram: NgramModel
    lstm: LstmJudge
    tokenizer: Tokenizer

    def forward(self, texts: Sequence[str]) -> dict[str, float]:
        """Perplexity a word of texts under each judge."""
        ids = self.tokenizer.encode_batch(texts)
        log_prob, _ = self.lstm.read(ids)
        return {
            "forward_perplexity": perplexity(_sums(self.ngram, ids), texts),
            "forward_perplexity_lstm": perplexity(np.array([row.sum() for row in log_prob]), texts),
        }

    def reverse(self, texts: Sequence[str], held_out: Sequence[str]) -> float:
        """Perplexity a word of people's text under an n-gram model that read nothing but `texts`."""
        model = fit(self.tokenizer.encode_batch(texts), self.tokenizer.size, order=ORDER, max_entries=_EVERY)
        return perplexity(_sums(model, self.tokenizer.encode_batch(held_out)), held_out)

    def features(self, texts: Sequence[str]) -> Floats:
        """What both make of each text (N, 7): the mean, and the least likely tokens, under each; and the length."""
        ids = self.tokenizer.encode_batch(texts)
        log_prob, _ = self.lstm.read(ids)
        ngram = [self.ngram.mean_log_prob(ids), *(self.ngram.lowest_log_prob(ids, n) for n in (1, 3))]
        lstm = [[f(row) for row in log_prob] for f in (np.mean, np.min, np.std)]
        return np.column_stack([*ngram, *lstm, [len(row) for row in ids]])

    def states(self, texts: Sequence[str]) -> Floats:
        """The LSTM's hidden state, averaged over each text (N, H)."""
        return self.lstm.read(self.tokenizer.encode_batch(texts))[1]


class LstmJudge(nn.Module):
    """A plain language model over subwords: one LSTM, output tied to the embedding."""

    def __init__(self, vocabulary: int, config: EvaluationConfig) -> None:
        """Build it, untrained."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, config.judge_embedding)
        nn.init.normal_(self.embedding.weight, std=1.0 / math.sqrt(config.judge_embedding))
        self.lstm = nn.LSTM(config.judge_embedding, config.judge_hidden, batch_first=True)
        self.project = nn.Linear(config.judge_hidden, config.judge_embedding)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability (B, T+1) of each token and of the end, of tokens (B, T) of equal length; states (B, T+1, H)."""
        begun = functional.pad(tokens, (1, 0), value=BOS)  # (B, T+1)
        states, _ = self.lstm(self.embedding(begun))  # (B, T+1, H)
        logits = functional.linear(self.project(states), self.embedding.weight, self.bias)  # (B, T+1, V)
        targets = functional.pad(tokens, (0, 1), value=EOS)  # (B, T+1)
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        return -loss.view_as(targets), states

    @torch.no_grad()
    def read(self, ids: Sequence[Sequence[int]]) -> tuple[list[Floats], Floats]:
        """Log-probabilities of each text's tokens and of its end, and its mean state (N, H)."""
        self.eval()
        log_prob: list[Floats] = [np.zeros(0)] * len(ids)
        states = np.zeros((len(ids), self.lstm.hidden_size))
        for rows in _equal_lengths(ids):
            told, state = self(torch.tensor([list(ids[i]) for i in rows], dtype=torch.long))
            states[rows] = state.mean(dim=1).numpy()
            for i, row in zip(rows, told.double().numpy(), strict=True):
                log_prob[i] = row
        return log_prob, states


def perplexity(log_prob: Floats, texts: Sequence[str]) -> float:
    """Perplexity a word, ends counted, from each text's log-probability in nats."""
    words = sum(len(text.split()) + 1 for text in texts)
    return math.exp(min(-float(log_prob.sum()) / max(words, 1), 50.0))


def open_judges(run: Run, folder: Path, train: Sequence[str], progress: Progress) -> Judges:
    """The judges of a run, fitted to its training text, or taken from `folder` if that was done before."""
    tokenizer, config = run.tokenizer(), run.config.evaluation
    order = np.random.default_rng(run.config.seed).permutation(len(train))
    half = len(order) // 2
    paths = folder / "judge.npz", folder / "judge.pt"
    made, stamp = folder / "judges.txt", _stamp(run)
    torch.manual_seed(run.config.seed)
    lstm = LstmJudge(tokenizer.size, config)
    if made.exists() and made.read_text(encoding="utf-8") == stamp and all(path.exists() for path in paths):
        lstm.load_state_dict(torch.load(paths[1], map_location="cpu", weights_only=True))
        return Judges(NgramModel.load(paths[0]), lstm, tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    made.unlink(missing_ok=True)
    ngram = fit(
        tokenizer.encode_batch([train[i] for i in order[:half]], threads=2), tokenizer.size, order=ORDER, max_entries=_EVERY
    )
    ngram.save(paths[0])
    _train(lstm, [train[i] for i in order[half:][: config.judge_sentences]], tokenizer, run, progress)
    torch.save(lstm.state_dict(), paths[1])
    made.write_text(stamp, encoding="utf-8")
    return Judges(ngram, lstm, tokenizer)


def _stamp(run: Run) -> str:
    """What the judges depend on."""
    vocabulary = hashlib.sha256(run.tokenizer_path.read_bytes()).hexdigest()
    wanted = {name: value for name, value in asdict(run.config.evaluation).items() if name.startswith("judge")}
    return f"{run.corpus_hash()} {vocabulary} {run.config.seed} {wanted}"


def _train(judge: LstmJudge, texts: Sequence[str], tokenizer: Tokenizer, run: Run, progress: Progress) -> None:
    """Fit to the texts, each read `judge_epochs` times."""
    rng = np.random.default_rng(run.config.seed)
    config = run.config.evaluation
    tokens = [np.array(ids, dtype=np.int64) for ids in tokenizer.encode_batch(texts, threads=2)]
    data = Dataset(list(texts), tokens, np.zeros((len(texts), 0), dtype=np.float32), np.ones(len(texts)))
    data = data.subset(i for i, ids in enumerate(tokens) if len(ids))
    optimizer = torch.optim.Adam(judge.parameters(), lr=_LEARNING_RATE)
    half = multiplies_in_half(run.config.training.precision, torch.device("cpu"))
    total = config.judge_epochs * len(data)
    task = progress.add_task("training the judge", total=total)
    judge.train()
    seen = 0
    for _ in range(config.judge_epochs):
        for some, _condition in batches(data, _BATCH_TOKENS, rng):
            for group in optimizer.param_groups:
                group["lr"] = _LEARNING_RATE * max(0.05, 1 - seen / total)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = -judge(some)[0].mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(judge.parameters(), _CLIP)
            optimizer.step()
            seen += len(some)
            progress.update(task, completed=seen)


def _equal_lengths(ids: Sequence[Sequence[int]]) -> Iterator[NDArray[np.intp]]:
    """Places of texts of equal length, some at once."""
    lengths = np.array([len(row) for row in ids])
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for start in range(0, len(rows), _BATCH):
            yield rows[start : start + _BATCH]


def _sums(model: NgramModel, ids: Sequence[Sequence[int]]) -> Floats:
    """Log-probability of each text, its end counted."""
    return np.asarray(model.mean_log_prob(ids) * [len(row) + 1 for row in ids])
