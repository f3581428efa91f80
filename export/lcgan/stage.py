"""The LC-GAN from a bundle and a corpus to graphs and table; what was trained is kept, so that an interruption costs little."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.progress import Progress

from export.config import LcganConfig
from export.errors import StageError
from export.lcgan.ground import Ground, Writing, prepare, read_writing
from export.lcgan.shipping import REPORT, decide, decoder_hash, report_of, weights_of, write_graphs
from export.lcgan.table import Setting, rows_of
from export.lcgan.training import Bench, Objective, objectives, prepare_bench, train
from export.lcgan.voice import Voice
from export.stages import Run
from export.values import Value, descriptive_words, energy, readability, sayable, sentiment, topic, votes
from export.votes import read_votes
from inference.bundle import CRITICS, GENERATOR, Bundle
from inference.topics import TopicModel

_PART = "part.json"


@dataclass(frozen=True)
class Asked:
    """What one run of the command is to do."""

    bundle: Path
    votes: Path | None = None
    only: tuple[str, ...] = ()  # names of objectives; all, where none is named
    ship: str = "joint"


def run_lcgan(run: Run, asked: Asked, progress: Progress) -> dict[str, Any]:
    """Train a generator for each objective, measure all, write RUN/lcgan, and return what lcgan.json says."""
    laboratory = _Laboratory(run, asked, progress)
    todo = laboratory.objectives()
    histories = {objective.name: laboratory.trained(objective) for objective in todo}
    setting = laboratory.setting()
    systems = 4 + 3 * len(todo)
    task = progress.add_task("table", total=systems)

    def advance() -> None:
        progress.advance(task)

    plain = setting.plain(advance)
    rows: list[dict[str, Any]] = []
    for objective in todo:
        learnt = laboratory.voice.systems(laboratory.part(objective), weights_of(objective), run.config.lcgan)
        rows += rows_of(setting.bench, objective, plain | setting.learnt(learnt, advance))
    shipped = next(objective for objective in todo if objective.name == asked.ship)
    system, proposals = decide(rows, shipped, run.config.lcgan)
    for name in (GENERATOR, CRITICS):
        shutil.copyfile(laboratory.part(shipped) / name, laboratory.folder / name)
    report = {
        "bundle": f"{laboratory.bundle.manifest.name} {laboratory.bundle.manifest.version}",
        "decoder": decoder_hash(asked.bundle),
        "values": [{"name": value.name, "threshold": value.threshold} for value in laboratory.values],
        "ships": report_of(proposals, shipped, system),
        "rows": rows,
        "history": [entry for history in histories.values() for entry in history],
    }
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    (laboratory.folder / REPORT).write_text(text + "\n", encoding="utf-8")
    return report


class _Laboratory:
    """Everything that one run of the command shares, made when first asked for."""

    def __init__(self, run: Run, asked: Asked, progress: Progress) -> None:
        self.run, self.asked, self.progress = run, asked, progress
        self.config: LcganConfig = run.config.lcgan
        self.folder = run.lcgan
        self.bundle = Bundle.open(asked.bundle, device="cpu")
        self.voice = Voice(self.bundle)
        self.writing: Writing = read_writing(run)

    @cached_property
    def ground(self) -> Ground:
        return self._prepare("train", self.config.songs, vary=True)

    @cached_property
    def values(self) -> list[Value]:
        """All value functions that there is something to tell by."""
        run, bundle = self.run, self.bundle
        topics = bundle.topics or (TopicModel.load(run.topics) if run.topics.exists() else None)
        made = [topic(topics)] if topics is not None else []
        made += [
            descriptive_words(),
            readability(bundle, self.ground.texts),
            sentiment(bundle.conditions, self.writing.texts, self.writing.praise, seed=run.config.seed),
            sayable(bundle),
        ]
        if bundle.energy is not None:
            made.append(energy(bundle.energy, bundle.conditions))
        if self.asked.votes is not None:
            made.append(votes(bundle, read_votes(self.asked.votes)))
        return made

    @cached_property
    def bench(self) -> Bench:
        task = self.progress.add_task("first latents", total=3)
        bench = prepare_bench(
            self.config, self.voice, self.ground, self.values, self.run.config.seed, lambda: self.progress.advance(task)
        )
        self.progress.remove_task(task)
        return bench

    def objectives(self) -> list[Objective]:
        """What is to be reached; StageError for a name that there is no value of."""
        known = {objective.name: objective for objective in objectives(self.values, self.config.joint)}
        wanted = (*self.asked.only, self.asked.ship) if self.asked.only else tuple(known)
        unknown = sorted({*wanted, self.asked.ship} - known.keys())
        if unknown:
            raise StageError(f"There is no objective {unknown[0]!r:.60} here; use {', '.join(known)}.")
        return [objective for name, objective in known.items() if name in wanted]

    def part(self, objective: Objective) -> Path:
        """Where the graphs of an objective are kept."""
        return self.folder / "parts" / objective.name

    def trained(self, objective: Objective) -> list[dict[str, Any]]:
        """The history of an objective's training, which is done unless it was done before with all the same."""
        part, stamp = self.part(objective) / _PART, self._stamp(objective)
        if part.exists():
            kept = json.loads(part.read_text(encoding="utf-8"))
            if kept["stamp"] == stamp:
                return list(kept["history"])
        history = self._train(objective)
        text = json.dumps({"stamp": stamp, "history": history}, indent=1, allow_nan=False)
        part.write_text(text + "\n", encoding="utf-8")
        return history

    def setting(self) -> Setting:
        """The questions of the table."""
        return Setting.of(self.bench, self._prepare("test", self.config.held_out_songs, vary=False))

    def _train(self, objective: Objective) -> list[dict[str, Any]]:
        bench, config = self.bench, self.config
        task = self.progress.add_task(objective.name, total=config.rounds * len(config.distances))
        every = []
        for number, distance in enumerate(config.distances):
            every.append(train(bench, objective, distance, self._hears(task, objective, distance)))
            self.progress.update(task, completed=config.rounds * (number + 1))
        best = max(every, key=lambda trained: trained.worth)
        names = [value.name for value in bench.values]
        write_graphs(best.generator, best.critics, names, self.part(objective), seed=self.run.config.seed)
        self.progress.remove_task(task)
        return [entry | {"chosen": trained is best} for trained in every for entry in trained.history]

    def _hears(self, task: Any, objective: Objective, distance: float) -> Callable[[dict[str, Any]], None]:
        def hear(entry: dict[str, Any]) -> None:
            told = (
                f"{objective.name} distance {distance:g} round {entry['round']}: attribute {entry['attribute']:.3f} "
                f"distinct-2 {entry['distinct_2']:.3f} |z|/√d {entry['z_norm']:.2f} gates {entry['gates']:.2f}"
            )
            self.progress.console.print(told, soft_wrap=True)
            self.progress.update(task, advance=1, description=objective.name)

        return hear

    def _prepare(self, split: str, songs: int, *, vary: bool) -> Ground:
        works = self.writing.works[split]
        task = self.progress.add_task(f"songs ({split})", total=min(songs, len(works)))
        seed = self.run.config.seed
        ground = prepare(self.bundle, works, songs, vary=vary, seed=seed, advance=lambda: self.progress.advance(task))
        self.progress.remove_task(task)
        return ground

    def _stamp(self, objective: Objective) -> str:
        """What a training depends on."""
        files: Sequence[Path] = [path for path in (self.run.topics, self.asked.votes) if path is not None and path.exists()]
        parts = [
            objective.values,
            [value.name for value in self.values],
            asdict(self.config),
            self.run.config.seed,
            self.run.corpus_hash(),
            {name: entry.sha256 for name, entry in self.bundle.manifest.files.items() if name not in (GENERATOR, CRITICS)},
            asdict(self.bundle.manifest.sampling),
            [hashlib.sha256(path.read_bytes()).hexdigest() for path in files],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
