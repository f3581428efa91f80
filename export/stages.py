"""The stages of a run in one folder: corpus, tokenizer, cvae, bundle; each knows what it builds on."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from export.config import Config
from export.corpus.pipeline import build_corpus, read_rows
from export.data import Dataset, dataset_of, load_commentary, load_warm_start, mix, weigh
from export.errors import StageError
from export.speakable import speakable_weight
from export.tokenizer import fit_tokenizer
from export.training import Material, Trainer
from inference.conditions import ConditionEncoder
from inference.genres import GenreTable
from inference.tokenizer import Tokenizer


@dataclass(frozen=True)
class Run:
    """One training run: its configuration and the folder that holds everything it makes."""

    config: Config
    folder: Path

    @property
    def commentary(self) -> Path:
        """Sentences with conditions and split."""
        return self.folder / "corpus" / "commentary.jsonl.gz"

    @property
    def warm_start(self) -> Path:
        """Sentences for the plain language model."""
        return self.folder / "corpus" / "warm_start.jsonl.gz"

    @property
    def tokenizer_path(self) -> Path:
        """The SentencePiece model."""
        return self.folder / "tokenizer.model"

    @property
    def training(self) -> Path:
        """Folder of checkpoint and log."""
        return self.folder / "cvae"

    @property
    def topics(self) -> Path:
        """The frozen topic model."""
        return self.folder / "topics" / "topics.npz"

    @property
    def energy(self) -> Path:
        """Folder of the energy model."""
        return self.folder / "energy"

    @property
    def bundle(self) -> Path:
        """The bundle of this run, before it is shipped."""
        return self.folder / "bundle"

    @property
    def guidance(self) -> Path:
        """Which words a song calls for."""
        return self.folder / "guidance" / "guidance.npz"

    @property
    def chosen(self) -> Path:
        """The model's own sentences that it learns from."""
        return self.folder / "chosen" / "chosen.jsonl.gz"

    @property
    def lcgan(self) -> Path:
        """Folder of the generator and the critics."""
        return self.folder / "lcgan"

    def corpus_hash(self) -> str:
        """What tells this corpus from every other."""
        self.need(self.folder / "corpus" / "manifest.json", "corpus")
        return hashlib.sha256((self.folder / "corpus" / "manifest.json").read_bytes()).hexdigest()

    def tokenizer(self) -> Tokenizer:
        """The fitted tokenizer."""
        self.need(self.tokenizer_path, "tokenizer")
        return Tokenizer(self.tokenizer_path)

    def conditions(self) -> ConditionEncoder:
        """The encoder of conditions over this corpus' genres."""
        self.need(self.commentary, "corpus")
        return ConditionEncoder(GenreTable.load(self.folder / "corpus" / "genres.npz"))

    def split(self, name: str) -> Dataset:
        """The commentary of one split."""
        return load_commentary(
            self.commentary, name, self.tokenizer(), self.conditions(), max_tokens=self.config.training.max_tokens
        )

    def need(self, path: Path, stage: str) -> None:
        """Raise StageError when the stage that makes `path` has not run."""
        if not path.exists():
            raise StageError(f"{path.name} is missing in {self.folder}; run `python -m export {stage}` first.")


def run_corpus(run: Run, progress: Progress, *, open_only: bool) -> dict[str, Any]:
    """Make the corpus; returns its manifest."""
    folder = run.folder / "corpus"
    return build_corpus(run.config.corpus, folder, open_only=open_only, seed=run.config.seed, progress=progress)


def run_tokenizer(run: Run, *, start: Path | None = None) -> Tokenizer:
    """Fit the tokenizer on the training part of the commentary and on the music part of the warm start.

    With `start`, the folder of a bundle, take over that bundle's, which its weights are bound to.
    """
    run.need(run.commentary, "corpus")
    if start is not None:
        if (start / "genres.npz").read_bytes() != (run.folder / "corpus" / "genres.npz").read_bytes():
            raise StageError(f"{start} was made with another table of genres; train from the beginning.")
        shutil.copyfile(start / "tokenizer.model", run.tokenizer_path)
        return run.tokenizer()
    texts = [row["text"] for row in read_rows(run.commentary) if row["split"] == "train"]
    texts += [row["text"] for row in read_rows(run.warm_start) if row["kind"] != "film"]
    return fit_tokenizer(dict.fromkeys(texts), run.config.tokenizer, run.tokenizer_path, seed=run.config.seed)


def material(run: Run) -> Material:
    """Everything that training reads."""
    tokenizer, conditions = run.tokenizer(), run.conditions()
    limit = run.config.training.max_tokens
    commentary = run.split("train")
    warm_start = load_warm_start(run.warm_start, tokenizer, conditions, max_tokens=limit)
    weighed = weigh(commentary, lambda text: max(1.0, speakable_weight(text)))
    speakable = weigh(commentary, speakable_weight)
    chosen, mark = _chosen(run, speakable, tokenizer)
    return Material(
        warm_start=warm_start,
        commentary=mix(weighed, warm_start, run.config.training.english_share),
        speakable=speakable,
        validation=run.split("validation"),
        encoder=conditions,
        chosen=chosen,
        mark=mark,
    )


def _chosen(run: Run, speakable: Dataset, tokenizer: Tokenizer) -> tuple[Dataset | None, str]:
    """The model's own sentences that were chosen, half of what is drawn, beside people's; and what tells this choice."""
    if not run.chosen.exists():
        return None, ""
    rows = list(read_rows(run.chosen))
    conditions = np.array([row["condition"] for row in rows], dtype=np.float32).reshape(len(rows), -1)
    own = dataset_of([row["text"] for row in rows], conditions, tokenizer)
    return mix(speakable, own, 0.5), hashlib.sha256(run.chosen.read_bytes()).hexdigest()


def run_cvae(run: Run, progress: Progress, *, start: Path | None = None) -> Trainer:
    """Train, or go on training, until the time budget is spent; `start` is a bundle whose weights are taken up first."""
    task = progress.add_task("loading sentences", total=None)
    ready = material(run)
    progress.remove_task(task)
    trainer = Trainer(run.config, ready, run.tokenizer().size, run.training, start=start)
    trainer.run(progress)
    return trainer
