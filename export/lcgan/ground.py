"""What the LC-GAN stands on: songs of the corpus as the bot asks about them, and where people's sentences lie in z.

Legend of shapes: M sentences, Z latent, A condition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from export.corpus.pipeline import read_rows
from export.data import style_of
from export.errors import StageError
from export.posteriors import posteriors
from export.speakable import ANY_NAMES, speakable_weight
from export.speaking import PRAISE
from export.stages import Run
from inference.bundle import Bundle
from inference.checks import Context
from inference.commentary import Subject, conditions_asked
from inference.conditions import Conditions
from inference.genres import families_of

_UNKNOWN = 0.15  # share of songs without genres, and of songs without features, while training
_SLOTS_FIRST = 10.0  # a sentence's slots count for so much more than its length when its way is looked for
_FEWEST = 8  # sentences below which nothing can be learnt

Floats = NDArray[np.float32]
Work = tuple[tuple[str, ...], tuple[tuple[str, float], ...]]  # genres and features


@dataclass
class Writing:
    """The corpus by split: sentences of each work; and how much the training sentences praise."""

    works: dict[str, dict[Work, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    texts: list[str] = field(default_factory=list)  # of the training part
    praise: list[float] = field(default_factory=list)  # 0 to 10, of the same


@dataclass(frozen=True)
class Ground:
    """Sentences that people wrote, fit to be said, with their posteriors and with the way the bot asks for such a one."""

    texts: list[str]
    conditions: Floats  # (M, A)
    mean: Floats  # (M, Z)
    deviation: Floats  # (M, Z)
    way: NDArray[np.int64]  # (M,), which of the bot's ways to ask
    contexts: list[Context]  # (M), of each sentence's song

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Places of sentences, with repetition, so that every way to ask is equally frequent, as when the bot speaks."""
        weight = 1.0 / np.bincount(self.way)[self.way]
        return rng.choice(len(self.way), size=count, p=weight / weight.sum())

    def latents(self, rng: np.random.Generator, ways: NDArray[np.int64]) -> Floats:
        """A posterior z (N, Z) of some sentence of each of these ways (N,): the aggregated posterior."""
        found = np.empty(len(ways), dtype=np.int64)
        for way in np.unique(ways):
            same = np.flatnonzero(self.way == way)
            found[ways == way] = rng.choice(same if len(same) else len(self.way), size=int((ways == way).sum()))
        return self.posterior(rng, found)

    def posterior(self, rng: np.random.Generator, places: NDArray[np.int64]) -> Floats:
        """One z (N, Z) from the posterior of each of these sentences (N,)."""
        noise = rng.standard_normal((len(places), self.mean.shape[1])).astype(np.float32)
        return np.asarray(self.mean[places] + self.deviation[places] * noise)


def read_writing(run: Run) -> Writing:
    """Read the corpus of a run once."""
    run.need(run.commentary, "corpus")
    writing = Writing()
    for row in read_rows(run.commentary):
        writing.works[row["split"]][tuple(row["genres"]), tuple(row["features"].items())].append(row["text"])
        if row["split"] == "train":
            writing.texts.append(row["text"])
            writing.praise.append(row["praise"])
    return writing


def prepare(
    bundle: Bundle, works: dict[Work, list[str]], songs: int, *, vary: bool, seed: int, advance: Callable[[], None]
) -> Ground:
    """The ground under up to `songs` songs of a split; `advance` is called after each.

    With `vary`, half of the songs are asked about with any praise, not the default, and of some less is known: what is
    learnt must hold for those too. Raises StageError when hardly a sentence is fit to be said.
    """
    rng = np.random.default_rng(seed)
    names = list(works)
    texts: list[str] = []
    conditions: list[Floats] = []
    ways: list[int] = []
    contexts: list[Context] = []
    for i in rng.permutation(len(names)):
        fit = [text for text in works[names[i]] if speakable_weight(text) > 0]
        if not fit:
            continue
        subject, praise = _ask(names[i], rng if vary else None)
        asked = conditions_asked(bundle, subject, ANY_NAMES, praise)  # (ways, A)
        nearest = [_way(bundle, asked, text) for text in fit]
        context = Context(bundle.words, bundle.novelty, families_of(subject.genres), subject.features)
        texts += fit
        conditions += [asked[way] for way in nearest]
        ways += nearest
        contexts += [context] * len(fit)
        advance()
        songs -= 1
        if not songs:
            break
    if len(texts) < _FEWEST:
        raise StageError(f"Only {len(texts)} sentences of the corpus are fit to be said; make it of more text.")
    mean, deviation = posteriors(bundle, texts)
    return Ground(texts, np.stack(conditions), mean, deviation, np.array(ways, dtype=np.int64), contexts)


def _ask(work: Work, rng: np.random.Generator | None) -> tuple[Subject, float]:
    genres, features = work
    if rng is None:
        return Subject(ANY_NAMES.artist, ANY_NAMES.title, genres, dict(features)), PRAISE
    known = rng.random(2) >= _UNKNOWN
    subject = Subject(ANY_NAMES.artist, ANY_NAMES.title, genres if known[0] else (), dict(features) if known[1] else {})
    return subject, PRAISE if rng.random() < 0.5 else float(rng.uniform(0, 10))


def _way(bundle: Bundle, asked: Floats, text: str) -> int:
    """The row of what is asked (ways, A) that a sentence comes nearest to, by slots, then by length."""
    style = style_of(text, "other")
    own = bundle.conditions.encode(
        Conditions(words=style["words"], artist_slot=style["artist_slot"], title_slot=style["title_slot"], masks=False)
    )
    parts = bundle.conditions.parts
    off = [np.abs(asked[:, parts[part]] - own[:, parts[part]]).sum(axis=1) for part in ("slots", "words")]
    return int(np.argmin(_SLOTS_FIRST * off[0] + off[1]))
