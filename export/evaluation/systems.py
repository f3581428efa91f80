"""Who speaks in the evaluation: people, the baselines and a bundle in its modes, all about the same songs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from typing import Any

import numpy as np
from rich.progress import Progress

from export.baselines.base import Baseline, Line
from export.errors import StageError
from export.speaking import speak, subject_of_row
from export.stages import Run
from inference.bundle import Bundle
from inference.commentary import Commentator, Subject
from inference.generator import open_generator
from inference.tokenizer import FILLABLE

Song = Mapping[str, Any]  # a row of the corpus, of which genres and features are read

ORIGINAL = "original"  # a rung of the ladder
_AT_ONCE = 64  # texts asked of a baseline in one call
_THREADS, _SONGS_AT_ONCE = 2, 16  # replies made side by side


@dataclass(frozen=True)
class Said:
    """What one system writes, each sentence with the song that it was asked about."""

    key: str
    name: str
    texts: list[str]
    songs: list[Song]
    human: bool = False
    ranked: bool = False

    def first(self, n: int) -> Said:
        """Its first sentences."""
        return Said(self.key, self.name, self.texts[:n], self.songs[:n], self.human, self.ranked)


@dataclass(frozen=True)
class Missing:
    """A system that is not there, and what makes it."""

    key: str
    name: str
    command: str

    def as_dict(self) -> dict[str, str]:
        """As it stands in JSON."""
        return {"key": self.key, "name": self.name, "command": self.command}


@dataclass
class Cast:
    """Everybody who could be asked, and who is missing."""

    said: list[Said] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    baselines: dict[str, tuple[str, Baseline]] = field(default_factory=dict)  # key -> name, model


def songs_of(rows: Sequence[Song], *, seed: int) -> list[Song]:
    """Different songs, those of which nothing is known left out, in random order."""
    different = {(tuple(row["genres"]), tuple(sorted(row["features"].items()))): row for row in rows if row["genres"]}
    songs = list(different.values()) or list(rows[:1])
    return [songs[int(i)] for i in np.random.default_rng(seed).permutation(len(songs))]


def gather(run: Run, bundle: Bundle, songs: Sequence[Song], sentences: int, progress: Progress) -> Cast:
    """Ask every system for so many sentences about the songs, which come round again where they are fewer."""
    cast = Cast()
    for rung, key, label in ((ORIGINAL, "original", "original recipe (2018)"), (_best(run), "baseline", "best baseline")):
        model = _open_rung(run, rung)
        if model is None:
            only = f" --only {rung}" if rung else ""
            cast.missing.append(Missing(key, label, f"python -m export ladder{only} {_place(run)}"))
            continue
        name = label if rung == ORIGINAL else f"{label} ({model.name})"
        cast.baselines[key] = name, model
        cast.said.append(Said(key, name, *_read(_baseline(model, songs, run.config.seed), sentences, progress, name)))
    for mode in modes(bundle):
        ask = _ranked if mode.ranked else _samples
        said = _read(ask(bundle, mode, songs, run.config.seed), sentences, progress, mode.name)
        cast.said.append(Said(mode.key, mode.name, *said, ranked=mode.ranked))
    if bundle.manifest.proposals is None:
        command = f"python -m export lcgan {_place(run)} --into {bundle.folder}"
        cast.missing.append(Missing("lcgan", "CVAE + LC-GAN", command))
    return cast


@dataclass(frozen=True)
class Mode:
    """A way to let a bundle speak."""

    key: str
    name: str
    ranked: bool  # whether candidates are checked and the best chosen
    generator: bool  # whether latents are moved by the learnt generator
    critics: bool  # whether they are chosen by the critics


def modes(bundle: Bundle) -> list[Mode]:
    """From the plain prior to the full system, which is what the bundle does unless it is told otherwise."""
    plain = Mode("cvae", "CVAE from the prior", ranked=False, generator=False, critics=False)
    proposals = bundle.manifest.proposals
    if proposals is None:
        return [plain, Mode("full", "full system: CVAE, checked and ranked", ranked=True, generator=False, critics=False)]
    parts = {(False, False): "", (True, True): " + LC-GAN", (True, False): " + generator", (False, True): " + critics"}
    ships = (proposals.generator, proposals.critics)
    ranked = [
        Mode(f"{key}_ranked", f"CVAE{parts[way]}, checked and ranked", ranked=True, generator=way[0], critics=way[1])
        for key, way in (("cvae", (False, False)), ("lcgan", (True, True)))
        if way != ships
    ]
    return [
        plain,
        Mode("lcgan", "CVAE + LC-GAN", ranked=False, generator=True, critics=True),
        *ranked,
        Mode("full", f"full system as it ships: CVAE{parts[ships]}, checked and ranked", True, *ships),
    ]


def _read(
    stream: Iterator[list[tuple[str, Song]]], sentences: int, progress: Progress, name: str
) -> tuple[list[str], list[Song]]:
    """So many sentences and their songs, or fewer where the system falls silent."""
    task = progress.add_task(name, total=sentences)
    texts: list[str] = []
    songs: list[Song] = []
    for asked, some in enumerate(stream):
        texts += [text for text, _ in some]
        songs += [song for _, song in some]
        progress.update(task, completed=min(len(texts), sentences))
        if len(texts) >= sentences or asked >= sentences:  # who hardly ever answers is left with few
            break
    return texts[:sentences], songs[:sentences]


def _samples(bundle: Bundle, mode: Mode, songs: Sequence[Song], seed: int) -> Iterator[list[tuple[str, Song]]]:
    """One candidate for each song in turn, as it comes, before any gate."""
    generator = open_generator(bundle, learnt=mode.generator, critics=mode.critics)
    subjects = [subject_of_row(song) for song in songs]
    for turn in count():
        said = (spoken for some in speak(bundle, subjects, 1, seed=seed + turn, generator=generator) for spoken in some)
        for song, spoken in zip(songs, said, strict=True):
            yield [(spoken.text, song)]


def _ranked(bundle: Bundle, mode: Mode, songs: Sequence[Song], seed: int) -> Iterator[list[tuple[str, Song]]]:
    """The sentences of the first reply for each song in turn, in slot form."""
    commentator = Commentator(bundle, generator="learnt" if mode.generator else "prior", critics=mode.critics)

    def reply(turn: tuple[int, Song]) -> list[tuple[str, Song]]:
        i, song = turn
        subject = Subject(*FILLABLE, genres=tuple(song["genres"]), features=song["features"])
        replies = commentator.comment(subject, seed=seed + i).replies
        return [(slot_form(sentence), song) for said in replies for sentence in said.sentences]

    turns = enumerate(cycle(songs))
    with ThreadPoolExecutor(_THREADS) as pool:
        while True:
            yield from pool.map(reply, islice(turns, _SONGS_AT_ONCE))


def slot_form(sentence: str) -> str:
    """A sentence whose slots were filled with their own signs, as the corpus writes it."""
    return sentence.replace("\u2019", "'").replace("\u201c", "").replace("\u201d", "").lower()


def _baseline(model: Baseline, songs: Sequence[Song], seed: int) -> Iterator[list[tuple[str, Song]]]:
    """One text for each song in turn, at the baseline's own temperature."""
    rng = np.random.default_rng(seed)
    for start in count(step=_AT_ONCE):
        some = [songs[i % len(songs)] for i in range(start, start + _AT_ONCE)]
        texts = model.sample([Line("", tuple(song["genres"]), song["features"]) for song in some], rng)
        yield list(zip(texts, some, strict=True))


def _best(run: Run) -> str | None:
    """The rung of the fewest bits a character, the original not counted; None where nothing was measured."""
    try:
        rows = json.loads((run.folder / "ladder" / "ladder.json").read_text(encoding="utf-8"))["rows"]
        bits = {row["rung"]: row["bits_per_character"] for row in rows if row["bits_per_character"] is not None}
        bits.pop(ORIGINAL, None)
        return min(bits, key=bits.__getitem__, default=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StageError(
            f"ladder.json in {run.folder / 'ladder'} is broken ({error!r:.80}); run `python -m export ladder` again."
        ) from error


def _open_rung(run: Run, rung: str | None) -> Baseline | None:
    """A trained baseline, or None where it was not trained."""
    from export.baselines.ladder import RUNGS, load_rung  # noqa: PLC0415 - loads figures, which nobody else needs

    if rung is None or rung not in RUNGS:
        return None
    if not any((run.folder / "ladder" / rung).glob("model.*")):
        return None
    return load_rung(run, rung)


def _place(run: Run) -> str:
    """The options that name this run."""
    return f"--config {run.config.bundle.name} --run {run.folder}"
