"""Tastes: the scores and traits of a sentence that a community may like or dislike, and how much it may make of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from inference.ranking import Weights

# Points of the total that a community can make a usual spread worth. Ranker.MOST_SHIFT bounds all of them together.
_MOST = 1.2
_MOST_OF_WEIGHT = 0.5  # a judge of quality loses or gains at most so much of its say


@dataclass(frozen=True)
class Taste:
    """A score or trait: what is usual among the candidates of the shipped bundle, and what people call it."""

    usual: float  # mean over candidates
    spread: float  # standard deviation among the candidates for one song
    most: float  # points of the total for a spread, at most
    more: str  # what a place likes that likes more of it
    less: str


def _taste(usual: float, spread: float, more: str, less: str) -> Taste:
    return Taste(usual, spread, _MOST, more, less)


def _quality(name: str, usual: float, spread: float, more: str, less: str) -> Taste:
    return Taste(usual, spread, _MOST_OF_WEIGHT * asdict(Weights())[name] * spread, more, less)


# Measured on 2,928 candidates for the 66 songs of the sample catalogue. "slot" is left out: artist and title tell it.
TASTES: Mapping[str, Taste] = MappingProxyType(
    {
        "words": _taste(12.5, 3.7, "longer sentences", "shorter sentences"),
        "warmth": _taste(0.19, 0.29, "warmer words", "cooler words"),
        "artist": _taste(0.21, 0.4, "the artist named", "the artist left unnamed"),
        "title": _taste(0.44, 0.5, "the song named", "the song left unnamed"),
        "descriptive": _taste(0.71, 0.21, "more words about the sound", "fewer words about the sound"),
    }
    | {
        name: _quality(name, usual, spread, more, less)
        for name, usual, spread, more, less in (
            ("agreement", 0.063, 0.23, "words that fit how the song measures", "words that go against how the song measures"),
            ("fluency", -0.14, 0.29, "ordinary English", "unusual English"),
            ("weakest", -2.6, 0.32, "no surprising words", "surprising words"),
            ("likelihood", -1.8, 0.37, "the expected", "the unexpected"),
            ("repetition", -0.22, 0.45, "every word but once", "words said again"),
            ("coinage", -0.02, 0.14, "established compounds", "newly made compounds"),
            ("length", -0.025, 0.085, "sentences of middle length", "very short or very long sentences"),
            ("human", -3.0, 1.3, "what sounds written by people", "what sounds written by a machine"),
            ("sense", 0.1, 0.21, "whole sentences", "broken sentences"),
            ("fit", 0.16, 0.44, "what fits this song alone", "what fits any song"),
        )
    }
)
