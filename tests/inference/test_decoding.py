"""Generator, sampling and decoder: the same noise gives the same words, and what is forbidden is never said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.bundle import Bundle
from inference.conditions import Conditions
from inference.decoder import Decoder, Draft
from inference.generator import TruncatedPrior
from inference.manifest import Sampling
from inference.sampling import pick
from inference.tokenizer import BOS, EOS

PLAIN = Sampling(temperature=1.0, top_k=32, min_p=0.0)
ROW = np.log(np.array([[0.5, 0.25, 0.15, 0.1]], dtype=np.float32))


def taken(sampling: Sampling, row: NDArray[np.float32] = ROW, draws: int = 2000) -> NDArray[np.float64]:
    """How often each token of a row is taken by evenly spread random numbers."""
    uniform = (np.arange(draws) + 0.5) / draws
    places = pick(np.repeat(row, draws, axis=0), uniform, sampling)
    return np.bincount(places, minlength=row.shape[1]) / draws


def test_tokens_are_taken_as_often_as_they_are_likely() -> None:
    np.testing.assert_allclose(taken(PLAIN), [0.5, 0.25, 0.15, 0.1], atol=0.001)


@pytest.mark.parametrize(
    ("sampling", "shares"),
    [
        (Sampling(1.0, 2, 0.0), [2 / 3, 1 / 3, 0, 0]),
        (Sampling(1.0, 32, 0.4), [2 / 3, 1 / 3, 0, 0]),
        (Sampling(1.0, 32, 1.0), [1, 0, 0, 0]),
        (Sampling(1.0, 32, 0.0, top_p=0.8), [5 / 9, 2.5 / 9, 1.5 / 9, 0]),
        (Sampling(0.5, 32, 0.0), [0.25 / 0.345, 0.0625 / 0.345, 0.0225 / 0.345, 0.01 / 0.345]),
        (Sampling(0.01, 32, 0.0), [1, 0, 0, 0]),
    ],
)
def test_unlikely_tokens_are_left_out(sampling: Sampling, shares: list[float]) -> None:
    np.testing.assert_allclose(taken(sampling), shares, atol=0.001)


def test_refused_tokens_make_room_for_others() -> None:
    row = ROW.copy()
    row[0, :2] = -np.inf
    np.testing.assert_allclose(taken(Sampling(1.0, 2, 0.0), row), [0, 0, 0.6, 0.4], atol=0.001)


@given(
    st.lists(st.floats(-30, 0), min_size=1, max_size=32),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.01, 5),
    st.floats(0, 1),
    st.floats(0.01, 1),
)
def test_a_kept_token_is_always_taken(
    logits: list[float], uniform: float, temperature: float, min_p: float, top_p: float
) -> None:
    row = -np.sort(-np.array([logits + [-np.inf] * 3], dtype=np.float32), axis=1)
    place = pick(row, np.array([uniform]), Sampling(temperature, 8, min_p, top_p))[0]
    assert place < min(8, len(logits))
    assert row[0, place] >= row[0, 0] + np.log(max(min_p, 1e-30)) - 1e-4


def test_latents_stay_within_their_limits_and_come_again() -> None:
    prior = TruncatedPrior(16, scale=0.5, truncation=1.5)
    z = prior.propose(np.random.default_rng(3), np.zeros((500, 2), dtype=np.float32))
    assert z.shape == (500, 16)
    assert z.dtype == np.float32
    assert np.abs(z).max() <= 0.75
    assert abs(z.mean()) < 0.02
    np.testing.assert_array_equal(z, prior.propose(np.random.default_rng(3), np.zeros((500, 2), dtype=np.float32)))


class Speech:
    """Says the same noise again and again."""

    def __init__(self, bundle: Bundle, rows: int = 64) -> None:
        self.decoder = Decoder(bundle)
        rng = np.random.default_rng(11)
        self.condition = np.repeat(bundle.conditions.encode(Conditions()), rows, axis=0)
        self.z = rng.normal(size=(rows, bundle.manifest.sizes.latent)).astype(np.float32)
        self.uniform = rng.random((rows, self.decoder.max_tokens))

    def say(
        self, rows: NDArray[np.intp] | None = None, sampling: Sampling = PLAIN, forbidden: tuple[int, ...] = ()
    ) -> list[Draft]:
        """Drafts of these rows (all by default)."""
        chosen = np.arange(len(self.z)) if rows is None else rows
        return self.decoder.decode(self.z[chosen], self.condition[chosen], self.uniform[chosen], sampling, forbidden)


@pytest.fixture(scope="module")
def speech(bundle: Bundle) -> Speech:
    return Speech(bundle)


def test_the_same_noise_gives_the_same_words(speech: Speech) -> None:
    assert speech.say() == speech.say()


def test_a_sentence_depends_on_its_own_noise_alone(speech: Speech) -> None:
    rows = np.array([40, 3, 17])
    for alone, together in zip(speech.say(rows), [speech.say()[i] for i in rows], strict=True):
        assert alone.ids == together.ids
        assert alone.log_prob == pytest.approx(together.log_prob, rel=1e-4)


def test_log_probabilities_are_the_model_s_own(speech: Speech, bundle: Bundle) -> None:
    cool = Sampling(temperature=0.3, top_k=5, min_p=0.1)
    row = np.array([5])
    (draft,) = speech.say(row, cool)
    h, c, drive = bundle.start.run(["h", "c", "drive"], {"z": speech.z[row], "condition": speech.condition[row]})
    bias = np.zeros((1, bundle.manifest.sizes.vocabulary), dtype=np.float32)
    bias[0, list(bundle.manifest.special.banned)] = -1e9
    total = 0.0
    said = [*draft.ids, EOS] if draft.finished else list(draft.ids)
    for before, token in zip([BOS, *said], said, strict=False):
        feed = {"token": np.array([before]), "h": h, "c": c, "drive": drive, "bias": bias}
        log_prob, ids, h, c = bundle.step.run(["top_logp", "top_ids", "h_out", "c_out"], feed)
        total += log_prob[0, ids[0].tolist().index(token)]
    assert draft.log_prob == pytest.approx(total, rel=1e-4)
    assert draft.mean_log_prob == pytest.approx(total / len(said), rel=1e-4)


def test_nothing_forbidden_is_said(speech: Speech, bundle: Bundle) -> None:
    title, artist = bundle.tokenizer.slot("<title>"), bundle.tokenizer.slot("<artist>")
    freely = speech.say()
    assert any(title in draft.ids for draft in freely)
    for draft in [*freely, *speech.say(sampling=Sampling(5.0, 32, 0.0))]:
        assert not set(draft.ids) & set(bundle.manifest.special.banned)
        assert EOS not in draft.ids
        assert len(draft.ids) >= 6
        assert draft.ids.count(title) <= 1
        assert draft.ids.count(artist) <= 1
        assert all(a != b for a, b in zip(draft.ids, draft.ids[1:], strict=False))
    assert not any({title, artist} & set(draft.ids) for draft in speech.say(forbidden=(title, artist)))


def test_a_sentence_that_finds_no_end_says_so(speech: Speech) -> None:
    drafts = speech.say()
    assert {draft.finished for draft in drafts} == {True, False}
    for draft in drafts:
        assert draft.finished or len(draft.ids) == speech.decoder.max_tokens
