"""Value functions: each labels texts from 0 to 1, and says more of what it is named after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.errors import StageError
from export.speaking import PRAISE
from export.stages import Run
from export.values import (
    FEWEST_VOTES,
    Value,
    descriptive_words,
    has_all,
    label_all,
    readability,
    sayable,
    sentiment,
    topic,
    votes,
)
from export.votes import Vote, read_votes, slot_form
from inference.bundle import Bundle
from inference.conditions import Conditions
from inference.prose import Names, finish
from inference.topics import TopicModel

NAMES = Names("The Tin Larks", "Slow. Comet")


@pytest.fixture(scope="module")
def spoken_from(run: Run) -> Bundle:
    return Bundle.open(run.folder / "bundle", device="cpu", threads=1)


def asked(bundle: Bundle, rows: int, praise: float | None = PRAISE) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.repeat(bundle.conditions.encode(Conditions(praise=praise)), rows, axis=0)


def one(value: Value, bundle: Bundle, *texts: str) -> list[float]:
    labels = value.label(texts, asked(bundle, len(texts)))
    assert labels.dtype == np.float32
    assert ((labels >= 0) & (labels <= 1)).all()
    return [float(label) for label in labels]


def test_words_of_sound_are_counted(spoken_from: Bundle) -> None:
    none, some, many = one(
        descriptive_words(), spoken_from, "they met in a town.", "a warm town.", "a hazy guitar drifts over lush drums."
    )
    assert none < some < many


def test_broken_english_reads_worse(spoken_from: Bundle, run: Run) -> None:
    human = ["the warm guitar drifts under the chorus, and a hazy drum answers."] * 3 + ["there is a lush, dark synth here."]
    value = readability(spoken_from, human)
    whole, broken = one(value, spoken_from, human[0], "guitar the the under chorus a and drum warm hazy drifts.")
    assert whole > broken


def test_what_the_gates_stop_cannot_be_said(spoken_from: Bundle) -> None:
    stopped, short = one(sayable(spoken_from), spoken_from, "guitar guitar guitar guitar guitar.", "the the")
    assert stopped == short == 0.0


def test_sentiment_follows_what_was_asked(spoken_from: Bundle) -> None:
    good, bad = "it is a wonderful and moving song.", "it is a dull and tiresome song."
    value = sentiment(spoken_from.conditions, [good, bad] * 30, [9.0, 1.0] * 30, seed=1)
    kind, middle, harsh, open_ = (
        value.label([good, bad], asked(spoken_from, 2, praise)) for praise in (PRAISE, 5.0, 1.0, None)
    )
    assert kind[0] > 0.5 > kind[1]
    assert harsh[0] < 0.5 < harsh[1]
    assert np.allclose(middle, 0.5, atol=1e-6)
    assert np.allclose(open_, kind)


def test_sentiment_without_anything_to_learn_from_says_nothing(spoken_from: Bundle) -> None:
    value = sentiment(spoken_from.conditions, ["a song."], [5.0], seed=1)
    assert one(value, spoken_from, "a song.", "a wonderful song.") == [0.5, 0.5]


def test_topics_tell_of_the_sound(spoken_from: Bundle) -> None:
    weights = np.array([[0.9, 0.9, 0.01], [0.01, 0.01, 0.9]], dtype=np.float32)
    model = TopicModel(
        ["guitar", "drums", "label"], weights, np.full(2, 0.1, np.float32), np.array([True, False]), ["sound", "trade"]
    )
    about, beside = one(topic(model), spoken_from, "the guitar over the drums.", "the label.")
    assert about > 0.8
    assert beside < 0.2


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_text_has_a_label(texts: list[str]) -> None:
    labels = descriptive_words().label(texts, np.zeros((len(texts), 1), dtype=np.float32))
    assert labels.shape == (len(texts),)
    assert ((labels >= 0) & (labels <= 1)).all()


def test_labels_stand_side_by_side(spoken_from: Bundle) -> None:
    values = [descriptive_words(), sayable(spoken_from)]
    labels = label_all(values, ["a hazy guitar.", "the the"], asked(spoken_from, 2))
    assert labels.shape == (2, 2)
    assert label_all([], ["a"], asked(spoken_from, 1)).shape == (1, 0)


def test_a_rate_is_the_share_above_the_threshold() -> None:
    values = [
        Value("a", lambda t, _c: np.zeros(len(t), np.float32)),
        Value("b", lambda t, _c: np.zeros(len(t), np.float32), 0.9),
    ]
    labels = np.array([[0.5, 0.9], [0.4, 1.0], [0.6, 0.8], [0.1, 0.1]], dtype=np.float32)
    assert has_all(labels, values, ["a", "b"]) == {"a": 0.5, "b": 0.5, "all": 0.25}
    assert has_all(labels, values, ["b"]) == {"b": 0.5, "all": 0.5}
    assert has_all(labels, values, []) == {"all": 1.0}


def test_tens_of_votes_teach_what_is_liked(spoken_from: Bundle) -> None:
    likes = [f"a warm {thing} drifts under the chorus." for thing in ("guitar", "piano", "synth", "drum", "organ", "violin")]
    dislikes = [f"it never hurries for <name> in <number>, {word}." for word in ("still", "now", "here", "again", "too", "yet")]
    cast = [Vote((text,), liked) for texts, liked in ((likes, True), (dislikes, False)) for text in texts]
    value = votes(spoken_from, cast)
    liked, disliked = one(value, spoken_from, *likes)[:5], one(value, spoken_from, *dislikes)[:5]
    assert np.mean(liked) > 0.5 > np.mean(disliked)


@pytest.mark.parametrize("cast", [[], [Vote(("a song.",), True)] * (2 * FEWEST_VOTES), [Vote(("a song.",), True)] * 2])
def test_too_few_votes_are_refused(spoken_from: Bundle, cast: list[Vote]) -> None:
    with pytest.raises(StageError, match="likes and dislikes"):
        votes(spoken_from, cast)


def line(**changes: object) -> str:
    """A vote as the bot prints it."""
    text = finish("<artist>'s <title> is a slow swell.", NAMES) + " " + finish("the guitar glows.", NAMES)
    vote: dict[str, object] = {
        "schema": 1,
        "reply": "x",
        "candidate": {"text": text, "scores": {"fluency": 0.1}, "bundle": {}},
        "seed": 3,
        "conditions": {"artist": NAMES.artist, "title": NAMES.title, "genres": [], "features": {}, "praise": 8.0},
        "vote": 1,
        "at": "2026-01-01T00:00:00Z",
    }
    return json.dumps(vote | changes)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "votes.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_votes_come_back_in_slot_form(tmp_path: Path) -> None:
    found = read_votes(written(tmp_path, line(), "", line(vote=-1), line(vote=None), line(vote=0)))
    assert [vote.liked for vote in found] == [True, False]
    assert found[0].sentences == ("<artist>'s <title> is a slow swell.", "the guitar glows.")


@pytest.mark.parametrize(
    "bad",
    [
        "no json",
        "[]",
        "7",
        "[" * 100_000,
        line(schema=2),
        line(vote=5),
        line(vote="up"),
        line(candidate="text"),
        line(candidate={"text": 7}),
        line(candidate={"text": "x" * 10_000}),
        line(conditions=None),
    ],
)
def test_a_line_that_is_no_vote_is_named(tmp_path: Path, bad: str) -> None:
    with pytest.raises(StageError, match=r"Line 2 of votes\.jsonl"):
        read_votes(written(tmp_path, line(), bad))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="cannot be read"):
        read_votes(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Mara Holt", "Glass"),
        ("M*A*S*H (live)", "What?!"),
        ("Nine Lanterns", None),
        (None, "Low Lamps"),
        (None, None),
        ("a", "b"),
    ],
)
def test_names_become_slots_again(artist: str | None, title: str | None) -> None:
    names = Names.of(artist, title)
    slots = [slot for slot in ("<artist>", "<title>") if slot in names.slots]
    said = " and ".join([*slots, "the slow organ"]) + " hum along."
    assert slot_form(finish(said, names), names) == said
