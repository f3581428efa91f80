"""What a finished bundle writes, with and without choosing, beside what people wrote about the same songs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from export.corpus.pipeline import read_rows
from export.evaluation.texts import TextFigures, measure_texts
from export.speakable import is_speakable
from export.stages import Run
from inference.bundle import Bundle
from inference.commentary import Commentator, Subject
from inference.conditions import Conditions
from inference.decoder import Decoder
from inference.generator import TruncatedPrior
from inference.tokenizer import FILLABLE

_BATCH = 64


def compare(run: Run, folder: Path, sentences: int, progress: Progress) -> dict[str, TextFigures]:
    """Figures of held-out human text, of samples as they come, and of chosen replies, at equal numbers of sentences.

    `folder` is the bundle; the songs are those of the test part.
    """
    bundle = Bundle.open(folder, device="cpu")
    rows = [row for row in read_rows(run.commentary) if row["split"] == "test"]
    np.random.default_rng(run.config.seed).shuffle(rows)
    fit = [row for row in rows if is_speakable(row["text"]) and row["descriptive"] > 0]
    sets = {
        "people, held out": [row["text"] for row in rows],
        "people, held out, fit to be said of a song": [row["text"] for row in fit],
        "samples as they come": _samples(bundle, rows, sentences, run.config.seed),
        "replies, checked and chosen": _replies(bundle, rows, sentences, progress),
    }
    equal = min(sentences, *(len(texts) for texts in sets.values()))
    return {name: measure_texts(texts[:equal], bundle.tokenizer, bundle.ngram, bundle.novelty) for name, texts in sets.items()}


def _samples(bundle: Bundle, rows: Sequence[dict[str, Any]], sentences: int, seed: int) -> list[str]:
    """Sentences in slot form, before any gate."""
    sampling, sizes = bundle.manifest.sampling, bundle.manifest.sizes
    rng = np.random.default_rng(seed)
    decoder, prior = Decoder(bundle), TruncatedPrior(sizes.latent, scale=sampling.scale, truncation=sampling.truncation)
    texts: list[str] = []
    while len(texts) < sentences:
        some = [rows[int(i)] for i in rng.integers(0, len(rows), _BATCH)]
        condition = np.concatenate([bundle.conditions.encode(_conditions(bundle, row)) for row in some])  # (N, A)
        drafts = decoder.decode(prior.propose(rng, condition), condition, rng.random((_BATCH, decoder.max_tokens)), sampling)
        texts += [bundle.tokenizer.decode(draft.ids) for draft in drafts]
    return texts


def _conditions(bundle: Bundle, row: dict[str, Any]) -> Conditions:
    style = bundle.manifest.sampling.style
    return Conditions(
        genres=tuple(row["genres"]),
        features=row["features"],
        praise=8.0,
        source=style.source,
        descriptive=style.descriptive,
        words=None if style.words is None else sum(style.words) / 2,
        artist_slot=False,
        title_slot=True,
        masks=False,
    )


def _replies(bundle: Bundle, rows: Sequence[dict[str, Any]], sentences: int, progress: Progress) -> list[str]:
    """Sentences of replies in slot form: a slot that is filled with its own sign stays what it was."""
    commentator = Commentator(bundle)
    task = progress.add_task("replying", total=sentences)
    texts: list[str] = []
    for i, row in enumerate(rows):
        subject = Subject(*FILLABLE, genres=tuple(row["genres"]), features=row["features"])
        for reply in commentator.comment(subject, seed=i).replies:
            texts += [_slot_form(sentence) for sentence in reply.sentences]
        progress.update(task, completed=min(len(texts), sentences))
        if len(texts) >= sentences:
            break
    return texts


def _slot_form(sentence: str) -> str:
    plain = sentence.replace("\u2019", "'").replace("\u201c", "").replace("\u201d", "")
    return plain.lower()
