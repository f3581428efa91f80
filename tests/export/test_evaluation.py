"""The evaluation: each figure against cases worked out by hand, and the whole table on a tiny run."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from export.errors import StageError
from export.evaluation.copying import find_copies
from export.evaluation.divergence import frontier_area, mauve
from export.evaluation.judges import Judges, open_judges, perplexity
from export.evaluation.measure import FOLDER, evaluate
from export.evaluation.readers import SongReader, balanced_rate, human_or_machine, pairs_right
from export.evaluation.systems import ORIGINAL, gather, modes, slot_form, songs_of
from export.evaluation.table import PEOPLE, PEOPLE_FIT, TEXT_FIGURES, as_markdown, read_evaluation, verdicts
from export.evaluation.texts import distinct, malformed, measure_texts, self_bleu
from export.stages import Run
from inference.bundle import Bundle
from inference.manifest import Proposals
from inference.words import words_of
from tests.export.conftest import export

SENTENCES = 14
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


# --- judges


@pytest.fixture(scope="module")
def train(run: Run) -> list[str]:
    return run.split("train").texts


@pytest.fixture(scope="module")
def judges(run: Run, train: list[str], tmp_path_factory: pytest.TempPathFactory) -> Judges:
    with Progress(disable=True) as progress:
        return open_judges(run, tmp_path_factory.mktemp("judges"), train, progress)


def test_perplexity_counts_words_and_ends() -> None:
    assert perplexity(np.array([-3 * math.log(8.0)]), ["two words"]) == pytest.approx(8.0)


def test_judges_find_music_writing_likelier_than_shuffled(run: Run, judges: Judges) -> None:
    texts = run.split("validation").texts + run.split("test").texts
    some, others = texts[::2], texts[1::2]
    rng = np.random.default_rng(1)
    shuffled = [" ".join(rng.permutation(text.split())) for text in some]
    plain, mixed = judges.forward(some), judges.forward(shuffled)
    assert all(1 < plain[name] < mixed[name] for name in plain), (plain, mixed)
    assert judges.reverse(some, others) < judges.reverse(shuffled, others)
    features = judges.features([*some, ""])
    assert features.shape == (len(some) + 1, 7)
    assert np.isfinite(features).all()


def test_judges_are_kept_and_fitted_anew_for_other_settings(run: Run, train: list[str], judges: Judges, tmp_path: Path) -> None:
    with Progress(disable=True) as progress:
        first = open_judges(run, tmp_path, train, progress)
        made = (tmp_path / "judge.pt").stat().st_mtime_ns
        again = open_judges(run, tmp_path, train, progress)
        assert (tmp_path / "judge.pt").stat().st_mtime_ns == made
        (tmp_path / "judges.txt").write_text("made from something else")
        open_judges(run, tmp_path, train, progress)
        assert (tmp_path / "judge.pt").stat().st_mtime_ns > made
    text = ["the warm bass hums under the chorus."]
    assert first.forward(text) == again.forward(text) == judges.forward(text)  # the same seed, the same judge


# --- systems and the table


def test_songs_are_different_and_known() -> None:
    rows = [{"genres": ["rock"], "features": {"energy": 0.5}}] * 3 + [{"genres": [], "features": {}}]
    assert songs_of(rows, seed=1) == rows[:1]
    assert songs_of(rows[3:], seed=1) == rows[3:]


def test_replies_are_measured_in_the_form_of_the_corpus() -> None:
    assert slot_form("“<title>” isn’t loud, and <artist>’s voice glows.") == "<title> isn't loud, and <artist>'s voice glows."


@pytest.fixture(scope="module")
def told(run: Run) -> dict[str, Any]:
    result = export("evaluate", "--config", "tiny", "--run", run.folder, "--sentences", SENTENCES)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("# Evaluation of tiny")
    return read_evaluation(run.folder / FOLDER / "evaluation.json")


def test_the_whole_table_stands_beside_people(run: Run, told: dict[str, Any]) -> None:
    rows = {row["key"]: row for row in told["rows"]}
    assert {PEOPLE, PEOPLE_FIT, "cvae"} <= rows.keys()
    assert told["sentences"] == SENTENCES
    assert told["block"] == SENTENCES // 2
    for row in rows.values():
        assert row["sentences"] == SENTENCES
        assert row["figures"].keys() == {figure.name for figure in TEXT_FIGURES}
        assert bool(row["samples"]) is not row["human"]
    people, machine = rows[PEOPLE_FIT]["figures"], rows["cvae"]["figures"]
    assert machine["human_or_machine"] > 0.5
    assert people["forward_perplexity"] < machine["forward_perplexity"]
    assert all((run.folder / FOLDER / name).stat().st_size > 0 for name in ("evaluation.md", "latent.png", "latent.json"))
    points = json.loads((run.folder / FOLDER / "latent.json").read_text())
    assert len(points["people"]) == len(points["prior"]) == len(points["families"])


def without_generator(run: Run) -> Bundle:
    """The run's bundle as it was before anything was learnt about its latents."""
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    return replace(bundle, generator=None, critics=None, manifest=replace(bundle.manifest, proposals=None))


def test_what_is_not_there_is_named_with_what_makes_it(run: Run, told: dict[str, Any]) -> None:
    missing = {entry["key"]: entry["command"] for entry in told["missing"]}
    assert f"ladder --only {ORIGINAL}" in missing["original"]
    assert missing["baseline"].startswith("python -m export ladder")
    assert "lcgan" not in missing
    markdown = (run.folder / FOLDER / "evaluation.md").read_text()
    assert all(command in markdown for command in missing.values())
    assert not missing.keys() & {row["key"] for row in told["rows"]}


def test_the_model_is_measured_with_the_weights_that_ship(run: Run, told: dict[str, Any]) -> None:
    (row,) = told["model"]["rows"]
    known = Bundle.open(run.folder / "bundle", device="cpu").manifest.figures
    assert row["figures"]["kl"] == pytest.approx(known["kl"], rel=0.1)
    assert row["figures"]["perplexity"] == pytest.approx(known["perplexity"], rel=0.5)  # of other sentences
    assert "own weights" in told["model"]["note"]


def test_baselines_of_the_ladder_are_asked_about_the_same_songs(run: Run, told: dict[str, Any], tmp_path: Path) -> None:
    copy = Run(run.config, tmp_path / "run")
    copy.folder.mkdir()
    for name in ("corpus", "tokenizer.model", FOLDER):
        (copy.folder / name).symlink_to(run.folder / name)
    made = export("ladder", "--config", "tiny", "--run", copy.folder, "--only", "word-lstm", "--only", ORIGINAL)
    assert made.exit_code == 0, made.output
    bundle = without_generator(run)
    songs = [{"genres": ["rock"], "features": {"energy": 0.9}}, {"genres": ["jazz"], "features": {}}]
    with Progress(disable=True) as progress:
        cast = gather(copy, bundle, songs, 5, progress)
    said = {some.key: some for some in cast.said}
    assert list(said) == ["original", "baseline", "cvae", "full"]
    for key in ("original", "baseline", "cvae"):
        assert len(said[key].texts) == 5
        assert said[key].songs == [songs[i % 2] for i in range(5)]
    assert [missing.key for missing in cast.missing] == ["lcgan"]
    (copy.folder / "ladder" / "ladder.json").write_text("[]")
    with pytest.raises(StageError, match="export ladder"), Progress(disable=True) as progress:
        gather(copy, bundle, songs, 5, progress)


def test_what_was_wanted_is_judged_against_people(told: dict[str, Any]) -> None:
    def with_figures(**figures: float) -> list[dict[str, Any]]:
        rows = [
            {"key": PEOPLE_FIT, "figures": {"forward_perplexity": 100.0, "distinct_2": 0.8}},
            {"key": "full", "figures": figures},
        ]
        model = {"rows": [{"key": "cvae", "figures": {"mi": 3.9}}]}
        return verdicts({**told, "rows": rows, "model": model})

    met = [v["met"] for v in with_figures(forward_perplexity=129.0, distinct_2=0.73, bad_form=0.0)]
    assert met == [True, True, True, False]  # the last is the mutual information
    assert not any(v["met"] for v in with_figures(forward_perplexity=131.0, distinct_2=0.71, bad_form=0.01))
    assert not with_figures(forward_perplexity=70.0)[0]["met"]  # far likelier than people's: dull


def test_a_learnt_generator_adds_its_rows(run: Run, told: dict[str, Any]) -> None:
    assert [mode.key for mode in modes(without_generator(run))] == ["cvae", "full"]
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    for ships, compared in (((True, True), "cvae_ranked"), ((False, False), "lcgan_ranked")):
        proposals = Proposals(*ships, draws=4, scale=1.0, truncation=2.0, weights={"realism": 1.0})
        learnt = replace(bundle, manifest=replace(bundle.manifest, proposals=proposals))
        found = {mode.key: (mode.ranked, mode.generator, mode.critics) for mode in modes(learnt)}
        assert list(found) == ["cvae", "lcgan", compared, "full"]
        assert found["cvae"] == (False, False, False)
        assert found["lcgan"] == (False, True, True)
        assert found[compared] == (True, *(not use for use in ships))
        assert found["full"] == (True, *ships)
    row = {"value": "topic", "system": "G", "attribute": 0.8, "at_equal_distinct_2": {"attribute": 0.7}}
    text = as_markdown({**told, "lcgan": {"rows": [row]}})
    assert "| value | system | attribute | at equal distinct 2: attribute |" in text


def test_the_card_shows_the_evaluation(run: Run, told: dict[str, Any], tmp_path: Path) -> None:
    bench = {
        "replies": [{"song": "A — B", "text": "It glows."}],
        "warm_reply_ms": {"p50": 90.0, "p95": 120.0},
        "cold_start_ms": 900.0,
        "tokens_per_s": 9000,
        "peak_memory_mb": 140.0,
        "bundle_mb": 20.0,
        "device": "cpu",
        "cores": 2,
    }
    (tmp_path / "bench.json").write_text(json.dumps(bench))
    path = run.folder / FOLDER / "evaluation.json"
    arguments = ("card", "--config", "tiny", "--run", run.folder, "--bench", tmp_path / "bench.json", "--evaluation")
    result = export(*arguments, path)
    assert result.exit_code == 0, result.output
    card = (run.folder / "bundle" / "MODEL_CARD.md").read_text()
    (run.folder / "bundle" / "MODEL_CARD.md").unlink()
    assert "## Evaluation of tiny" in card
    assert "people, fit to be said of a song" in card


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 7}', '{"schema": 1, "rows": 3}'])
def test_a_file_that_is_no_evaluation_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(StageError, match="python -m export evaluate"):
        read_evaluation(tmp_path / "evaluation.json")


def test_too_little_to_compare_with_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="fit to be said"), Progress(disable=True) as progress:
        evaluate(run, run.folder / "bundle", 10, progress)
    with pytest.raises(StageError, match="export corpus"), Progress(disable=True) as progress:
        evaluate(Run(run.config, tmp_path), run.folder / "bundle", SENTENCES, progress)
