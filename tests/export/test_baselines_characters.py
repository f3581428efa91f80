"""Baselines over characters: counts that are right, networks that learn, and figures that mean what they say."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from export.baselines import bias_variance
from export.baselines.base import Budget, Epoch, Line, bits_per_character, draw
from export.baselines.cells import ElmanNet, FeedForwardNet, RecurrentNet
from export.baselines.character_nets import CELLS, CharacterNet
from export.baselines.characters import CharacterNgram
from export.baselines.fitting import Loss, fit_network
from export.baselines.memorised import Memory
from export.config import LadderConfig
from export.errors import StageError
from tests.export.conftest import sentence

ONCE = Budget(seconds=60.0, epochs=1)
SMALL = LadderConfig(embedding=8, hidden=24, context=4, batch_tokens=512, learning_rate=0.02)
texts = st.lists(st.text(alphabet="ab~é\n", max_size=9), min_size=1, max_size=12)


def as_lines(*written: str) -> list[Line]:
    return [Line(text) for text in written]


def made_up(count: int, seed: int = 5) -> list[Line]:
    rng = random.Random(seed)
    return [Line(sentence(rng, "<artist>", "<title>").lower()) for _ in range(count)]


def ngram(order: int, *written: str) -> CharacterNgram:
    model = CharacterNgram(order)
    model.fit(as_lines(*written), (), ONCE, lambda _: None)
    return model


def nats_by_hand(order: int, train: list[str], text: str) -> float:
    """-log p by the definition, with dictionaries."""
    grams, contexts = Counter[str](), Counter[str]()
    for line in train:
        padded = "~" * (order - 1) + line + "\n"
        for i in range(order - 1, len(padded)):
            grams[padded[i - order + 1 : i + 1]] += 1
            contexts[padded[i - order + 1 : i]] += 1
    padded = "~" * (order - 1) + text + "\n"
    total = 0.0
    for i in range(order - 1, len(padded)):
        count = grams[padded[i - order + 1 : i + 1]]
        total += math.log(contexts[padded[i - order + 1 : i]] / count) if count else math.inf
    return total


# The n-gram


def test_ngram_is_the_share_of_what_followed() -> None:
    model = ngram(2, "ab", "ab", "ac")
    assert model.score(as_lines("ab", "ac", "ba")) == pytest.approx([math.log(3 / 2), math.log(3), math.inf])
    assert model.parameters == 5  # ~a ab ac b. c.


@given(texts, texts, st.integers(1, 20))
def test_ngram_agrees_with_the_definition(train: list[str], held_out: list[str], order: int) -> None:
    found = ngram(order, *train).score(as_lines(*held_out))
    assert found == pytest.approx([nats_by_hand(order, train, text) for text in held_out])


@pytest.mark.parametrize("order", [0, 21])
def test_ngram_order_has_limits(order: int) -> None:
    with pytest.raises(ValueError, match="1 to 20"):
        CharacterNgram(order)


def test_ngram_of_high_order_knows_its_lines_by_heart() -> None:
    lines = made_up(40)
    model = CharacterNgram(20)
    model.fit(lines, lines, ONCE, lambda _: None)
    samples = model.sample([Line("")] * 30, np.random.default_rng(1))
    assert Memory([line.text for line in lines]).share(samples) > 0.8
    assert np.isfinite(model.score(as_lines(*samples))).all()


def test_ngram_temperature_sharpens() -> None:
    model = ngram(3, "aa", "aa", "aa", "ab", "ba")

    def most(temperature: float) -> float:
        drawn = model.sample([Line("")] * 300, np.random.default_rng(3), temperature=temperature)
        return drawn.count("aa") / 300

    assert most(0.0) == 1.0
    assert most(0.0) > most(0.5) > most(1.0)
    assert most(1.0) == pytest.approx(0.6, abs=0.1)


def test_ngram_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    lines = made_up(30)
    model = CharacterNgram(4)
    model.fit(lines, lines, ONCE, lambda _: None)
    model.save(tmp_path / "model.npz")
    again = CharacterNgram.load(tmp_path / "model.npz")
    assert again.score(lines).tolist() == model.score(lines).tolist()
    assert again.sample(lines[:5], np.random.default_rng(2)) == model.sample(lines[:5], np.random.default_rng(2))


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 broken"])
@pytest.mark.parametrize("kind", [CharacterNgram, CharacterNet])
def test_a_broken_file_is_told_in_one_sentence(content: bytes, kind: type, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(StageError, match="--again"):
        kind.load(tmp_path / "model")


def test_tables_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    ngram(2, "ab").save(path)
    with np.load(path, allow_pickle=False) as parts:
        changed = {**parts, "counts": parts["counts"][:1]}
    np.savez(path, **changed)
    with pytest.raises(StageError, match="fit together"):
        CharacterNgram.load(path)


# What is known by heart, and the bias-variance picture


@given(texts, texts, st.integers(1, 4))
def test_memorised_share_agrees_with_looking(train: list[str], said: list[str], run: int) -> None:
    runs = [text[i : i + run] for text in said for i in range(len(text) - run + 1)]
    share = sum(any(part in line for line in train) for part in runs) / len(runs) if runs else 0.0
    assert Memory(train, run=run).share(said) == pytest.approx(share)


def test_longer_contexts_fit_better_and_know_less() -> None:
    train, held_out = made_up(150), made_up(30, seed=6)
    memory = Memory([line.text for line in train])
    heard: list[int] = []
    rows = bias_variance.figures(train, held_out, memory, highest=12, samples=20, seed=1, report=heard.append)
    assert heard == [row.order for row in rows] == list(range(1, 13))
    for shorter, longer in itertools.pairwise(rows):
        assert longer.train_bits <= shorter.train_bits
        assert longer.novel_share >= shorter.novel_share
        assert longer.ngrams >= shorter.ngrams
    assert rows[-1].memorised_share > rows[1].memorised_share
    assert rows[0].smoothed_bits > rows[5].smoothed_bits
    assert all(row.novel_contexts <= row.novel_share and math.isfinite(row.smoothed_bits) for row in rows)


def test_smoothed_shares_add_up_to_one() -> None:
    train = as_lines("abba", "abc", "cab")
    following = as_lines("ab", "aba", "abb", "abc")  # after `ab`: the end, a, b, c
    for step in bias_variance.climb(train, following, 5):
        third = np.exp(-step.smoothed)[[2, 5, 9, 13]]
        unknown = np.exp(-next_unknown(train, step.model.order))
        assert third.sum() + unknown == pytest.approx(1.0)


def next_unknown(train: list[Line], order: int) -> float:
    """Nats of a character that no training line has, after `ab`."""
    *_, step = bias_variance.climb(train, as_lines("ab?"), order)
    return float(step.smoothed[2])


# Networks


@pytest.mark.parametrize("cell", CELLS)
def test_networks_learn(cell: str) -> None:
    train, validation = made_up(80), made_up(20, seed=6)
    model = CharacterNet(cell, SMALL, seed=3)
    before = bits_per_character(model.score(validation), validation)
    heard: list[Epoch] = []
    epochs = model.fit(train, validation, Budget(60.0, 2), heard.append)
    after = bits_per_character(model.score(validation), validation)
    assert heard == epochs
    assert len(epochs) == 2
    assert after < before - 1.0
    assert after * math.log(2) == pytest.approx(min(epoch.validation_nats for epoch in epochs))


@pytest.mark.parametrize(
    "network",
    [
        FeedForwardNet(9, 5, 7, context=4),
        FeedForwardNet(9, 5, 7, context=1),
        ElmanNet(9, 5, 7),
        *(RecurrentNet(9, 5, 7, cell=cell) for cell in (nn.RNN, nn.GRU, nn.LSTM)),
    ],
    ids=lambda network: type(network).__name__,
)
def test_step_by_step_is_the_same_as_at_once(network: nn.Module) -> None:
    ids = torch.arange(24).reshape(3, 8) % 9
    with torch.no_grad():
        at_once, _ = network(ids)
        state, steps = None, []
        for t in range(8):
            logits, state = network(ids[:, t : t + 1], state)
            steps.append(logits)
    torch.testing.assert_close(torch.cat(steps, dim=1), at_once)


def test_feed_forward_net_sees_its_window_only() -> None:
    network = FeedForwardNet(9, 5, 7, context=3)
    ids = torch.arange(8)[None] % 9
    other = ids.clone()
    other[0, 2] = 8
    with torch.no_grad():
        changed = (network(ids)[0] != network(other)[0]).any(dim=2)[0]
    assert changed.tolist() == [False, False, True, True, True, False, False, False]


def test_the_hand_made_cell_is_the_librarys() -> None:
    torch.manual_seed(0)
    library, by_hand = RecurrentNet(9, 5, 7, cell=nn.RNN), ElmanNet(9, 5, 7)
    weights = library.cell.state_dict()
    with torch.no_grad():
        by_hand.x.copy_(library.embed.weight)
        by_hand.w.copy_(weights["weight_ih_l0"].T)
        by_hand.u.copy_(weights["weight_hh_l0"].T)
        by_hand.b.copy_(weights["bias_ih_l0"] + weights["bias_hh_l0"])
        by_hand.v.copy_(library.out.weight.T)
        by_hand.c.copy_(library.out.bias)
        ids = torch.arange(24).reshape(3, 8) % 9
        torch.testing.assert_close(by_hand(ids)[0], library(ids)[0])


def trained(cell: str = "GRU") -> CharacterNet:
    model = CharacterNet(cell, SMALL, seed=3)
    model.fit(made_up(80), made_up(10, seed=6), ONCE, lambda _: None)
    return model


def test_same_seed_same_network_and_samples(tmp_path: Path) -> None:
    first, second, asked = trained(), trained(), made_up(6)
    first.save(tmp_path / "model.pt")
    loaded = CharacterNet.load(tmp_path / "model.pt")
    for other in (second, loaded):
        assert other.score(asked) == pytest.approx(first.score(asked))
        assert other.sample(asked, np.random.default_rng(4)) == first.sample(asked, np.random.default_rng(4))
    assert loaded.parameters == first.parameters
    assert loaded.name == first.name == "character GRU"


def test_network_temperature_sharpens() -> None:
    model, asked = trained("feed-forward"), [Line("")] * 40
    cold = model.sample(asked, np.random.default_rng(1), temperature=0.0)
    warm = model.sample(asked, np.random.default_rng(1), temperature=1.0)
    assert len(set(cold)) == 1
    assert len(set(warm)) > 30
    assert all(len(text) <= 300 for text in cold + warm)


def test_a_sign_that_was_never_seen_costs_much_but_not_all() -> None:
    plain, strange = trained().score(as_lines("the bass hums", "the båss hums"))
    assert plain + 10 < strange < math.inf


def test_score_does_not_depend_on_its_neighbours() -> None:
    model, lines = trained("LSTM"), made_up(20)
    together = model.score(lines)
    alone = np.concatenate([model.score([line]) for line in lines])
    assert together == pytest.approx(alone, rel=1e-4)


def test_unknown_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="LSTM"):
        CharacterNet("transformer", SMALL, seed=1)


# Training and drawing, shared by all networks


class One(nn.Module):
    """A single number."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


def fit_one(measured: Iterator[float], budget: Budget, lines: int = 4) -> tuple[list[Epoch], list[float]]:
    """Epochs of a network whose weight falls a step with every batch, and its weight after each and at the end."""
    network, weights = One(), []

    def measure() -> float:
        weights.append(network.value.item())
        return next(measured)

    def losses(_: np.random.Generator) -> Iterator[Loss]:
        for _line in range(lines):
            yield Loss(1, network.value * 1.0)

    epochs = fit_network(network, losses, measure, lines=lines, budget=budget, report=lambda _: None, learning_rate=0.1, seed=1)
    return epochs, [*weights, network.value.item()]


def test_training_stops_when_validation_does_and_keeps_the_best() -> None:
    epochs, weights = fit_one(iter([3.0, 1.0, 2.0, 1.5, 0.1]), Budget(60.0, 20))
    assert [epoch.validation_nats for epoch in epochs] == [3.0, 1.0, 2.0, 1.5]
    assert weights[-1] == weights[1] != weights[3]


def test_a_budget_that_is_over_cuts_the_epoch_and_says_so() -> None:
    epochs, _ = fit_one(iter([3.0, 2.0]), Budget(1e-9, 20))
    assert [epoch.share for epoch in epochs] == [0.25]


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.floats(0.1, 3.0))
def test_draw_never_takes_what_is_impossible(seed: int, temperature: float) -> None:
    scores = np.array([[0.0, -np.inf, 1.0], [-np.inf, 2.0, -np.inf]]).repeat(20, axis=0)
    drawn = draw(scores, np.random.default_rng(seed), temperature=temperature)
    assert set(drawn[:20]) <= {0, 2}
    assert set(drawn[20:]) == {1}
