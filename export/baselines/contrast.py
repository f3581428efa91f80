"""Which words the feature LSTM favours where one audio feature is highest, and which where it is lowest.

The original showed raw counts at energy 1.0 and 0.0. Here the words are ranked by the z-score of their log-odds ratio with
an informative Dirichlet prior (B. Monroe, M. Colaresi & K. Quinn, "Fightin' Words", 2008), beside the largest that chance
gives and beside what people write of songs with much and with little of the feature. Shapes: N lines, V words.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress, TaskID
from wordcloud import STOPWORDS

from export.baselines.base import Line, lines
from export.baselines.ladder import Ladder, load_rung
from export.baselines.song_features import in_unit
from export.baselines.words import FeatureLSTM
from export.errors import StageError
from export.stages import Run
from inference.checks import content_of
from inference.conditions import FEATURES
from inference.lexicon import PERSONS
from inference.words import words_of

_RUNG = "feature-lstm"
LOW, HIGH = 0.0, 1.0  # of the feature's range
_PRIOR_WORDS = 1_000.0  # what the prior weighs: as much as so many content words on each side
_AT_ONCE = 128  # lines
_SHUFFLES = 200
_CONFIDENCE = 0.95  # share of shuffles that stay below what is called chance
_QUARTER = 0.25  # of the training lines, that have most or least of a feature
_SEEN = 5  # times that training must have a word, so that what people do with it means something

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Favour:
    """A word with the z-score of its log-odds ratio, above 0 where the high side favours it."""

    word: str
    z: float
    high_count: float  # expected among the words sampled, so no whole number
    low_count: float
    people_z: float  # the same for what people wrote


@dataclass(frozen=True)
class Contrast:
    """What one feature does to the words; all that are no stop words, from the most favoured on the high side on."""

    feature: str
    words_sampled: int  # on each side, stop words counted
    chance_z: float  # the largest |z| of any word in 95 of 100 shuffles of the sampled lines
    favours: tuple[Favour, ...]

    def side(self, sign: int, at_most: int) -> list[Favour]:
        """The words most favoured by the high (1) or the low side (-1), the strongest first."""
        ranked = sorted(self.favours, key=lambda favour: (-sign * favour.z, favour.word))
        return [favour for favour in ranked if sign * favour.z > 0][:at_most]

    def beyond_chance(self, sign: int) -> int:
        """How many words of a side stand out further than chance lets any."""
        return sum(sign * favour.z > self.chance_z for favour in self.favours)

    def agreement(self, at_most: int) -> float:
        """Share of the words that stand out most which people favour on the same side, 0 to 1; by chance about a half."""
        listed = self.side(1, at_most) + self.side(-1, at_most)
        return float(np.mean([favour.z * favour.people_z > 0 for favour in listed])) if listed else 0.0

    def as_json(self, at_most: int) -> dict[str, Any]:
        """What the report reads, `at_most` words a side."""
        sides = {"high_words": self.side(1, at_most), "low_words": self.side(-1, at_most)}
        return {
            "feature": self.feature,
            "low": LOW,
            "high": HIGH,
            "words_sampled": self.words_sampled,
            "chance_z": round(self.chance_z, 3),
            "beyond_chance": {"high": self.beyond_chance(1), "low": self.beyond_chance(-1)},
            "people_agree": round(self.agreement(at_most), 3),
            **{
                name: [{k: v if isinstance(v, str) else round(v, 3) for k, v in vars(f).items()} for f in favours]
                for name, favours in sides.items()
            },
        }


def content_words(text: str) -> list[str]:
    """Words of a text that are no stop words, slots or possessives, as often as they are said.

    The stop words are those of the word clouds' library, function words, and words for persons. The longer lists of
    scikit-learn and gensim are not used: they stop "thick", "thin", "empty" and "fire", which tell of sound.
    """
    words = [word.removesuffix("'s") for word in words_of(text)]
    says = content_of(tuple(words)) - STOPWORDS - PERSONS
    return [word for word in words if word in says]


def log_odds(high: Counts, low: Counts, prior: Counts) -> Counts:
    """z-scores (V,) of the log-odds ratios of counts (V,), given pseudo-counts (V,) above 0 for both sides."""
    first, second = high + prior, low + prior
    delta = np.log(first / (first.sum() - first)) - np.log(second / (second.sum() - second))
    return np.asarray(delta / np.sqrt(1 / first + 1 / second))


def dirichlet_prior(counts: Mapping[str, int], words: Sequence[str], *, weight: float = _PRIOR_WORDS) -> Counts:
    """Pseudo-counts (V,) that sum to `weight`, in proportion to how often training text says each word."""
    seen = np.array([counts.get(word, 0) + 0.5 for word in words], dtype=np.float64)
    return np.asarray(seen / seen.sum() * weight)


def chance_z(said: NDArray[np.float32], highs: int, prior: Counts, rng: np.random.Generator) -> float:
    """The |z| that no word exceeds in 95 of 100 shuffles of which lines (N, V) were said on the high side."""
    total = said.sum(axis=0, dtype=np.float64)
    largest = []
    for _ in range(_SHUFFLES):
        chosen = np.zeros(len(said), dtype=np.float32)
        chosen[rng.permutation(len(said))[:highs]] = 1
        high = (chosen @ said).astype(np.float64)
        largest.append(float(np.abs(log_odds(high, np.maximum(total - high, 0), prior)).max()))
    return float(np.quantile(largest, _CONFIDENCE))


class People:
    """What people wrote: how often they say each word, and, in lines that the model never read, which words of which songs."""

    def __init__(self, train: Sequence[Line], held_out: Sequence[Line]) -> None:
        """Take lines to count words in, and other lines, whose features are the songs' own, to compare with."""
        counts = Counter(word for line in train for word in content_words(line.text))
        self.words = sorted(word for word, n in counts.items() if n >= _SEEN)
        self.prior = dirichlet_prior(counts, self.words)
        self._said = [(line.features, content_words(line.text)) for line in held_out]

    def favour(self, feature: str) -> Counts:
        """z-scores (V,) between the quarter of the lines with most of a feature and that with least; 0 where none knows it."""
        known = [(features[feature], said) for features, said in self._said if feature in features]
        least, most = np.quantile([value for value, _ in known] or [0.0], [_QUARTER, 1 - _QUARTER])
        high = Counter(word for value, said in known if value >= most for word in said)
        low = Counter(word for value, said in known if value <= least for word in said)
        first, second = (np.array([side[word] for word in self.words], dtype=np.float64) for side in (high, low))
        return log_odds(first, second, self.prior)


def compare(
    model: FeatureLSTM, feature: str, people: People, *, words: int, seed: int, report: Callable[[int], None]
) -> Contrast:
    """Sample `words` words with the feature at its highest, everything else unknown, and with equal noise at its lowest.

    A word counts by the model's probability for it at each of these places, not only where it happened to be drawn. `report`
    hears of the words sampled so far, twice `words` in the end. ValueError for a feature that there is not, StageError where
    training has no content words to compare.
    """
    if feature not in FEATURES:
        raise ValueError(f"There is no audio feature {feature!r}; known are {', '.join(FEATURES)}.")
    if len(people.words) < 2:
        raise StageError("The corpus has too few words to compare; give `python -m export corpus` more to read.")
    said: list[NDArray[np.float32]] = []  # of each side, (N, V)
    for place in (HIGH, LOW):
        line = Line("", features={feature: in_unit(feature, place)})
        before = len(said) * words
        written = _write(model, line, words, np.random.default_rng(seed), lambda n, before=before: report(before + n))  # type: ignore[misc]  # mypy cannot infer a bound default
        said.append(_content_counts(model, written, people.words))
    high, low = (counts.sum(axis=0, dtype=np.float64) for counts in said)
    columns = zip(people.words, log_odds(high, low, people.prior), high, low, people.favour(feature), strict=True)
    favours = [Favour(word, *map(float, numbers)) for word, *numbers in columns]
    chance = chance_z(np.concatenate(said), len(said[0]), people.prior, np.random.default_rng(seed))
    return Contrast(feature, words, chance, tuple(sorted(favours, key=lambda favour: (-favour.z, favour.word))))


def _write(
    model: FeatureLSTM, condition: Line, words: int, rng: np.random.Generator, report: Callable[[int], None]
) -> list[Line]:
    """Lines under one condition until `words` words are said; the last is cut there."""
    texts: list[Line] = []
    said = 0
    while said < words:
        for text in model.sample([condition] * _AT_ONCE, rng):
            kept = text.split()[: words - said]
            texts.append(Line(" ".join(kept), features=condition.features))
            said += max(len(kept), 1)  # an empty text counts, or a model that says nothing would never be done
            if said >= words:
                break
        report(said)
    return texts


def _content_counts(model: FeatureLSTM, written: Sequence[Line], words: Sequence[str]) -> NDArray[np.float32]:
    """Expected counts (N, V) of content words in lines that the model wrote; a compound counts for each of its words."""
    places = {word: i for i, word in enumerate(words)}
    entries = model.vocabulary.words
    pairs = [
        (number, places[word])
        for number, entry in zip(model.vocabulary.encode(entries), entries, strict=True)
        for word in content_words(entry)
        if word in places
    ]
    expected = model.expected_counts(written)  # (N, V of the model)
    counts = np.zeros((len(words), len(written)), dtype=np.float32)
    numbers, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    np.add.at(counts, rows, expected.T[numbers])
    return counts.T


class Contrasts:
    """The contrasts of one run, in `RUN/contrast`."""

    def __init__(self, run: Run, progress: Progress) -> None:
        """Take the ladder's feature LSTM, trained first where it does not stand, and read what people wrote."""
        self._seed, self._progress = run.config.seed, progress
        self.folder = run.folder / "contrast"
        self.folder.mkdir(parents=True, exist_ok=True)
        Ladder(run, progress).climb([_RUNG])
        model = load_rung(run, _RUNG)
        assert isinstance(model, FeatureLSTM)  # noqa: S101 - narrows the type for mypy; the rung is of this class
        self._model = model
        task = progress.add_task("reading what people wrote", total=None)
        held_out = [line for split in ("validation", "test") for line in lines(run, split)]
        self._people = People(lines(run, "train"), model.scale.own(held_out))
        progress.remove_task(task)

    def of(self, feature: str, words: int, *, kept: int) -> Contrast:
        """The contrast of one feature, written to its JSON file with `kept` words a side."""
        task = self._progress.add_task(f"sampling, {feature}", total=2 * words)
        report = partial(self._report, task)
        found = compare(self._model, feature, self._people, words=words, seed=self._seed, report=report)
        text = json.dumps(found.as_json(kept), indent=1, ensure_ascii=False)
        (self.folder / f"{feature}.json").write_text(text + "\n", encoding="utf-8")
        return found

    def _report(self, task: TaskID, words: int) -> None:
        self._progress.update(task, completed=words)
