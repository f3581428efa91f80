"""Topics as plain arrays: the same answers as gensim's own inference, whatever the batch, and broken files refused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import LdaModel
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.bundle import TOPICS, Bundle, read_manifest, write_manifest
from inference.errors import BundleError
from inference.topics import TopicModel

_STEMS = "ba de fi go ku la me ni po ru sa te".split()
WORDS = tuple(first + second + "nt" for first in _STEMS for second in _STEMS)
TOPICS_MADE = 5
FILES: dict[str, Any] = {
    "words": np.array("alpha\nbeta"),
    "names": np.array("one\ntwo"),
    "weights": np.full((2, 2), 0.5, dtype=np.float32),
    "alpha": np.array([0.1, 0.1], dtype=np.float32),
    "descriptive": np.array([True, False]),
}


def documents(count: int, seed: int, *, words: int = 9) -> list[str]:
    """Texts whose words come mostly from one stretch of the vocabulary each."""
    rng = np.random.default_rng(seed)
    middles = rng.integers(0, len(WORDS), count)
    near = (middles[:, None] + rng.integers(-12, 13, (count, words))) % len(WORDS)
    return [" ".join(WORDS[i] for i in row) for row in near]


@pytest.fixture(scope="module")
def lda() -> LdaModel:
    index = {word: i for i, word in enumerate(WORDS)}
    bags = [[(index[word], 1) for word in sorted(set(text.split()))] for text in documents(400, 1)]
    names = dict(enumerate(WORDS))
    return LdaModel(
        bags, id2word=names, num_topics=TOPICS_MADE, random_state=1, passes=4, alpha=[0.1, 0.2, 0.1, 0.3, 0.1], dtype=np.float64
    )


@pytest.fixture(scope="module")
def model(lda: LdaModel) -> TopicModel:
    descriptive = np.array([False, True, False, True, False])
    return TopicModel(WORDS, lda.expElogbeta, lda.alpha, descriptive, [f"topic {i}" for i in range(TOPICS_MADE)])


def test_it_agrees_with_gensim(lda: LdaModel, model: TopicModel) -> None:
    texts = documents(200, 2)
    index = {word: i for i, word in enumerate(WORDS)}
    lda.iterations, lda.gamma_threshold = 500, 1e-5
    gamma, _ = lda.inference([[(index[word], 1) for word in sorted(set(text.split()))] for text in texts])
    theirs, ours = gamma / gamma.sum(axis=1, keepdims=True), model.weights(texts)
    assert ours.dtype == np.float32
    # From another start a sentence between topics may end on another side; nearly all must agree closely.
    apart = np.abs(theirs - ours).max(axis=1)
    assert np.quantile(apart, 0.95) < 0.01
    assert (theirs.argmax(axis=1) == ours.argmax(axis=1)).mean() > 0.97


def test_what_nobody_knows_is_the_prior(model: TopicModel) -> None:
    expected = model.alpha / model.alpha.sum()
    for text in ("", "<title> <artist>", "zzz qqq the of"):
        assert np.allclose(model.weights([text]), expected)
    assert model.weights([]).shape == (0, TOPICS_MADE)
    assert model.descriptive([]).shape == (0,)


def test_saying_it_again_changes_nothing_and_a_plural_is_its_singular(model: TopicModel) -> None:
    once = model.weights([WORDS[3]])
    assert np.array_equal(once, model.weights([f"{WORDS[3]} {WORDS[3]} {WORDS[3]}"]))
    assert np.array_equal(once, model.weights([f"the {WORDS[3]}s of <title>"]))
    assert np.array_equal(once, model.weights([f"{WORDS[3].upper()}’s!"]))
    assert not np.array_equal(once, model.weights([WORDS[70]]))


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from((*WORDS[::7], "<title>", "the", "unheard")), max_size=12).map(" ".join), max_size=9))
def test_a_text_does_not_depend_on_those_beside_it(model: TopicModel, texts: list[str]) -> None:
    together = model.weights(texts)
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)
    assert (together > 0).all()
    alone = [model.weights([text])[0] for text in texts]
    assert np.allclose(together, np.array(alone).reshape(together.shape), atol=1e-6)
    assert np.allclose(model.descriptive(texts), together[:, [1, 3]].sum(axis=1), atol=1e-6)


def test_many_texts_go_through_in_parts(model: TopicModel) -> None:
    texts = documents(1100, 3)
    assert np.allclose(
        model.weights(texts)[[0, 511, 512, 1099]], model.weights([texts[i] for i in (0, 511, 512, 1099)]), atol=1e-6
    )


def test_a_batch_takes_milliseconds(model: TopicModel) -> None:
    texts = documents(64, 4, words=15)
    spent = []
    for _ in range(15):
        began = time.process_time()
        model.weights(texts)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.015  # a third of it on a quiet core


def test_it_is_read_back_as_it_was_written(model: TopicModel, tmp_path: Path) -> None:
    model.save(tmp_path / TOPICS)
    again = TopicModel.load(tmp_path / TOPICS)
    assert (again.words, again.names) == (model.words, model.names)
    assert np.array_equal(again.is_descriptive, model.is_descriptive)
    texts = documents(20, 5)
    assert np.array_equal(again.weights(texts), model.weights(texts))


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": np.full((2, 2), np.nan, dtype=np.float32)},
        {"weights": np.array([[0.5, 0.0], [0.5, 0.5]], dtype=np.float32)},
        {"weights": np.full((2, 3), 0.5, dtype=np.float32)},
        {"weights": np.full((2, 2), 1, dtype=np.int64)},
        {"alpha": np.array([0.1, -0.1], dtype=np.float32)},
        {"alpha": np.array(0.1, dtype=np.float32)},
        {"alpha": np.array([0.1], dtype=np.float32)},
        {"descriptive": np.array([False, False])},
        {"descriptive": np.array([1.0, 0.0])},
        {"words": np.array("alpha\nalpha")},
        {"names": np.array("one")},
        {"alpha": np.array([{"a": 1}, None], dtype=object)},
        {"more": np.zeros(101_000_000, dtype=np.uint8)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_wrong_file_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    np.savez_compressed(tmp_path / TOPICS, **(FILES | changes))
    with pytest.raises(BundleError, match="make the bundle again"):
        TopicModel.load(tmp_path / TOPICS)


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04 and nothing more"])
def test_what_is_no_file_of_arrays_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TOPICS).write_bytes(content)
    with pytest.raises(BundleError, match="no topic model"):
        TopicModel.load(tmp_path / TOPICS)
    with pytest.raises(BundleError, match="no topic model"):
        TopicModel.load(tmp_path / "nowhere.npz")


def test_a_file_cut_short_is_refused(model: TopicModel, tmp_path: Path) -> None:
    model.save(tmp_path / TOPICS)
    whole = (tmp_path / TOPICS).read_bytes()
    for left in (len(whole) // 3, len(whole) - 40):
        (tmp_path / TOPICS).write_bytes(whole[:left])
        with pytest.raises(BundleError):
            TopicModel.load(tmp_path / TOPICS)
    (tmp_path / TOPICS).write_bytes(whole[:300] + bytes(200) + whole[500:])
    with pytest.raises(BundleError):
        TopicModel.load(tmp_path / TOPICS)


def test_a_bundle_may_have_topics(bundle_folder: Path, model: TopicModel) -> None:
    assert Bundle.open(bundle_folder, device="cpu", threads=1).topics is None
    model.save(bundle_folder / TOPICS)
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    topics = Bundle.open(bundle_folder, device="cpu", threads=1).topics
    assert topics is not None
    assert topics.words == model.words
    (bundle_folder / TOPICS).write_bytes(b"words")
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    with pytest.raises(BundleError, match="no topic model"):
        Bundle.open(bundle_folder, device="cpu", threads=1)
