"""Words are cut alike everywhere; the list knows what is written in lower case, and neither non-words nor names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.words import WordList, words_of

READ = [
    "The guitar glows, they know. Guitars ring out, and it doesn't stop: Radiohead know the guitar.",
    "A guitar can glow like a velvet rope, says Prince, and Prince knows as Prince glows. Björk does too.",
    "It doesn't glow; a prince once said so, and guitars don't lie. Like rope, like velvet.",
]


@pytest.fixture(scope="module")
def words() -> WordList:
    return WordList.build(READ, least=1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don\u2019t stop", ("don't", "stop")),
        ("lo-fi <title>'s R&B", ("lo", "fi", "<title>", "s", "r", "b")),
        ("'quoted' guitars' ends", ("quoted", "guitars", "ends")),
        ("Björk — naïve, 80s…", ("björk", "naïve", "80s")),
        ("under_score", ("under", "score")),
        ("", ()),
    ],
)
def test_words_of_a_text(text: str, found: tuple[str, ...]) -> None:
    assert words_of(text) == found


@given(st.text())
def test_words_are_the_same_when_cut_again(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("the guitar glows", ()),
        ("a guitar couour", ("couour",)),
        ("velvet-rope guitars", ()),
        ("velvet-couour guitars", ("couour",)),
        ("the guitar's velvet, guitar'll glow", ()),
        ("couour's velvet", ("couour's",)),
        ("radiohead and björk know", ("radiohead", "björk")),
        ("prince knows", ("prince",)),
        ("<title> and <artist> glow", ()),
        ("dj r&b velvet, i'm moog", ()),
        ("", ()),
    ],
)
def test_unknown_words(words: WordList, text: str, unknown: tuple[str, ...]) -> None:
    assert words.unknown(text) == unknown


def test_compounds_are_known_or_coined() -> None:
    words = WordList.build(["A slow-burning, lo-fi Anglo-Irish glow, a slow-burning lo-fi Anglo-Irish glow."], least=9)
    assert words.coined("Slow-burning lo-fi, anglo-irish") == ()
    assert words.coined("slow-burning lo-burning <title>-like don't-stop") == ("lo-burning", "don't-stop")


def test_a_word_must_be_seen_often_enough() -> None:
    words = WordList.build(READ, least=2)
    assert words.unknown("guitar velvet lie") == ("lie",)


def test_a_name_is_what_mostly_has_a_capital() -> None:
    often = ["so a queen said Queen and so Queen and so Queen and so Queen", "the hot Hot the hot Hot the Hot and hot"]
    assert WordList.build(often, least=1).unknown("queen hot") == ("queen",)


def test_is_the_same_after_saving(words: WordList, tmp_path: Path) -> None:
    words.save(tmp_path / "words.npz")
    assert WordList.load(tmp_path / "words.npz").unknown("velvet couour") == ("couour",)
