"""The original recipe: its faults are there, each can be mended, and its score is a bound in spite of them."""

from __future__ import annotations

import dataclasses
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from export.baselines.base import Budget, Line, perplexity_per_word
from export.baselines.original import OriginalRecipe
from export.baselines.original_network import Recipe, RecipeNetwork
from export.baselines.spelling import Spelling, join, split
from export.errors import StageError
from export.vocabulary import Vocabulary
from inference.tokenizer import UNK
from tests.export.conftest import GENRES, sentence

SMALL = Recipe(hidden=16, latent=6, squash=3, words=60, genres=3, learning_rate=0.02, batch_words=256)
SEED = 5


def made_up(count: int, seed: int) -> list[Line]:
    rng = random.Random(seed)
    lines = []
    for i in range(count):
        text = sentence(rng, "<artist>", "<title>").lower()
        lines.append(Line(f"{text} <title> returns." if i % 2 else text, (rng.choice(GENRES), "pop")))
    return lines


def network(recipe: Recipe = SMALL) -> RecipeNetwork:
    torch.manual_seed(0)
    return RecipeNetwork(30, 4, recipe).eval()


@pytest.fixture(scope="module")
def trained() -> OriginalRecipe:
    model = OriginalRecipe(SMALL, seed=SEED)
    epochs = model.fit(made_up(240, 1), made_up(40, 2), Budget(seconds=60, epochs=4), lambda _: None)
    assert epochs[-1].validation_nats < epochs[0].validation_nats
    return model


def test_the_default_sizes_are_those_of_2018() -> None:
    recipe = Recipe()
    assert (recipe.hidden, recipe.encoder_layers, recipe.latent, recipe.genres, recipe.squash) == (512, 2, 128, 131, 16)
    assert (recipe.top_k, recipe.temperature) == (10, 0.2)
    built = network(dataclasses.replace(SMALL, hidden=8))
    assert isinstance(built.encoder, torch.nn.GRU)
    assert built.encoder.bidirectional
    assert (built.encoder.num_layers, built.decoder.num_layers) == (2, 1)


def test_fault_the_log_variance_is_paid_for_as_a_log_deviation() -> None:
    mean, logvar = torch.full((2, 6), 2.0), torch.full((2, 6), -1.0)
    with_fault = network().kl_as_trained(mean, logvar)
    mended = network(dataclasses.replace(SMALL, variance_as_deviation=False)).kl_as_trained(mean, logvar)
    assert with_fault.tolist() == pytest.approx([0.5 * (4 + np.exp(-2.0) - 1 + 2)] * 2, rel=1e-5)
    assert mended.tolist() == pytest.approx([0.5 * (4 + np.exp(-1.0) - 1 + 1)] * 2, rel=1e-5)


def test_fault_the_kl_is_a_mean_over_dimensions_of_which_a_fifth_of_a_nat_is_free() -> None:
    mean, logvar = torch.full((1, 6), 2.0), torch.zeros(1, 6)
    summed = network(dataclasses.replace(SMALL, mean_over_dimensions=False)).kl_as_trained(mean, logvar)
    assert network().kl_as_trained(mean, logvar).item() == pytest.approx(summed.item() / 6)
    assert network().kl_as_trained(torch.zeros(1, 6), logvar).item() == pytest.approx(0.2)


def test_fault_the_encoder_looks_at_the_sentence_in_one_direction_only() -> None:
    recipe = dataclasses.replace(SMALL, encoder_layers=1)
    built = network(recipe)
    with torch.no_grad():
        for name, weight in built.encoder.named_parameters():
            if not name.endswith("_reverse"):
                weight.zero_()  # forwards it is blind
    one, other = torch.tensor([[5, 6, 7]]), torch.tensor([[8, 9, 10]])
    assert torch.equal(built.encode(one)[0], built.encode(other)[0])
    mended = network(dataclasses.replace(recipe, last_state_of_both=False))
    mended.load_state_dict(built.state_dict())
    assert not torch.equal(mended.encode(one)[0], mended.encode(other)[0])


def test_genres_reach_the_decoder_only_and_every_step_of_it() -> None:
    built = network()
    words, z = torch.tensor([[5, 6, 7]]), torch.zeros(1, 6)
    costs = [built.reconstruction(words, z, torch.eye(4)[i : i + 1]).item() for i in range(4)]
    assert len(set(costs)) == 4
    assert built.encoder.input_size == SMALL.hidden  # words and nothing else


def test_text_is_written_backwards_and_shown_forwards(tmp_path: Path) -> None:
    model = OriginalRecipe(SMALL, seed=SEED)
    model.fit([Line("one two three")] * 400, [Line("one two three")], Budget(60, 3), lambda _: None)
    assert model.sample([Line("")], np.random.default_rng(0)) == ["one two three"]
    model.save(tmp_path / "model.pt")
    parts = torch.load(tmp_path / "model.pt", weights_only=True)
    built = RecipeNetwork(len(parts["words"]) + 4, 0, SMALL).eval()
    built.load_state_dict(parts["network"])
    with torch.no_grad():
        shown, _ = built.write(torch.zeros(1, 6), torch.zeros(1, 1), np.random.default_rng(0), temperature=0.2)
    assert [Vocabulary(parts["words"]).word(i) for i in shown[0]] == [" three", " two", " one"]


def test_fault_the_title_is_unknown(trained: OriginalRecipe, tmp_path: Path) -> None:
    mended = OriginalRecipe(dataclasses.replace(SMALL, title_unknown=False), seed=SEED)
    mended.fit(made_up(60, 1), made_up(10, 2), Budget(60, 1), lambda _: None)
    known = []
    for model in (trained, mended):
        model.save(tmp_path / "model.pt")
        words = torch.load(tmp_path / "model.pt", weights_only=True)["words"]
        known.append(any("<title>" in word for word in words))
    assert known == [False, True]


def test_fault_the_text_shown_is_not_the_text_sampled(trained: OriginalRecipe) -> None:
    songs = made_up(24, 3)
    written = trained.write(songs, np.random.default_rng(0), temperature=5.0)
    assert sum(text.shown != text.fed for text in written) > 12
    mended = OriginalRecipe(dataclasses.replace(SMALL, shows_argmax=False), seed=SEED)
    mended.fit(made_up(60, 1), made_up(10, 2), Budget(60, 1), lambda _: None)
    assert all(text.shown == text.fed for text in mended.write(songs, np.random.default_rng(0), temperature=5.0))


def test_samples_show_unk_are_seeded_and_need_no_genres(trained: OriginalRecipe) -> None:
    songs = [*made_up(30, 4), Line("")]
    texts = trained.sample(songs, np.random.default_rng(1))
    assert texts == trained.sample(songs, np.random.default_rng(1))
    assert len(texts) == len(songs)
    assert "UNK" in " ".join(texts)
    assert "<title>" not in " ".join(texts)
    assert all(len(split(text)) <= SMALL.longest for text in texts)
    assert trained.sample([], np.random.default_rng(1)) == []


def test_the_score_is_finite_for_every_text_and_tighter_than_the_elbo(trained: OriginalRecipe) -> None:
    lines = made_up(60, 6)
    scores = trained.score(lines)
    assert 1 < perplexity_per_word(scores, lines) < 1000
    odd = trained.score([Line("ζ 𝄞 qqqqq <title> \x00"), Line("")])
    assert np.isfinite(odd).all()
    assert odd[0] > odd[1]
    assert np.array_equal(scores, trained.score(lines))
    torch.manual_seed(0)
    built = network()
    words, genres, noise = torch.randint(4, 30, (200, 6)), torch.zeros(200, 4), torch.Generator().manual_seed(0)
    with torch.no_grad():
        weights = built.log_weights(words, genres, 50, noise)  # (50, 200)
    assert float((torch.logsumexp(weights, 0) - np.log(50)).mean()) > float(weights.mean())


def test_the_score_is_minus_the_elbo_of_the_true_posterior() -> None:
    built = network()
    with torch.no_grad():
        built.posterior.weight.zero_(), built.posterior.bias.zero_()  # q is the prior: no KL, whatever the fault
        built.start.weight.zero_(), built.squash.weight.zero_()
        dict(built.decoder.named_parameters())["weight_ih_l0"][:, SMALL.hidden :] = 0.0
        built.out.weight[:, SMALL.hidden :] = 0.0  # and z reaches nothing
        words, genres = torch.tensor([[5, 6]]), torch.zeros(1, 4)
        weights = built.log_weights(words, genres, 3, torch.Generator().manual_seed(1))
        nats = built.reconstruction(words, torch.zeros(1, 6), genres)
    assert weights[:, 0].tolist() == pytest.approx([-nats.item()] * 3, rel=1e-4)


def test_saved_and_loaded_it_scores_the_same(trained: OriginalRecipe, tmp_path: Path) -> None:
    path = tmp_path / "original.pt"
    trained.save(path)
    loaded = OriginalRecipe.load(path)
    lines = made_up(8, 7)
    assert np.allclose(loaded.score(lines), trained.score(lines))
    assert loaded.recipe == SMALL
    assert loaded.parameters == trained.parameters


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_what_is_no_model_is_told_in_a_sentence(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "broken.pt"
    if content is None:
        torch.save({"recipe": {"hidden": 3, "colour": 1}, "seed": 1}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(StageError, match="ladder --again"):
        OriginalRecipe.load(path)


def test_untrained_or_without_lines_it_says_what_to_do() -> None:
    with pytest.raises(StageError, match="not trained"):
        OriginalRecipe().score([Line("a")])
    with pytest.raises(StageError, match="export corpus"):
        OriginalRecipe(SMALL).fit([], [], Budget(1, 1), lambda _: None)


@given(st.text())
def test_cutting_into_words_loses_nothing(text: str) -> None:
    bare = text.strip()
    assert join(split(bare)) == bare


@given(st.text(alphabet="ab ", min_size=1))
def test_words_that_are_not_in_the_list_are_unknown(text: str) -> None:
    vocabulary = Vocabulary.of([split("ab ab ba ab ba")], 1)
    assert vocabulary.words == (" ab",)
    ids = vocabulary.encode(split(text))
    assert [i == UNK for i in ids] == [word not in vocabulary for word in split(text)]


def test_spellings_are_a_distribution_over_words() -> None:
    spelling = Spelling({"ab": 3000, "ba": 1000}, order=2)
    words = ["".join(letters) for n in range(1, 9) for letters in itertools.product("ab", repeat=n)]
    total = sum(np.exp(-spelling.nats(word)) for word in words) + np.exp(-spelling.nats(""))
    assert 0.98 < total < 1.0
    assert spelling.nats("ab") < spelling.nats("aab") < spelling.nats("azb")
    again = Spelling.from_text(spelling.as_text())
    assert again.nats("bab") == spelling.nats("bab")
    assert set(spelling.sample(np.random.default_rng(0))) <= {"a", "b"}
