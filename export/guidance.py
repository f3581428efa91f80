"""The guidance stage: learns which words sentences about a song have more than others, given its genres and features.

A unigram model whose logits are linear, with low rank, in the song part of the conditions; the part that every sentence
shares is left behind. Legend of shapes: B batch, A condition, R rank, V vocabulary.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor
from torch.nn import functional

from export.config import GuidanceConfig
from export.data import ConditionDropout, Dataset, without_captions
from export.stages import Run
from inference import lexicon
from inference.blocked import is_blocked
from inference.guidance import Guidance
from inference.tokenizer import Tokenizer

_WORD = "\u2581"  # with which SentencePiece begins a word


def run_guidance(run: Run, progress: Progress) -> Path:
    """Fit the guidance on people's sentences of the training part; writes guidance.npz in the run."""
    run.guidance.parent.mkdir(parents=True, exist_ok=True)
    data = without_captions(run.split("train"), run.conditions())
    tokenizer, encoder = run.tokenizer(), run.conditions()
    song = torch.from_numpy(encoder.song_part(data.conditions))
    hide = ConditionDropout(encoder, whole=0.1, part=0.2)
    left, right = fit(data, song, hide, guiding(tokenizer), run.config.guidance, seed=run.config.seed, progress=progress)
    Guidance(left.numpy(), right.numpy()).save(run.guidance)
    return run.guidance


def guiding(tokenizer: Tokenizer) -> Tensor:
    """Which tokens (V,) may be guided: 1 where one begins a word of weight that may be said, 0 for all others."""
    pieces = [tokenizer.piece(i) for i in range(tokenizer.size)]
    words = [piece.removeprefix(_WORD) if piece.startswith(_WORD) else "" for piece in pieces]
    never = lexicon.FUNCTION | lexicon.CLAIMS | lexicon.PERSONS
    return torch.tensor([float(len(w) > 2 and w.isalpha() and w not in never and not is_blocked(w)) for w in words])


def fit(
    data: Dataset,
    song: Tensor,
    hide: ConditionDropout,
    guided: Tensor,
    config: GuidanceConfig,
    *,
    seed: int,
    progress: Progress,
) -> tuple[Tensor, Tensor]:
    """Both factors, (A, R) and (R, V), from sentences with the song part of their conditions (N, A)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    never = (guided - 1) * 1e9  # words that are not guided take no part
    bias = torch.zeros(len(guided), requires_grad=True)
    left = (0.05 * torch.randn(song.shape[1], config.rank)).requires_grad_()
    right = (0.05 * torch.randn(config.rank, len(guided))).requires_grad_()
    optimizer = torch.optim.Adam([bias, left, right], lr=config.learning_rate)
    steps = config.epochs * max(1, len(data) // config.batch)
    task = progress.add_task("guidance", total=steps)
    for _ in range(steps):
        rows = rng.integers(0, len(data), config.batch)
        counts = _counts(data, rows, len(guided)) * guided  # (B, V)
        logits = bias + (hide(song[rows]) @ left) @ right + never  # (B, V)
        loss = -(counts * functional.log_softmax(logits, dim=1)).sum() / counts.sum().clamp(min=1)
        loss = loss + config.decay * (left.square().sum() + right.square().sum())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        progress.update(task, advance=1, description=f"guidance  loss {loss.item():.3f}")
    progress.remove_task(task)
    # Relative to what words usually get, so that guidance moves them against each other and not against all the rest.
    usual = torch.softmax(bias.detach() + never, dim=0)  # (V,)
    found = right.detach()
    return left.detach(), (found - (found @ usual)[:, None]) * guided


def _counts(data: Dataset, rows: np.ndarray, vocabulary: int) -> Tensor:
    """How often each token stands in these sentences (B, V)."""
    counts = torch.zeros(len(rows), vocabulary)
    for b, row in enumerate(rows):
        ids = torch.from_numpy(data.tokens[row])
        counts[b].index_add_(0, ids, torch.ones(len(ids)))
    return counts
