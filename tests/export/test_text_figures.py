"""The figures of texts, each against cases worked out by hand."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.errors import StageError
from export.evaluation.copying import find_copies
from export.evaluation.divergence import frontier_area, mauve
from export.evaluation.readers import SongReader, balanced_rate, human_or_machine, pairs_right
from export.evaluation.texts import distinct, malformed, measure_texts, self_bleu
from inference.words import words_of

_words = st.lists(st.sampled_from("a b c d".split()), min_size=1, max_size=7)
_texts = st.lists(_words, min_size=2, max_size=6)


# --- sets of sentences by themselves


def bleu_by_hand(words: list[str], others: list[list[str]]) -> float:
    """BLEU-4 as its authors define it, with a tenth for no match."""
    total = 0.0
    for n in range(1, 5):
        grams = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        most = {gram: max(sum(tuple(o[i : i + n]) == gram for i in range(len(o) - n + 1)) for o in others) for gram in grams}
        matched = sum(min(count, most[gram]) for gram, count in grams.items())
        total += math.log((matched or 0.1) / max(sum(grams.values()), 1)) / 4
    closest = min((len(o) for o in others), key=lambda size: (abs(size - len(words)), size))
    return math.exp(total) * (1.0 if len(words) >= closest else math.exp(1 - closest / len(words)))


@given(_texts)
def test_self_bleu_is_the_mean_bleu_against_all_others(texts: list[list[str]]) -> None:
    by_hand = [bleu_by_hand(words, texts[:i] + texts[i + 1 :]) for i, words in enumerate(texts)]
    assert self_bleu(texts) == pytest.approx(np.mean(by_hand))


def test_self_bleu_of_the_same_sentence_is_one_and_of_strangers_near_none() -> None:
    same = ["a warm guitar drifts under the voice".split()] * 3
    assert self_bleu(same) == pytest.approx(1.0)
    assert self_bleu([f"{c}1 {c}2 {c}3 {c}4 {c}5 {c}6".split() for c in "abc"]) < 0.03
    assert self_bleu(same[:1]) == 0.0


def test_distinct_counts_different_ngrams_among_all() -> None:
    texts = ["the bass hums".split(), "the bass hums".split(), "a bass".split()]
    assert distinct(texts, 2) == pytest.approx(3 / 5)  # the-bass and bass-hums twice each, a-bass once
    assert distinct(texts, 3) == pytest.approx(1 / 2)
    assert distinct([["one"]], 2) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "a warm one.",
        "the bass <name> hums under a slow beat.",
        'the "bass hums under a slow beat.',
        "the bass bass hums under it.",
    ],
)
def test_bad_form_is_told(text: str) -> None:
    assert malformed(text)
    assert not malformed("the bass hums under a slow, hazy beat.")
    assert measure_texts([text, "the bass hums under a slow, hazy beat."])["bad_form"] == 0.5


def test_no_sentences_are_refused() -> None:
    with pytest.raises(StageError):
        measure_texts([])


# --- copying


def runs_by_hand(text: str, training: list[str]) -> int:
    words = words_of(text)
    read = [words_of(t) for t in training]
    return max(
        (
            n
            for n in range(1, len(words) + 1)
            for i in range(len(words) - n + 1)
            if any(words[i : i + n] == t[j : j + n] for t in read for j in range(len(t) - n + 1))
        ),
        default=0,
    )


@given(st.lists(_words, min_size=1, max_size=5), st.lists(_words, max_size=5))
def test_longest_runs_and_copies_are_found_exactly(mine: list[list[str]], read: list[list[str]]) -> None:
    texts, training = [" ".join(w) for w in mine], [" ".join(w) for w in read]
    copied = find_copies({"mine": texts}, training)["mine"]
    assert list(copied.longest) == [runs_by_hand(text, training) for text in texts]
    assert copied.exact == sum(text in training for text in texts)
    grams = [words[i : i + 4] for words in mine for i in range(len(words) - 3)]
    seen = sum(any(gram == t[j : j + 4] for t in read for j in range(len(t) - 3)) for gram in grams)
    assert copied.memorised == pytest.approx(seen / max(len(grams), 1))


def test_runs_end_with_a_training_text_and_each_set_has_its_own() -> None:
    read = ["one two three four", "five six seven eight nine ten eleven twelve thirteen"]
    sets = {"a": ["three four five six", "nothing"], "b": ["so five six seven eight nine ten eleven twelve it is", read[0]]}
    copied = find_copies(sets, read)
    assert copied["a"].longest == (2, 0)
    assert copied["b"].longest == (8, 4)
    assert copied["b"].figures() == {
        "longest_copied_run": 8.0,
        "copied_8": 0.5,
        "memorised_4": pytest.approx(6 / 9),
        "exact_copies": 1.0,
    }


# --- clouds of states


def test_mauve_of_the_same_is_one_and_of_far_apart_near_none() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(200, 8)), rng.normal(size=(200, 8))
    assert mauve(one, one, seed=1) == pytest.approx(1.0, abs=0.01)
    assert mauve(one, other, seed=1) > 0.8
    assert mauve(one, other + 20, seed=1) < 0.05


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6))
def test_the_frontier_of_equals_is_whole_and_otherwise_symmetric(weights: list[float]) -> None:
    p = np.array(weights) / sum(weights)
    assert frontier_area(p, p) == pytest.approx(1.0, abs=1e-6)
    q = p[::-1]
    assert frontier_area(p, q) == pytest.approx(frontier_area(q, p), abs=1e-9)
    assert 0 <= frontier_area(p, q) <= 1 + 1e-9


def test_the_frontier_of_strangers_is_small() -> None:
    assert frontier_area(np.array([1.0, 0.0]), np.array([0.0, 1.0])) < 0.01


# --- readers


def _made_up(rng: np.random.Generator, things: str, n: int = 80) -> list[str]:
    words = things.split()
    return [f"the {a} {b} drifts over the {c}." for a, b, c in rng.choice(words, size=(n, 3))]


def test_who_wrote_it_is_told_only_where_there_is_something_to_tell() -> None:
    rng = np.random.default_rng(3)
    things = "bass organ violin beat hook riff choir drum synth voice loop horn"
    some, others = _made_up(rng, things), _made_up(rng, things)
    nothing = np.zeros((80, 1)), np.zeros((80, 1))
    assert human_or_machine(some, others, nothing, seed=1) == pytest.approx(0.5, abs=0.12)
    assert human_or_machine(some, _made_up(rng, "engine valve piston wheel axle gear"), nothing, seed=1) > 0.95
    told = np.zeros((80, 1)), np.ones((80, 1))
    assert human_or_machine(some, some, told, seed=1) > 0.95  # by what language models make of them alone


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_pairs_right_are_counted_with_ties_as_halves(high: list[int], low: list[int]) -> None:
    by_hand = np.mean([(h > q) + 0.5 * (h == q) for h, q in product(high, low)])
    assert pairs_right(np.array(high, dtype=float), np.array(low, dtype=float)) == pytest.approx(by_hand)


@given(st.sampled_from(["rock", "jazz", "metal"]))
def test_knowing_nothing_of_the_song_gets_one_in_as_many_as_there_are_families(favourite: str) -> None:
    true = [frozenset({"rock"})] * 90 + [frozenset({"jazz"})] * 5 + [frozenset({"metal"})] * 5
    assert balanced_rate([favourite] * 100, true, ["rock", "jazz", "metal"]) == pytest.approx(1 / 3)
    assert balanced_rate([next(iter(t)) for t in true], true, ["rock", "jazz", "metal"]) == 1.0


def test_songs_are_told_from_text_about_them() -> None:
    rng = np.random.default_rng(5)
    kinds = {"jazz": ("sax brushes trumpet", 0.2), "metal": ("scream shred blast", 0.9), "techno": ("kick strobe pulse", 0.6)}
    rows: list[dict[str, Any]] = [
        {"text": text, "genres": [genre], "features": {"energy": energy}}
        for genre, (things, energy) in kinds.items()
        for text in _made_up(rng, things)
    ]
    reader = SongReader(rows, most=1000, seed=1)
    own = reader.figures([row["text"] for row in rows], rows)
    assert own["genre_told"] == pytest.approx(1.0, abs=0.05)
    assert own["genre_over_chance"] == pytest.approx(3.0, abs=0.15)
    assert own["energy_told"] == pytest.approx(1.0, abs=0.05)
    deaf = reader.figures(["the song goes on and on."] * len(rows), rows)
    assert deaf["genre_over_chance"] == pytest.approx(1.0)
    assert deaf["energy_told"] == pytest.approx(0.5)
    few = reader.figures([row["text"] for row in rows[:5]], rows[:5])
    assert few == {"genre_told": None, "genre_over_chance": None, "energy_told": None}
