"""The word-level LSTMs: every text has a price, features are heeded, and the contrast between two ends of a feature."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from export.baselines.base import Budget, Epoch, Line
from export.baselines.contrast import People, chance_z, compare, content_words, dirichlet_prior, log_odds
from export.baselines.song_features import FeatureScale, in_unit
from export.baselines.words import FeatureLSTM, WordLSTM
from export.config import WordsConfig
from export.errors import StageError
from export.stages import Run
from inference.conditions import FEATURES
from tests.export.conftest import export

SIZES = WordsConfig(vocabulary=40, frequent=12, embedding=12, hidden=16, batch_tokens=64, learning_rate=1e-2, precision="fp32")
LOUD, QUIET = ("loud", "pounding", "fierce"), ("quiet", "hushed", "gentle")


def songs(count: int, seed: int) -> list[Line]:
    """Made-up lines whose words follow the song's energy, and its loudness with it; of every eighth song nothing is known."""
    rng = random.Random(seed)
    made = []
    for i in range(count):
        energy = rng.random()
        word = rng.choice(LOUD if rng.random() < energy else QUIET)
        thing = rng.choice(("drum", "choir", "fiddle", f"horn{rng.choice('abcdefgh')}{rng.choice('xyz')}"))
        text = f"the {word} {thing} of <title>, {rng.choice(('again', 'at last'))}."
        features = {"energy": energy, "loudness": -40 + 30 * energy + rng.random(), "tempo": rng.uniform(60, 200)}
        made.append(Line(text, features={} if i % 8 == 0 else features))
    return made


def ignore(_: object) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def words() -> WordLSTM:
    """A word LSTM that has read a few lines."""
    model = WordLSTM(SIZES, seed=3)
    model.fit(songs(400, 1), songs(60, 2), Budget(60, 3), ignore)
    return model


@pytest.fixture(scope="module")
def heeding() -> FeatureLSTM:
    """A feature LSTM that has read the same."""
    model = FeatureLSTM(SIZES, seed=3)
    model.fit(songs(400, 1), songs(60, 2), Budget(60, 3), ignore)
    return model


def test_training_lowers_the_price_of_unseen_lines() -> None:
    heard: list[Epoch] = []
    model = WordLSTM(SIZES, seed=3)
    epochs = model.fit(songs(400, 1), songs(60, 2), Budget(60, 3), heard.append)
    assert heard == epochs
    assert epochs[-1].validation_nats < epochs[0].validation_nats < 1.5
    unseen = songs(60, 5)
    assert model.score(unseen).mean() < 0.7 * model.score([Line(" ".join(reversed(u.text.split()))) for u in unseen]).mean()


def test_the_same_seed_gives_the_same_model(words: WordLSTM) -> None:
    again = WordLSTM(SIZES, seed=3)
    again.fit(songs(400, 1), songs(60, 2), Budget(60, 3), ignore)
    np.testing.assert_array_equal(again.score(songs(20, 5)), words.score(songs(20, 5)))


@given(text=st.text(max_size=40))
def test_every_text_has_a_finite_price(words: WordLSTM, text: str) -> None:
    nats = words.score([Line(text)])
    assert np.isfinite(nats).all()
    assert nats[0] > 0


def test_prices_do_not_depend_on_what_else_is_scored(words: WordLSTM) -> None:
    unseen = songs(30, 5)
    alone = np.concatenate([words.score([line]) for line in unseen])
    np.testing.assert_allclose(words.score(unseen), alone, rtol=1e-5)
    assert words.score([]).shape == (0,)


def test_unknown_words_cost_their_letters(words: WordLSTM) -> None:
    short, long = words.score([Line("the loud qwx"), Line("the loud qwxqwxqwxqwx")])
    assert long > short + 5


def test_probabilities_of_the_next_word_sum_to_one(words: WordLSTM) -> None:
    texts = ["the", "the loud drum", "the qwx choir", "again."]
    every = words.expected_counts([Line(text) for text in texts])
    assert every.shape == (4, len(words.vocabulary))
    np.testing.assert_allclose(every.sum(axis=1), [2, 4, 4, 3], rtol=1e-4)  # words, signs and the end
    assert every[0, words.vocabulary.encode([" the"])[0]] > 0.8  # all lines begin with it


def test_samples_repeat_with_the_seed_and_come_close_to_the_training_text(words: WordLSTM) -> None:
    asked = [Line("")] * 30
    texts = words.sample(asked, np.random.default_rng(5))
    assert texts == words.sample(asked, np.random.default_rng(5))
    assert texts != words.sample(asked, np.random.default_rng(6))
    assert len(set(words.sample(asked, np.random.default_rng(5), temperature=0.0))) == 1
    cold = words.sample(asked, np.random.default_rng(5), temperature=0.3)
    assert np.mean([text.startswith("the ") for text in cold]) > 0.8
    known = {f" {word}" for text in cold for word in text.strip(".").split()}
    assert np.mean([word.rstrip(",.") in words.vocabulary for word in known]) > 0.9  # hardly any is made up
    assert words.sample([], np.random.default_rng(5)) == []


def test_lines_that_end_shift_no_other_line_s_noise(heeding: FeatureLSTM) -> None:
    asked = [Line("", features={"energy": 0.9})] * 12
    other = [*asked[:-1], Line("", features={"energy": 0.0})]
    first, second = (heeding.sample(a, np.random.default_rng(2)) for a in (asked, other))
    assert first[:-1] == second[:-1]


def test_what_is_saved_is_loaded(words: WordLSTM, heeding: FeatureLSTM, tmp_path: Path) -> None:
    unseen = songs(20, 5)
    for model, path in ((words, tmp_path / "new" / "words.pt"), (heeding, tmp_path / "heeding.pt")):
        model.save(path)
        loaded = type(model).load(path)
        np.testing.assert_array_equal(loaded.score(unseen), model.score(unseen))
        assert loaded.sample(unseen, np.random.default_rng(1)) == model.sample(unseen, np.random.default_rng(1))
        assert loaded.parameters == model.parameters > 0


def test_a_broken_file_is_refused_in_one_sentence(words: WordLSTM, heeding: FeatureLSTM, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with pytest.raises(StageError, match=r"model\.pt holds no word LSTM"):
        WordLSTM.load(path)
    path.write_bytes(b"no model")
    with pytest.raises(StageError, match="train again"):
        WordLSTM.load(path)
    words.save(path)
    with pytest.raises(StageError, match="holds a word LSTM, not a"):
        FeatureLSTM.load(path)
    heeding.save(path)
    parts = torch.load(path, weights_only=True)
    for name, value in (
        ("words", [*parts["words"], "more"]),
        ("words", [1, 2]),
        ("knots", -parts["knots"]),
        ("spread", torch.zeros(9, 9)),
        ("config", {"hidden": 1}),
        ("network", {k: v * torch.nan for k, v in parts["network"].items()}),
    ):
        torch.save({**parts, name: value}, path)
        with pytest.raises(StageError, match="can be read"):
            FeatureLSTM.load(path)


def test_a_model_that_was_not_fitted_says_so() -> None:
    with pytest.raises(StageError, match="learned nothing yet"):
        WordLSTM(SIZES).score([Line("the loud drum")])


def test_features_make_their_words_cheaper(heeding: FeatureLSTM) -> None:
    told = [Line("the", features={"energy": energy}) for energy in (1.0, 0.0)]
    loud, quiet, unknown = heeding.expected_counts([*told, Line("the")])[:, heeding.vocabulary.encode([f" {w}" for w in LOUD])]
    assert (loud > unknown).all()
    assert (unknown > quiet).all()
    unseen = [line for line in songs(200, 9) if line.features]
    turned = [dataclasses.replace(u, features={"energy": 1 - u.features["energy"]}) for u in unseen]
    told = [dataclasses.replace(u, features={"energy": u.features["energy"]}) for u in unseen]
    assert heeding.score(told).mean() < heeding.score(turned).mean() - 0.1


def test_features_are_ranks_and_what_is_unknown_is_guessed() -> None:
    scale = FeatureScale.of(songs(400, 1))
    energy, loudness, size = FEATURES.index("energy"), FEATURES.index("loudness"), len(FEATURES)
    rows = scale.encode([Line("", features={"energy": e}) for e in (0.0, 0.25, 0.5, 0.75, 1.0)] + [Line("")])
    np.testing.assert_allclose(rows[:5, energy], [-1, -0.5, 0, 0.5, 1], atol=0.2)
    assert (np.diff(rows[:5, loudness]) > 0.1).all()  # not told, but they go together
    np.testing.assert_allclose(rows[:5, FEATURES.index("tempo")], 0, atol=0.2)  # neither told nor going together
    assert rows[:5, size:].sum(axis=1).tolist() == [1] * 5
    assert not rows[5].any()


@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_no_value_of_a_feature_leaves_the_range(value: float) -> None:
    row = FeatureScale.of(()).encode([Line("", features={"tempo": value})])
    assert np.isfinite(row).all()
    assert np.abs(row).max() <= 1
    assert row[0, len(FEATURES) :].sum() == np.isfinite(value)


def test_features_that_very_many_lines_share_count_as_unknown() -> None:
    own = [line for line in songs(200, 1) if line.features]
    shared = [Line("the same", features={"energy": 0.5, "tempo": 120.0})] * 60
    scale = FeatureScale.of([*own, *shared])
    assert not scale.encode(shared[:1]).any()
    assert scale.own([*shared, Line(""), *own]) == own
    few = FeatureScale.of([*own, *shared[:10]])
    assert few.encode(shared[:1]).any()


def test_hiding_shows_all_some_one_or_none() -> None:
    torch.manual_seed(0)
    rows = torch.cat([torch.rand(500, 9), torch.ones(500, 9)], dim=1)
    shown = FeatureScale.of(()).hide(rows)[:, 9:].sum(dim=1)
    counts = torch.bincount(shown.long(), minlength=10) / 500
    assert 0.05 < counts[0] < 0.2
    assert 0.3 < counts[1] < 0.5
    assert counts[5:].sum() > 0.35
    assert not FeatureScale.of(()).hide(torch.zeros(20, 18)).any()


counts = st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(1e-3, 1e2)), min_size=2, max_size=8)


@given(rows=counts)
def test_log_odds_change_their_sign_with_the_sides(rows: list[tuple[float, float, float]]) -> None:
    high, low, prior = np.array(rows).T
    scores = log_odds(high, low, prior)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores, -log_odds(low, high, prior), atol=1e-9)
    np.testing.assert_allclose(log_odds(high, high, prior), 0, atol=1e-9)


def test_the_prior_holds_rare_words_back() -> None:
    prior = dirichlet_prior({"often": 900, "seldom": 99, "rare": 1}, ["often", "seldom", "rare"], weight=100)
    assert prior.sum() == pytest.approx(100)
    scores = log_odds(np.array([500.0, 60.0, 2.0]), np.array([500.0, 30.0, 0.0]), prior)
    assert scores[1] > scores[2] > 0  # 60 against 30 says more than 2 against none


def test_chance_is_what_shuffled_lines_give() -> None:
    rng = np.random.default_rng(0)
    prior = np.ones(6)
    alike = rng.poisson(1.0, size=(200, 6)).astype(np.float32)
    limit = chance_z(alike, 100, prior, np.random.default_rng(1))
    high, low = (half.sum(axis=0, dtype=np.float64) for half in (alike[:100], alike[100:]))
    assert np.abs(log_odds(high, low, prior)).max() < limit < 4.5
    alike[:100, 0] += 3
    high = alike[:100].sum(axis=0, dtype=np.float64)
    assert log_odds(high, low, prior)[0] > chance_z(alike, 100, prior, np.random.default_rng(1))


def test_stop_words_slots_and_persons_are_no_content() -> None:
    assert content_words("<artist>'s loud, thick drums and her fire; it is the drum's, loud") == [
        *("loud", "thick", "drums", "fire"),
        *("drum", "loud"),
    ]


def test_the_contrast_finds_the_words_of_the_feature(heeding: FeatureLSTM) -> None:
    people = People(songs(400, 1), songs(300, 8))
    heard: list[int] = []
    found = compare(heeding, "energy", people, words=1500, seed=1, report=heard.append)
    assert {favour.word for favour in found.side(1, 3)} == set(LOUD)
    assert {favour.word for favour in found.side(-1, 3)} == set(QUIET)
    assert found.beyond_chance(1) >= 3
    assert found.beyond_chance(-1) >= 3
    assert found.agreement(3) == 1.0
    assert heard == sorted(heard)
    assert heard[-1] == 3000
    written = found.as_json(2)
    assert [w["word"] for w in written["high_words"]] == [favour.word for favour in found.side(1, 2)]
    assert found == compare(heeding, "energy", people, words=1500, seed=1, report=ignore)
    idle = compare(heeding, "tempo", people, words=1500, seed=1, report=ignore)
    assert max(abs(favour.z) for favour in idle.favours) < found.side(1, 1)[0].z / 2
    with pytest.raises(ValueError, match="no audio feature"):
        compare(heeding, "colour", people, words=10, seed=1, report=ignore)


def test_features_reach_their_own_units() -> None:
    assert [in_unit("tempo", place) for place in (0.0, 0.5, 1.0)] == [50.0, 130.0, 210.0]


def test_the_command_writes_table_data_and_clouds(run: Run) -> None:
    result = export("contrast", "--config", "tiny", "--run", run.folder, "--words", 300, "--feature", "energy")
    assert result.exit_code == 0, result.output
    told = json.loads((run.folder / "contrast" / "energy.json").read_text(encoding="utf-8"))
    assert (told["feature"], told["low"], told["high"], told["words_sampled"]) == ("energy", 0.0, 1.0, 300)
    assert set(told["high_words"][0]) == {"word", "z", "high_count", "low_count", "people_z"}
    assert told["high_words"][0]["word"] in result.output
    assert all(word["z"] < 0 for word in told["low_words"])
    with Image.open(run.folder / "contrast" / "energy.png") as picture:
        assert picture.width > 1000
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 10
    before = (run.folder / "ladder" / "feature-lstm" / "model.pt").stat().st_mtime_ns
    export("contrast", "--config", "tiny", "--run", run.folder, "--words", 300, "--feature", "tempo")
    assert (run.folder / "ladder" / "feature-lstm" / "model.pt").stat().st_mtime_ns == before  # not trained again


def test_an_unknown_feature_is_refused(run: Run) -> None:
    result = export("contrast", "--config", "tiny", "--run", run.folder, "--feature", "colour")
    assert result.exit_code == 2
    assert "danceability" in result.output
