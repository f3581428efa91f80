"""Traits tell of taste: how long a sentence is, whom it names, and how warm its words are."""

from __future__ import annotations

import pytest

from inference.checks import Sentence
from inference.prose import Names
from inference.traits import TRAITS, warmth

NAMES = Names("Nina Simone", "Sinnerman")


def traits(text: str) -> dict[str, float]:
    """All traits of a sentence."""
    return {name: trait(Sentence(text, NAMES)) for name, trait in TRAITS.items()}


def test_length_and_names_are_read_from_the_slot_form() -> None:
    assert traits("<title> glides over drums.") == {"words": 4, "artist": 0, "title": 1, "warmth": 0}
    assert traits("<artist>'s piano glows.")["artist"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a gorgeous, brilliant and lovely chorus.", 1.0),
        ("a gorgeous chorus over drums.", 0.5),
        ("a gorgeous chorus over dull drums.", 0.0),
        ("it is the piano.", 0.0),
        ("bland drums.", -0.5),
        ("a tired, bland and tedious chorus.", -1.0),
    ],
)
def test_warm_words_are_weighed_against_cool_ones(text: str, expected: float) -> None:
    assert warmth(Sentence(text, NAMES)) == expected
