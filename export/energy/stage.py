"""The energy stage: learn to judge from people's sentences and the bundle's own, then choose the best of what it says."""

from __future__ import annotations

import gzip
import json
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from export.corpus.pipeline import read_rows
from export.cvae import CVAE
from export.data import dataset_of, without_captions
from export.energy.network import EnergyModel
from export.energy.training import areas, examples, train
from export.errors import StageError
from export.onnx import export_energy
from export.speakable import is_speakable
from export.speaking import Spoken, ranked, speak, subject_of_row, twins
from export.stages import Run
from export.takeover import take_over
from inference.bundle import Bundle, read_manifest, write_manifest
from inference.energy import ENERGY
from inference.ranking import Candidate

_HELD_OUT = 1_500  # sentences that the judge is judged on
_MOST_ALIKE = 40  # chosen sentences that may share two words of weight side by side, or their first three words
_BEST = 3  # of one song's candidates, that may be chosen


def run_energy(run: Run, folder: Path, progress: Progress) -> dict[str, float]:
    """Train the judge of the bundle in `folder` and add it there; returns the areas under its heads' curves.

    Writes energy.onnx, energy.pt and energy.json in the run. The reading part starts from the bundle's encoder; a judge
    of an earlier round is taken up again.
    """
    tokenizer, conditions = run.tokenizer(), run.conditions()
    bundle = Bundle.open(folder, device="cpu")
    rng = np.random.default_rng(run.config.seed)
    sets = []
    for split, seed in (("train", run.config.seed), ("validation", run.config.seed + 1)):
        everybody = without_captions(run.split(split), conditions)
        sayable = [i for i, text in enumerate(everybody.texts) if is_speakable(text)]
        if split == "validation":
            everybody, sayable = everybody.subset(sayable[:_HELD_OUT]), list(range(len(sayable[:_HELD_OUT])))
        people = everybody.subset(sayable)
        texts = twins(bundle, people.conditions, (0.7, 1.0), seed=seed, progress=progress)
        own = dataset_of(texts, people.conditions, tokenizer)
        sets.append(examples(everybody, sayable, own, tokenizer, conditions, rng))
    model = EnergyModel(tokenizer.size, conditions.size, run.config.model, run.config.energy)
    cvae = CVAE(tokenizer.size, conditions.size, run.config.model)
    take_over(cvae, folder)
    model.start_from(cvae.encoder)
    run.energy.mkdir(parents=True, exist_ok=True)
    kept = run.energy / "energy.pt"
    if kept.exists():
        model.load_state_dict(torch.load(kept, map_location="cpu", weights_only=True))
    train(model, sets[0], run.config.energy, seed=run.config.seed, progress=progress)
    figures = areas(model, sets[1])
    torch.save(model.state_dict(), kept)
    shutil.copyfile(export_energy(model, run.energy), folder / ENERGY)
    write_manifest(folder, read_manifest(folder))
    (run.energy / "energy.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


def run_choose(run: Run, folder: Path, progress: Progress) -> int:
    """Let the bundle in `folder` speak of many songs and keep its best sentences for it to learn from; returns how many.

    Writes chosen.jsonl.gz of {text, condition, total}, the best first. Source of the idea: T. Anthony et al., "Thinking
    Fast and Slow with Deep Learning and Tree Search", 2017 (expert iteration).
    """
    settings = run.config.energy
    bundle = Bundle.open(folder, device="cpu")
    rows = [row for row in read_rows(run.commentary) if row["split"] == "train" and row["genres"]]
    rng = np.random.default_rng(run.config.seed)
    places = rng.permutation(len(rows))[: settings.songs]
    subjects = [subject_of_row(rows[int(i)]) for i in places]
    task = progress.add_task("speaking of songs", total=len(subjects))
    best: list[tuple[Spoken, Candidate]] = []
    for spoken in speak(bundle, subjects, settings.each, seed=run.config.seed):
        for of_song in ranked(bundle, spoken):
            best += of_song[:_BEST]
            progress.advance(task)
    progress.remove_task(task)
    if not best:
        raise StageError("None of the bundle's sentences may be said; train the model longer before it chooses.")
    chosen = _unlike_each_other(sorted(best, key=lambda pair: -pair[1].total), math.ceil(settings.keep * len(best)))
    path = run.chosen
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path.with_suffix(".new"), "wt", encoding="utf-8") as file:
        for said, candidate in chosen:
            condition = [round(float(value), 4) for value in said.condition]
            row: dict[str, Any] = {"text": said.text, "condition": condition, "total": round(candidate.total, 3)}
            file.write(json.dumps(row) + "\n")
    path.with_suffix(".new").replace(path)
    return len(chosen)


def _unlike_each_other(best: Iterable[tuple[Spoken, Candidate]], most: int) -> list[tuple[Spoken, Candidate]]:
    """The first `most` of them, none twice, and few that share an opening or a pair of words of weight."""
    seen: set[str] = set()
    used: Counter[tuple[str, ...]] = Counter()
    chosen = []
    for said, candidate in best:
        marks = _marks(candidate.sentence.words, candidate.sentence.content)
        if said.text in seen or any(used[mark] >= _MOST_ALIKE for mark in marks):
            continue
        seen.add(said.text)
        used.update(marks)
        chosen.append((said, candidate))
        if len(chosen) >= most:
            break
    return chosen


def _marks(words: Sequence[str], content: frozenset[str]) -> set[tuple[str, ...]]:
    """What makes sentences sound alike: how they begin, and words of weight that follow each other."""
    weighty = [word for word in words if word in content]
    return {tuple(words[:3]), *pairwise(weighty)}
