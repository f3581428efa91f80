"""The bundle that ships: fifty songs of the catalogue, one reply each, none of them picked."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from bot.hype import subject_of
from bot.songs.catalogue import Catalogue
from bot.songs.song import Song
from inference.bundle import Bundle, shipped
from inference.commentary import Commentator, Reply, Subject
from inference.prose import Names
from inference.words import words_of

SONGS = 50
LARGEST = 30_000_000  # bytes
_QUOTES = str.maketrans({"“": " ", "”": " "})


@pytest.fixture(scope="module")
def commentator() -> Commentator:
    return Commentator.open(device="cpu")


@pytest.fixture(scope="module")
def replies(commentator: Commentator) -> Mapping[Song, Reply]:
    said = {}
    for song in Catalogue.load().songs[:SONGS]:
        found = commentator.comment(subject_of(song), seed=2018).replies
        assert found, f"nothing was said about {song.line}"
        said[song] = found[0]
    return said


def without_names(song: Song, text: str, *, artist: str = "it", title: str = "it") -> str:
    """A reply with something else for the names of its own song."""
    names = Names.of(subject_of(song).artist, song.title)
    for name, other in ((names.artist, artist), (names.title, title)):
        if name:
            text = text.replace(name, other).replace(name.replace("'", "’"), other)
    return text


def test_it_is_small_enough_and_has_a_card() -> None:
    assert sum(path.stat().st_size for path in shipped().iterdir()) <= LARGEST
    card = (shipped() / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(word in card for word in ("licence", "perplexity", "What is wrong with it"))


def test_fifty_replies_are_well_formed(replies: Mapping[Song, Reply]) -> None:
    assert len(replies) == SONGS
    for song, reply in replies.items():
        rest = without_names(song, reply.text)
        assert 1 <= len(reply.sentences) <= 3
        assert re.fullmatch(r"[“‘A-Zi].*[.!?…][”’]?", rest), reply.text
        assert rest.count("“") == rest.count("”"), reply.text
        assert not re.search(r"[<>@#\d]|\s[,.;:!?]|  |\b(\w+) \1\b", rest), reply.text


def test_fifty_replies_repeat_nothing_that_was_read(replies: Mapping[Song, Reply]) -> None:
    novelty = Bundle.open(shipped(), device="cpu").novelty
    for song, reply in replies.items():
        assert not novelty.copied_run(reply.text), reply.text
        for sentence in reply.sentences:
            masked = without_names(song, sentence, artist="<artist>", title="<title>")
            assert not novelty.copied_run(masked), masked


def test_fifty_replies_name_nobody_else(replies: Mapping[Song, Reply]) -> None:
    acronyms = {"DJ", "MC", "EDM", "IDM", "R&B", "I"}
    for song, reply in replies.items():
        for sentence in reply.sentences:
            rest = without_names(song, sentence).translate(_QUOTES).split()
            capital = {word.strip(".,;:!?—’s'") for word in rest[1:] if word[0].isupper()}
            assert capital <= acronyms, sentence


def test_fifty_replies_are_fifty(replies: Mapping[Song, Reply]) -> None:
    spoken = [frozenset(words_of(without_names(song, reply.text))) for song, reply in replies.items()]
    assert len(set(spoken)) == len(spoken)


def test_praise_changes_what_is_said(commentator: Commentator) -> None:
    subject = Subject("Somebody", "Something", ("indie rock",), {"energy": 0.7})
    cool, warm = (commentator.comment(subject, seed=3, praise=praise).replies[0].text for praise in (0.0, 10.0))
    assert cool != warm


def test_a_song_of_which_nothing_is_known_is_answered(commentator: Commentator) -> None:
    reply = commentator.comment(Subject(), seed=5).replies[0]
    assert "<" not in reply.text
