"""Guidance: songs prefer words, within limits, and a broken file is refused."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inference.bundle import Bundle, read_manifest, write_manifest
from inference.conditions import Conditions
from inference.decoder import Decoder
from inference.errors import BundleError
from inference.guidance import GUIDANCE, Guidance

WORD = re.compile("\u2581[a-z]{4,}")  # a token that is a word
FINITE = hnp.arrays(np.float32, (3, 4), elements=st.floats(-50, 50, width=32))


@given(FINITE, st.floats(0, 10))
def test_no_word_is_moved_by_more_than_two_nats(song: np.ndarray, strength: float) -> None:
    guidance = Guidance(np.eye(4, 2, dtype=np.float32), np.ones((2, 5), dtype=np.float32))
    bias = guidance.bias(song, strength)
    assert bias.shape[1] == 5
    assert np.abs(bias).max() <= 2.0


def test_one_song_has_one_row_and_several_have_one_each() -> None:
    guidance = Guidance(np.eye(2, dtype=np.float32), np.array([[1, -1, 0], [0, 0.5, 1]], dtype=np.float32))
    song = np.array([[1, 0], [1, 0]], dtype=np.float32)
    assert guidance.bias(song, 0.5).tolist() == [[0.5, -0.5, 0.0]]
    song[1] = [0, 2]
    assert guidance.bias(song, 0.5).tolist() == [[0.5, -0.5, 0.0], [0.0, 0.5, 1.0]]


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    guidance = Guidance(rng.standard_normal((6, 3)).astype(np.float32), rng.standard_normal((3, 9)).astype(np.float32))
    guidance.save(tmp_path / GUIDANCE)
    song = rng.standard_normal((2, 6)).astype(np.float32)
    assert Guidance.load(tmp_path / GUIDANCE).bias(song, 0.3) == pytest.approx(guidance.bias(song, 0.3), abs=5e-3)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        np.savez(tmp_path / GUIDANCE, left=np.zeros((2, 3)), right=np.zeros((4, 5)))
    else:
        (tmp_path / GUIDANCE).write_bytes(content)
    with pytest.raises(BundleError, match="make the bundle again"):
        Guidance.load(tmp_path / GUIDANCE)


@pytest.fixture
def guided(made_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the hand-made bundle, with guidance towards one word for rock."""
    bundle = Bundle.open(made_bundle, device="cpu")
    word = next(i for i in range(9, bundle.tokenizer.size) if WORD.fullmatch(bundle.tokenizer.piece(i)))
    left = np.zeros((bundle.conditions.size, 1), dtype=np.float32)
    left[bundle.conditions.parts["family"].stop - 1] = 1.0  # any known family
    right = np.zeros((1, bundle.tokenizer.size), dtype=np.float32)
    right[0, word] = 2.0
    copy = tmp_path / "guided"
    shutil.copytree(made_bundle, copy)
    Guidance(left, right).save(copy / GUIDANCE)
    write_manifest(copy, read_manifest(copy))
    return copy


def test_guided_songs_say_the_word_more_often(guided: Path) -> None:
    bundle = Bundle.open(guided, device="cpu")
    condition = np.repeat(bundle.conditions.encode(Conditions(genres=("rock",))), 64, axis=0)
    rng = np.random.default_rng(1)
    word = next(i for i in range(9, bundle.tokenizer.size) if WORD.fullmatch(bundle.tokenizer.piece(i)))
    z, uniform = np.zeros((64, bundle.manifest.sizes.latent), dtype=np.float32), rng.random((64, 60))
    said = []
    for strength in (0.0, 1.0):
        drafts = Decoder(bundle).decode(z, condition, uniform, replace(bundle.manifest.sampling, guidance=strength))
        said.append(sum(draft.ids.count(word) for draft in drafts))
    assert said[1] > said[0]


def test_songs_side_by_side_are_guided_each_by_its_own(guided: Path) -> None:
    bundle = Bundle.open(guided, device="cpu")
    rock, unknown = (bundle.conditions.encode(Conditions(genres=genres)) for genres in (("rock",), ()))
    rng = np.random.default_rng(2)
    z, uniform = np.zeros((2, bundle.manifest.sizes.latent), dtype=np.float32), rng.random((2, 60))
    sampling = replace(bundle.manifest.sampling, guidance=1.0)
    together = Decoder(bundle).decode(z, np.concatenate([rock, unknown]), uniform, sampling)
    alone = [Decoder(bundle).decode(z[i : i + 1], c, uniform[i : i + 1], sampling)[0] for i, c in enumerate((rock, unknown))]
    assert [draft.ids for draft in together] == [draft.ids for draft in alone]


def test_guidance_of_another_size_is_refused(guided: Path) -> None:
    Guidance(np.zeros((3, 1), dtype=np.float32), np.zeros((1, 5), dtype=np.float32)).save(guided / GUIDANCE)
    write_manifest(guided, read_manifest(guided))
    with pytest.raises(BundleError, match="guidance"):
        Bundle.open(guided, device="cpu")
