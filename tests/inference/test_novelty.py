"""No run of eight words that was read escapes; what was not read mostly does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import BundleError
from inference.novelty import RUN, NoveltyFilter

WORDS = st.sampled_from(["a", "warm", "beat", "<title>", "don't", "Björk", "lo-fi", "synths", "glow", "and", "the", "o'er"])
TEXTS = st.lists(st.lists(WORDS, max_size=30).map(" ".join), min_size=1, max_size=5)


def text_of(numbers: range) -> str:
    """A text in which no word comes twice."""
    return " ".join(f"word{i}" for i in numbers)


@given(TEXTS, st.data())
def test_every_run_of_eight_words_is_found_wherever_it_stands(texts: list[str], data: st.DataObject) -> None:
    novelty = NoveltyFilter.build(texts)
    long = [words for text in texts if len(words := text.replace("-", " ").split()) >= RUN]
    if not long:
        return
    words = data.draw(st.sampled_from(long))
    start = data.draw(st.integers(0, len(words) - RUN))
    end = data.draw(st.integers(start + RUN, len(words)))
    before, after = data.draw(st.lists(WORDS)), data.draw(st.lists(WORDS))
    said = ", ".join([*before, *words[start:end], *after]).upper().replace("<TITLE>", "<title>").replace("'", "\u2019")
    assert novelty.copied_run(said)
    assert novelty.longest_run(said) >= end - start


@given(st.integers(0, 400), st.integers(RUN, 60))
def test_runs_are_found_in_long_texts_read_in_pieces(start: int, length: int) -> None:
    novelty = NoveltyFilter.build([text_of(range(250)), text_of(range(300, 500))])
    inside = max(0, min(start + length, 250) - start, min(start + length, 500) - max(start, 300))
    found = novelty.longest_run(text_of(range(start, start + length)))
    assert found >= (inside if inside >= RUN else 0)
    assert found <= length


def test_seven_words_and_runs_over_two_texts_are_free() -> None:
    novelty = NoveltyFilter.build([text_of(range(20)), text_of(range(20, 40))])
    assert not novelty.copied_run(text_of(range(7)))
    # Four words of one text and four of the next: no text holds these eight.
    assert novelty.longest_run(text_of(range(16, 24))) == 0
    assert novelty.longest_run(text_of(range(20))) == 20


def test_hardly_anything_new_is_refused() -> None:
    novelty = NoveltyFilter.build([text_of(range(60_000))], size=40_000)
    assert novelty.entries == pytest.approx(30_000, rel=0.05)
    others = [text_of(range(i, i + 12)) for i in range(100_000, 130_000, 12)]
    rate = np.mean([novelty.copied_run(text) for text in others])
    # Twelve words have five windows; the filter measures how often one of them deceives it.
    assert 0.003 < novelty.false_positive_rate() < 0.02
    assert rate < 6 * novelty.false_positive_rate()


def test_small_text_takes_little_room(tmp_path: Path) -> None:
    NoveltyFilter.build([text_of(range(100))]).save(tmp_path / "novelty.npz")
    assert (tmp_path / "novelty.npz").stat().st_size < 2_000


def test_is_the_same_after_saving(tmp_path: Path) -> None:
    novelty = NoveltyFilter.build([text_of(range(100))])
    novelty.save(tmp_path / "novelty.npz")
    loaded = NoveltyFilter.load(tmp_path / "novelty.npz")
    assert loaded.entries == novelty.entries
    assert loaded.longest_run(text_of(range(90, 120))) == 10


@pytest.mark.parametrize("texts", [[], [""], ["too short"], ["<>"], [" \x00 "]])
def test_nothing_read_means_nothing_copied(texts: list[str]) -> None:
    assert not NoveltyFilter.build(texts).copied_run(text_of(range(50)))


def test_a_file_that_is_no_filter_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "novelty.npz", bits=np.zeros(0, dtype=np.uint8), probes=1, entries=0)
    with pytest.raises(BundleError, match="filter"):
        NoveltyFilter.load(tmp_path / "novelty.npz")
    (tmp_path / "novelty.npz").write_bytes(b"PK")
    with pytest.raises(BundleError, match=r"novelty\.npz is no filter"):
        NoveltyFilter.load(tmp_path / "novelty.npz")
