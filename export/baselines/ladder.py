"""The ladder: every baseline from counting characters to the model of 2018, trained alike and measured on the same lines."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from export.baselines import bias_variance, figures
from export.baselines.base import Baseline, Budget, Epoch, Line, bits_per_character, lines, perplexity_per_word
from export.baselines.character_nets import CELLS, CharacterNet
from export.baselines.characters import CharacterNgram
from export.baselines.memorised import Memory
from export.baselines.original import OriginalRecipe
from export.baselines.original_network import Recipe
from export.baselines.words import FeatureLSTM, WordLSTM
from export.config import Config
from export.errors import StageError
from export.stages import Run

TEMPERATURES = (0.5, 1.0)
_SHOWN = 8  # samples of each temperature that are kept
_FOLDER = "ladder"
_NGRAM = "character-ngram"
Row = dict[str, Any]


@dataclass(frozen=True)
class Rung:
    """One baseline: how it is made and of what class its file is."""

    make: Callable[[Config], Baseline]
    kind: type[Baseline]
    suffix: str = ".pt"


def _net(cell: str) -> Rung:
    return Rung(lambda config: CharacterNet(cell, config.ladder, seed=config.seed), CharacterNet)


RUNGS: Mapping[str, Rung] = {
    _NGRAM: Rung(lambda config: CharacterNgram(config.ladder.ngram_order), CharacterNgram, ".npz"),
    **{f"character-{cell.lower()}": _net(cell) for cell in CELLS},
    "word-lstm": Rung(lambda config: WordLSTM(config.words, seed=config.seed), WordLSTM),
    "feature-lstm": Rung(lambda config: FeatureLSTM(config.words, seed=config.seed), FeatureLSTM),
    "original": Rung(
        lambda config: OriginalRecipe(Recipe(hidden=config.ladder.original_hidden), seed=config.seed), OriginalRecipe
    ),
}


@dataclass(frozen=True)
class _Material:
    """The lines that all rungs share."""

    train: list[Line]
    validation: list[Line]
    test: list[Line]

    @cached_property
    def memory(self) -> Memory:
        return Memory([line.text for line in self.train])

    @cached_property
    def human_share(self) -> float:
        """The memorised share of text that people wrote: what is no fault."""
        return self.memory.share([line.text for line in self.test])


class Ladder:
    """All rungs of one run, in `RUN/ladder`: a folder for each with its model and its row, and the table of all."""

    def __init__(self, run: Run, progress: Progress) -> None:
        """Take the run, whose corpus must be there."""
        self._run, self._progress = run, progress
        self.folder = run.folder / _FOLDER
        self._made_from = _fingerprint(run)

    def climb(self, names: Sequence[str], *, seconds: float | None = None, again: bool = False) -> dict[str, Any]:
        """Train these rungs where they do not stand yet (or `again`), draw the figures, and return what ladder.json holds.

        A rung that was trained on another corpus, with other settings or another seed does not stand. `seconds` replaces the
        configuration's time for each. Stopped in between, what is finished stays.
        """
        wanted = [name for name in RUNGS if name in names and (again or self._stored(name) is None)]
        task = self._progress.add_task("ladder", total=len(wanted))
        for name in wanted:
            self._train(name, seconds or self._run.config.ladder.seconds)
            self._progress.advance(task)
        return self._tell()

    @cached_property
    def _material(self) -> _Material:
        config = self._run.config
        task = self._progress.add_task("loading lines", total=None)

        def some(split: str, at_most: int) -> list[Line]:
            found = lines(self._run, split, at_most=at_most, seed=config.seed)
            if not found:
                raise StageError(f"The corpus has no lines for {split}; give `python -m export corpus` more to read.")
            return found

        held_out = config.ladder.held_out_lines
        material = _Material(some("train", config.ladder.train_lines), some("validation", held_out), some("test", held_out))
        self._progress.remove_task(task)
        return material

    def _train(self, name: str, seconds: float) -> None:
        """Fit, measure and keep one rung."""
        material, config = self._material, self._run.config
        model = RUNGS[name].make(config)
        task = self._progress.add_task(f"{name}: about {seconds:.0f} s", total=None)

        def report(epoch: Epoch) -> None:
            bits = epoch.validation_nats / math.log(2)
            told = f"{name}: epoch {epoch.number}, {bits:.3f} bits a character on validation, {epoch.seconds:.0f} s"
            self._progress.update(task, description=told)

        epochs = model.fit(material.train, material.validation, Budget(seconds, config.ladder.epochs), report)
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "row.json").unlink(missing_ok=True)  # no row beside a model that is not its own
        model.save(_model_path(self.folder, name))
        self._progress.update(task, description=f"{name}: measuring")
        kept: Row = {"made_from": self._made_from, "human_memorised_share": material.human_share}
        kept["row"] = {"rung": name, "budget_seconds": seconds, **self._measure(model, epochs)}
        if isinstance(model, CharacterNgram):
            kept["row"] |= self._measure_ngram(model)
            kept["orders"] = self._orders()
        _write(folder / "row.json", kept)
        self._progress.remove_task(task)

    def _measure(self, model: Baseline, epochs: Sequence[Epoch]) -> Row:
        """The row of one model, on the test lines."""
        test, settings = self._material.test, self._run.config.ladder
        nats = model.score(test)
        songs = [Line("", line.genres, line.features) for line in test]
        asked = [songs[i % len(songs)] for i in range(max(settings.samples, _SHOWN))]
        rng = np.random.default_rng((self._run.config.seed, 1))
        texts = {t: model.sample(asked if t == 1.0 else asked[:_SHOWN], rng, temperature=t) for t in TEMPERATURES}
        passes = sum(epoch.share for epoch in epochs)
        return {
            "name": model.name,
            "unit": model.unit,
            "parameters": model.parameters,
            "epochs": round(passes, 3),
            "seconds_per_epoch": sum(epoch.seconds for epoch in epochs) / max(passes, 1e-9),
            "bits_per_character": bits_per_character(nats, test),
            "perplexity_per_word": perplexity_per_word(nats, test) if np.isfinite(nats).all() else math.inf,
            "memorised_share": self._material.memory.share(texts[1.0]),
            "samples": {str(t): texts[t][:_SHOWN] for t in TEMPERATURES},
            "history": [dataclasses.asdict(epoch) for epoch in epochs],
        }

    def _measure_ngram(self, model: CharacterNgram) -> Row:
        """What stands in for the n-gram's infinite figures, each under its own name."""
        material = self._material
        *_, top = bias_variance.climb(material.train, material.test, model.order)
        told = bias_variance.measure(top, memorised=0.0)
        words = sum(len(line.text.split()) + 1 for line in material.test)
        return {
            "order": model.order,
            "unscorable_share": told.novel_share,
            "scorable_bits": told.held_out_bits,
            "smoothed_bits": told.smoothed_bits,
            "smoothed_perplexity": math.exp(float(top.smoothed.sum()) / words),
        }

    def _orders(self) -> list[Row]:
        """The bias-variance picture, on validation."""
        settings, material = self._run.config.ladder, self._material
        task = self._progress.add_task("n-gram orders", total=settings.highest_order)
        rows = bias_variance.figures(
            material.train,
            material.validation,
            material.memory,
            highest=settings.highest_order,
            samples=settings.samples,
            seed=self._run.config.seed,
            report=lambda order: self._progress.update(task, completed=order),
        )
        self._progress.remove_task(task)
        named = [dataclasses.asdict(row) for row in rows]
        return [{"validation_bits" if key == "held_out_bits" else key: row[key] for key in row} for row in named]

    def _stored(self, name: str) -> Row | None:
        """What was measured of a rung, if it still holds."""
        try:
            kept = json.loads((self.folder / name / "row.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        same = isinstance(kept, dict) and kept.get("made_from") == self._made_from and isinstance(kept.get("row"), dict)
        return kept if same and _model_path(self.folder, name).exists() else None

    def _tell(self) -> dict[str, Any]:
        """Write ladder.json and the figures from all rungs that stand."""
        stored = {name: kept for name in RUNGS if (kept := self._stored(name)) is not None}
        told: dict[str, Any] = {
            "split": "test",
            "human_memorised_share": next((kept["human_memorised_share"] for kept in stored.values()), None),
            "rows": [kept["row"] for kept in stored.values()],
            "ngram": stored.get(_NGRAM, {}).get("orders", []),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        told = _finite(told)
        _write(self.folder / "ladder.json", told)
        figures.draw_ladder(told["rows"], self.folder / "ladder.png")
        if told["ngram"]:
            figures.draw_orders(told["ngram"], told["human_memorised_share"], self.folder / "ngram.png")
        return told


def load_rung(run: Run, name: str) -> Baseline:
    """A rung as it was trained; StageError when it was not, or KeyError for a name that is not in RUNGS."""
    path = _model_path(run.folder / _FOLDER, name)
    if not path.exists():
        raise StageError(f"The rung {name} is not trained yet; run `python -m export ladder --only {name}`.")
    return RUNGS[name].kind.load(path)


def _model_path(folder: Path, name: str) -> Path:
    return folder / name / f"model{RUNGS[name].suffix}"


def _fingerprint(run: Run) -> str:
    """What a rung was made from: corpus, seed and settings, but not for how long it was trained."""
    ladder = dataclasses.replace(run.config.ladder, seconds=0.0, epochs=0)
    parts = (run.corpus_hash(), run.config.seed, dataclasses.asdict(ladder), dataclasses.asdict(run.config.words))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _write(path: Path, value: object) -> None:
    """JSON whose infinite numbers are null, put in the old file's place when it is whole."""
    text = json.dumps(_finite(value), indent=1, ensure_ascii=False, allow_nan=False)
    path.with_suffix(".new").write_text(text + "\n", encoding="utf-8")
    path.with_suffix(".new").replace(path)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
