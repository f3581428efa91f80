"""Readers of text: who wrote a sentence, a person or a machine; of which kind of song it is, and how loud a one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.genres import families_of

LEAST = 20  # texts about a family, or about loud or quiet songs, below which nothing is told of it
_FOLDS = 4  # halves: each serves once to learn from and once to be judged, in two divisions
_STRENGTH = 4.0  # inverse of the regularisation of who wrote it
_WORDS = r"<[a-z]+>|[^\W_]+(?:'[^\W_]+)*|[^\w\s]"  # words, slots and marks
_QUARTILES = (0.25, 0.75)

Floats = NDArray[np.float64]


def human_or_machine(human: Sequence[str], machine: Sequence[str], told: tuple[Floats, Floats], *, seed: int) -> float:
    """AUC at which a classifier tells one kind of sentences from the other: 0.5 (not at all) to 1 (always).

    Logistic regression on TF-IDF of words and pairs of words, and on `told`, what language models make of each sentence
    (N, F) and (M, F); learnt on one half, judged on the other, and the reverse. It depends on how many there are.
    """
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - slow to load, and needed for evaluation alone
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - as above

    texts, label = np.array([*human, *machine], dtype=object), np.repeat([0, 1], [len(human), len(machine)])
    features = np.concatenate(told)
    found = []
    for learn, judge in _halves(label, seed):
        words = _tf_idf(min_df=2)
        middle, spread = features[learn].mean(axis=0), features[learn].std(axis=0) + 1e-6
        scaled = csr_matrix(np.clip((features - middle) / spread, -4, 4))
        model = LogisticRegression(C=_STRENGTH, max_iter=1000)
        model.fit(hstack([words.fit_transform(texts[learn]), scaled[learn]]), label[learn])
        said = model.decision_function(hstack([words.transform(texts[judge]), scaled[judge]]))
        found.append(roc_auc_score(label[judge], said))
    return float(np.mean(found))


def _halves(label: NDArray[np.int64], seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Ways to halve the texts, each side with half of each kind."""
    rng = np.random.default_rng(seed)
    ways = []
    for _ in range(_FOLDS // 2):
        sides = np.zeros(len(label), dtype=np.bool_)
        for kind in np.unique(label):
            places = rng.permutation(np.flatnonzero(label == kind))
            sides[places[: len(places) // 2]] = True
        one, other = np.flatnonzero(sides), np.flatnonzero(~sides)
        ways += [(one, other), (other, one)]
    return ways


def _tf_idf(*, min_df: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - as above

    return TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORDS, min_df=min_df, sublinear_tf=True, dtype=np.float32)


class SongReader:
    """Tells from a sentence alone what song it was written about; learnt from people's sentences of other artists."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, most: int, seed: int) -> None:
        """Learn from rows of the training part, `most` of them at most."""
        order = np.random.default_rng(seed).permutation(len(rows))[:most]
        some = [rows[int(i)] for i in order]
        self._words = _tf_idf(min_df=2 if len(some) < 5000 else 4)
        known = self._words.fit_transform([row["text"] for row in some])
        self._genre = _learn_genre(known, [sorted(families_of(row["genres"])) for row in some], seed)
        energy = np.array([row["features"].get("energy", math.nan) for row in some])
        told = np.flatnonzero(np.isfinite(energy))
        self._energy = _learn_energy(known[told], energy[told]) if len(told) >= LEAST else None
        self.quiet, self.loud = (float(q) for q in np.quantile(energy[told], _QUARTILES)) if len(told) else (0.0, 1.0)

    def figures(self, texts: Sequence[str], songs: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
        """How well the songs are told from texts about them, each text's song beside it; None where too few tell."""
        told, families = self.genre_told(texts, songs)
        return {
            "genre_told": told,
            "genre_over_chance": None if told is None else told * families,
            "energy_told": self.energy_told(texts, songs),
        }

    def genre_told(self, texts: Sequence[str], songs: Sequence[Mapping[str, Any]]) -> tuple[float | None, int]:
        """How often a text about a family is taken for one, on average over the families asked about; and how many.

        Balanced like this, texts that know nothing of their songs get one in so many, whatever family they sound like.
        """
        true = [families_of(song["genres"]) for song in songs]
        if self._genre is None:
            return None, 0
        asked = [family for family in self._genre.classes_ if sum(family in some for some in true) >= LEAST]
        if len(asked) < 2:
            return None, 0
        columns = [list(self._genre.classes_).index(family) for family in asked]
        scores = self._genre.decision_function(self._words.transform(texts)).reshape(len(texts), -1)
        if scores.shape[1] == 1:  # of two classes only the second is scored
            scores = np.hstack([-scores, scores])
        guess = [asked[i] for i in scores[:, columns].argmax(axis=1)]
        return balanced_rate(guess, true, asked), len(asked)

    def energy_told(self, texts: Sequence[str], songs: Sequence[Mapping[str, Any]]) -> float | None:
        """Share of pairs of a text about a loud song and one about a quiet one in which the loud one is told."""
        energy = np.array([song["features"].get("energy", math.nan) for song in songs])
        high, low = energy >= self.loud, energy <= self.quiet
        if self._energy is None or min(high.sum(), low.sum()) < LEAST:
            return None
        guess = self._energy.predict(self._words.transform(texts))
        return pairs_right(guess[high], guess[low])


def _learn_genre(known: Any, families: Sequence[Sequence[str]], seed: int) -> Any:
    """A classifier of texts (N, words); one of several families counts for a part in each. None where all are alike."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - as above

    pairs = [(i, family) for i, some in enumerate(families) for family in some]
    if len({family for _, family in pairs}) < 2:
        return None
    weight = np.array([1 / len(families[i]) for i, _ in pairs])
    model = SGDClassifier(
        loss="log_loss", alpha=2e-5, class_weight="balanced", max_iter=8, tol=None, average=True, random_state=seed
    )
    return model.fit(known[[i for i, _ in pairs]], [family for _, family in pairs], sample_weight=weight)


def _learn_energy(known: Any, energy: Floats) -> Any:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - as above

    return Ridge(alpha=2.0, solver="lsqr").fit(known, energy)


def balanced_rate(guess: Sequence[str], true: Sequence[frozenset[str]], asked: Sequence[str]) -> float:
    """Mean over `asked` of how often a text whose song is of that family was guessed to be."""
    rates = []
    for family in asked:
        of_it = [said == family for said, families in zip(guess, true, strict=True) if family in families]
        rates.append(sum(of_it) / len(of_it))
    return sum(rates) / len(rates)


def pairs_right(high: Floats, low: Floats) -> float:
    """Share of all pairs in which the first is above the second; equal ones count half."""
    order = np.sort(low)
    below, up_to = np.searchsorted(order, high, side="left"), np.searchsorted(order, high, side="right")
    return float((below + up_to).sum() / (2 * len(high) * len(low)))
