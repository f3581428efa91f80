"""The guidance stage: it finds which words go with which songs, and leaves alone what must not be said."""

from __future__ import annotations

import numpy as np
import torch
from rich.progress import Progress

from export.config import GuidanceConfig
from export.data import ConditionDropout, dataset_of, without_captions
from export.guidance import fit, guiding
from export.stages import Run
from inference.bundle import Bundle
from inference.conditions import Conditions
from inference.guidance import Guidance


def test_words_are_found_with_their_songs(run: Run) -> None:
    tokenizer, encoder = run.tokenizer(), run.conditions()
    texts = ["the guitar drifts over a slow guitar", "the piano drifts over a slow piano"] * 60
    rows = np.concatenate([encoder.encode(Conditions(genres=(genre,))) for genre in ("metal", "jazz")] * 60)
    data = dataset_of(texts, encoder.song_part(rows), tokenizer)
    settings = GuidanceConfig(rank=2, epochs=60, batch=24, learning_rate=2e-2)
    hide = ConditionDropout(encoder, whole=0.3, part=0.0)  # what all songs share is told by those that are hidden
    with Progress(disable=True) as progress:
        found = fit(data, torch.from_numpy(data.conditions), hide, guiding(tokenizer), settings, seed=1, progress=progress)
    bias = Guidance(*(factor.numpy() for factor in found)).bias(data.conditions[:2], 1.0)
    only = [next(i for i in data.tokens[k] if i not in data.tokens[1 - k]) for k in (0, 1)]
    assert bias[0, only[0]] > 0.5 > bias[1, only[0]]
    assert bias[1, only[1]] > 0.5 > bias[0, only[1]]


def test_what_must_not_be_said_is_never_guided(run: Run) -> None:
    tokenizer = run.tokenizer()
    guided = guiding(tokenizer)
    assert 0 < float(guided.sum()) < tokenizer.size
    for i in range(tokenizer.size):
        if tokenizer.piece(i) in ("\u2581the", "<artist>", "<title>", "\u2581album", "\u2581she", ","):
            assert guided[i] == 0


def test_captions_are_left_out(run: Run) -> None:
    data, encoder = run.split("train"), run.conditions()
    kept = without_captions(data, encoder)
    assert 0 < len(kept) < len(data)


def test_a_whole_run_ships_guidance(run: Run) -> None:
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    assert bundle.guidance is not None
    assert bundle.manifest.sampling.guidance > 0
