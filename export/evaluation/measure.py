"""The whole evaluation of a bundle: everybody asked about the same songs, measured alike, beside what people write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from export.baselines.base import Baseline, Line, perplexity_per_word
from export.corpus.pipeline import SPLITS, read_rows
from export.cvae import CVAE
from export.data import Dataset, held_out_rows
from export.errors import StageError
from export.evaluation.copying import Copied, find_copies
from export.evaluation.divergence import mauve
from export.evaluation.judges import Judges, open_judges
from export.evaluation.latent import draw_latent
from export.evaluation.likelihood import evaluate_model
from export.evaluation.readers import SongReader, human_or_machine
from export.evaluation.systems import Cast, Missing, Said, Song, gather, songs_of
from export.evaluation.table import JSON_NAME, MARKDOWN_NAME, PEOPLE, PEOPLE_FIT, SCHEMA, as_markdown, verdicts
from export.evaluation.texts import measure_texts
from export.speakable import speakable_weight
from export.stages import Run
from export.takeover import take_over
from inference.bundle import Bundle

FOLDER = "evaluation"
_WEIGHTED = 250  # sentences of the importance-weighted figure, and of the baselines'
_SHOWN = 24  # sentences of each system that are kept, the first ones
_PICTURED = 3000  # sentences in the picture of the latent space
_NOTES = (
    "People's sentences *fit to be said of a song* (no mask, nobody unknown, no claim; describing the sound or naming the "
    "song; captions left out, as nobody writes so of a song) are what the systems are compared with, to match in length and "
    "matter. "
    "They are of the validation and test parts together, which nothing was trained on, and the first column is the rest of "
    "those parts.",
    "People's row is measured against itself by halves: each half is a block, and the other half is what it is compared with.",
    "Copied runs are looked for in all sentences that were read for training, film reviews included.",
    "The judges learnt from the same training text as the systems, as there is no other; people's sentences are new to them.",
)


@dataclass(frozen=True)
class _People:
    """People's held-out sentences: those to compare with, in two blocks, and the rest."""

    blocks: tuple[list[Song], list[Song]]
    rest: list[Song]

    @property
    def size(self) -> int:
        """Sentences in a block."""
        return len(self.blocks[0])

    def said(self) -> list[Said]:
        """The two rows of people."""
        fit = [*self.blocks[0], *self.blocks[1]]
        return [
            Said(PEOPLE, "people, held out", [row["text"] for row in self.rest], self.rest, human=True),
            Said(PEOPLE_FIT, "people, fit to be said of a song", [row["text"] for row in fit], fit, human=True),
        ]


@dataclass(frozen=True)
class _Measures:
    """What sentences are measured with."""

    judges: Judges
    reader: SongReader
    people: _People
    seed: int

    def figures(self, said: Said, copied: Copied) -> dict[str, float | None]:
        """All figures of one row."""
        n, texts = self.people.size, said.texts
        people = [[row["text"] for row in block] for block in self.people.blocks]
        pairs = [(texts[:n], people[1]), (texts[n:], people[0])]  # the row of people itself: each half and the other
        states = [(self.judges.states(mine), self.judges.states(theirs)) for mine, theirs in pairs]
        own_half = said.key == PEOPLE_FIT
        against, judged = (people[1], people[0]) if own_half else (people[0] + people[1], texts)
        told = self.judges.features(against), self.judges.features(judged)
        return {
            **measure_texts(texts),
            **self.judges.forward(texts),
            "reverse_perplexity": float(np.exp(np.mean([np.log(self.judges.reverse(*pair)) for pair in pairs]))),
            "human_or_machine": human_or_machine(against, judged, told, seed=self.seed),
            "mauve": float(np.mean([mauve(*pair, seed=self.seed) for pair in states])),
            **self.reader.figures(texts, said.songs),
            **copied.figures(),
        }


def evaluate(run: Run, folder: Path, sentences: int, progress: Progress) -> dict[str, Any]:
    """Measure everything at so many sentences a row, or as many as people's fit ones allow; returns what is written.

    Writes evaluation.json, evaluation.md, latent.png and latent.json in RUN/evaluation. Raises StageError when the run has
    too little held-out text.
    """
    run.need(run.commentary, "corpus")
    bundle = Bundle.open(folder, device="cpu", threads=1)  # one candidate batch is small: further threads only wait
    task = progress.add_task("evaluation", total=5)
    parts: dict[str, list[Song]] = {name: [] for name in SPLITS}
    for row in read_rows(run.commentary):
        parts[row["split"]].append(row)
    train, test, seed = parts["train"], parts["test"], run.config.seed
    people = _people([*parts["validation"], *test], sentences, run)
    out = run.folder / FOLDER
    out.mkdir(parents=True, exist_ok=True)

    def step(name: str) -> None:
        progress.update(task, description=name, advance=1)

    step("fitting the judges")
    judges = open_judges(run, out, [row["text"] for row in train], progress)
    reader = SongReader(train, most=run.config.evaluation.reader_sentences, seed=seed)
    step("asking the systems")
    cast = gather(run, bundle, songs_of(test, seed=seed), 2 * people.size, progress)
    said = _complete([*people.said(), *cast.said], cast, 2 * people.size)
    step("looking for copies")
    copied = find_copies({row.key: row.texts for row in said}, _read_for_training(run, train))
    step("measuring what is written")
    rows = _rows(said, _Measures(judges, reader, people, seed), copied, progress)
    step("measuring the models")
    told = _told(run, bundle, people, rows, cast, _models(run, bundle, cast, sentences, progress))
    draw_latent(bundle, people.rest[:_PICTURED] + people.blocks[0] + people.blocks[1], out, seed=seed)
    (out / JSON_NAME).write_text(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    (out / MARKDOWN_NAME).write_text(as_markdown(told), encoding="utf-8")
    return told


def _told(
    run: Run, bundle: Bundle, people: _People, rows: list[dict[str, Any]], cast: Cast, model: dict[str, Any]
) -> dict[str, Any]:
    """What evaluation.json holds."""
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "bundle": {"name": bundle.manifest.name, "version": bundle.manifest.version, "folder": str(bundle.folder)},
        "seed": run.config.seed,
        "sentences": 2 * people.size,
        "block": people.size,
        "rows": rows,
        "missing": [missing.as_dict() for missing in cast.missing],
        "model": model,
        "lcgan": _lcgan(run),
        "notes": list(_NOTES),
    }
    return told | {"wanted": verdicts(told)}


def _people(held_out: Sequence[Song], sentences: int, run: Run) -> _People:
    """Choose people's sentences, each text once."""
    distinct = list({row["text"]: row for row in held_out}.values())
    mixed = [distinct[int(i)] for i in np.random.default_rng(run.config.seed).permutation(len(distinct))]
    fit = [row for row in mixed if row["kind"] != "caption" and speakable_weight(row["text"]) > 0]
    block, least = min(sentences, len(fit)) // 2, run.config.evaluation.least_sentences
    if 2 * block < least:
        raise StageError(
            f"Only {len(fit)} held-out sentences are fit to be said of a song, and {least} are needed (asked: {sentences}); "
            "ask for more, or run `python -m export corpus` on more text."
        )
    texts = {row["text"] for row in fit}
    rest = [row for row in mixed if row["text"] not in texts]
    return _People((fit[:block], fit[block : 2 * block]), rest)


def _complete(said: Sequence[Said], cast: Cast, sentences: int) -> list[Said]:
    """Rows of equal size; a system that says too little becomes one that is missing."""
    rows = []
    for row in said:
        if len(row.texts) >= sentences:
            rows.append(row.first(sentences))
        elif row.key != PEOPLE:
            name = f"{row.name} ({len(row.texts)} of {sentences} sentences)"
            cast.missing.append(Missing(row.key, name, "python -m export cvae --budget 2h"))
    return rows


def _rows(said: Sequence[Said], measures: _Measures, copied: Mapping[str, Copied], progress: Progress) -> list[dict[str, Any]]:
    task = progress.add_task("rows", total=len(said))
    rows = []
    for row in said:
        rows.append(
            {
                "key": row.key,
                "name": row.name,
                "human": row.human,
                "ranked": row.ranked,
                "sentences": len(row.texts),
                "figures": measures.figures(row, copied[row.key]),
                "samples": [] if row.human else row.texts[:_SHOWN],
            }
        )
        progress.advance(task)
    return rows


def _read_for_training(run: Run, train: Sequence[Song]) -> Iterator[str]:
    """Every sentence that training reads."""
    yield from (row["text"] for row in train)
    if run.warm_start.exists():
        yield from (row["text"] for row in read_rows(run.warm_start))


def _models(run: Run, bundle: Bundle, cast: Cast, sentences: int, progress: Progress) -> dict[str, Any]:
    """How likely each model finds the test part, and what its latent holds."""
    test = run.split("test")
    rows = []
    task = progress.add_task("models", total=len(cast.baselines) + 1)
    for key, (name, model) in cast.baselines.items():
        found = _baseline_perplexity(model, test, cast, sentences)
        rows.append({"key": key, "name": name, "figures": {"perplexity_importance_weighted": found}})
        progress.advance(task)
    figures, note = _cvae(run, bundle, test, sentences)
    rows.append({"key": "cvae", "name": "CVAE", "figures": figures})
    progress.advance(task)
    return {"note": note, "rows": rows}


def _baseline_perplexity(model: Baseline, test: Dataset, cast: Cast, sentences: int) -> float | None:
    """Perplexity a word on the same test sentences, their songs not told; None where one of them cannot be made."""
    lines = [Line(test.texts[i]) for i in held_out_rows(test, min(sentences, _WEIGHTED))]
    nats = model.score(lines)
    return perplexity_per_word(nats, lines) if np.isfinite(nats).all() else None


def _cvae(run: Run, bundle: Bundle, test: Dataset, sentences: int) -> tuple[dict[str, float], str]:
    """Figures of the weights in the bundle, or what its manifest tells where another run made it."""
    torch.manual_seed(run.config.seed)
    conditions = run.conditions()
    model = CVAE(run.tokenizer().size, conditions.size, run.config.model)
    try:
        same_words = run.tokenizer_path.read_bytes() == (bundle.folder / "tokenizer.model").read_bytes()
        if not same_words or not np.array_equal(conditions.genres.vectors, bundle.conditions.genres.vectors):
            raise StageError("The bundle reads other words or genres than this run.")
        take_over(model, bundle.folder)
    except StageError:
        told = bundle.manifest.figures
        found = {name: float(value) for name, value in told.items() if isinstance(value, int | float)}
        return found, "The bundle was made by another run, so its figures are those that its manifest tells."
    some = min(sentences, len(test))
    found = evaluate_model(model.eval(), test, some, weighted=_WEIGHTED)
    return found, (
        f"Measured with the bundle's own weights on {some:,} sentences of the test part, the importance-weighted perplexity "
        f"and the baselines on the first {min(some, _WEIGHTED):,} of them."
    )


def _lcgan(run: Run) -> dict[str, Any] | None:
    """The LC-GAN's own table, where its stage has run."""
    try:
        told = json.loads((run.folder / "lcgan" / "lcgan.json").read_text(encoding="utf-8"))
        return {"rows": [dict(row) for row in told["rows"]]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageError(f"lcgan.json is broken ({error!r:.80}); run `python -m export lcgan` again.") from error
