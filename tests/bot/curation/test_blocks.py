"""Blocked words and artists: found however they are written, and never by accident."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.curation.blocks import KINDS, MAX_ENTRIES, MAX_LENGTH, BlockKind, Blocks
from bot.errors import InputError
from bot.songs.matching.names import fold
from bot.songs.providers.itunes import ITunesProvider
from bot.songs.song import Song, clean_text


def blocking(*words: str, artists: tuple[str, ...] = ()) -> Blocks:
    """These words and artists blocked."""
    return Blocks.from_dict({"word": words, "artist": artists})


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("moist", "A MOIST, warm groove"),
        ("moist", "so moist"),
        ("Moist!", "moist"),
        ("naïve", "a naive tune"),
        ("naive", "NAÏVE"),
        ("kesha", "as Ke$ha sang"),
        ("rock 'n' roll", "It is rock and roll again"),
        ("don't stop", "Don’t stop believing"),
        ("well-known", "a well known song"),
        ("死ね", "今日は死ねと言う"),
        ("사랑", "사랑은 비를"),
        ("слово", "Одно СЛОВО!"),
        ("69", "summer of 69"),
        ("moist", "mo\u200bi\u00adst"),
        ("of the night", "rhythm of the night"),
    ],
)
def test_a_word_is_found_however_it_is_written(word: str, text: str) -> None:
    assert blocking(word).blocked_in(text) == word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("moist", "moisture and moistened"),
        ("ass", "a class act, Bass and brass"),
        ("rock roll", "roll rock"),
        ("rock star", "rock"),
        ("각각", "가가각"),
        ("가가", "가각"),
        ("moist", ""),
        ("moist", "\ud800"),
    ],
)
def test_a_word_is_not_found_in_others(word: str, text: str) -> None:
    assert blocking(word).blocked_in(text) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", " ", "\u200b", "\ud800", "\x00\x1b"])
def test_an_empty_entry_is_refused(kind: BlockKind, text: str) -> None:
    with pytest.raises(InputError, match=r"(fewer than two letters|without a name)"):
        Blocks().added(kind, text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a", '"a" has fewer than two letters and would block too much: give a longer word.'),
        ("!!", '"!!" has fewer than two letters'),
        ("死", '"死" has fewer than two letters'),
        ("The", '"The" stands in nearly every text'),
        ("and the", '"and the" stands in nearly every text'),
        ("x" * 101, "The word is 101 characters long, and 100 are the most: shorten it."),
    ],
)
def test_a_word_that_would_block_too_much_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Blocks().added("word", text)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("artist", "song"),
    [
        ("beyonce", Song(artists=("Beyoncé",), title="Halo")),
        ("The Beatles", Song(artists=("Beatles",))),
        ("The The", Song(artists=("the the",))),
        ("kino", Song(artists=("Кино",))),
        ("!!!", Song(artists=("!!!",))),
        ("嵐", Song(artists=("嵐",))),
        ("Drake", Song(artists=("Future", "Drake"))),
        ("Drake", Song(artists=("Future & Drake",))),
        ("Drake", Song(artists=("Future feat. Drake",))),
        ("Future", Song(artists=("Future (ft. Drake)",))),
        ("Drake", Song(artists=("Future",), title="Life Is Good (feat. Drake)")),
        ("Drake", Song(artists=("Future",), title="Life Is Good (with Drake & Offset)")),
        ("Drake", Song(artists=("Future",), title="Life Is Good", version="Drake's Remix")),
        ("Tyler, The Creator", Song(artists=("Tyler, The Creator",))),
        ("Earth, Wind & Fire", Song(artists=("Earth, Wind & Fire",))),
        ("X Ambassadors", Song(artists=("Jamie N Commons & X Ambassadors",))),
        ("The Weeknd", Song(artists=("Drake & The Weeknd",), sources={"artists": "iTunes"})),
        ("Offset", Song(artists=("Gucci Mane, Drake & Offset",), sources={"artists": "iTunes"})),
        ("Macklemore", Song(artists=("Macklemore & Ryan Lewis",), sources={"artists": "Spotify"})),
        ("Prince", Song(artists=("Prince & The Revolution",), sources={"artists": "Spotify"})),
        ("Drake", Song(artists=("Future × Drake",), sources={"artists": "Spotify"})),
        ("M", Song(artists=("-M-",))),
    ],
)
def test_an_artist_is_found_in_every_part(artist: str, song: Song) -> None:
    blocks = blocking(artists=(artist,))
    assert blocks.blocked_artist(song) == blocks.blocked_song(song) == artist
    assert blocks.blocked_in(song.line) is None


@pytest.mark.parametrize(
    ("artist", "song"),
    [
        ("Prince", Song(artists=("Prince Royce",), title="Prince")),
        ("You", Song(artists=("Mr. Big",), title="To Be With You")),
        ("!!!", Song(artists=("???",))),
        ("Drake", Song()),
        ("M", Song(artists=("M83",))),
        ("Fire", Song(artists=("Earth, Wind & Fire",))),
        ("Fire", Song(artists=("Somebody",), title="Song (feat. Earth, Wind & Fire)")),
        ("Nash", Song(artists=("Crosby, Stills, Nash & Young",), sources={"artists": "iTunes"})),
        ("Sebastian", Song(artists=("Belle and Sebastian",), sources={"artists": "Spotify"})),
        ("Sirens", Song(artists=("Sleeping With Sirens",), sources={"artists": "Deezer"})),
        ("Oates", Song(artists=("Hall & Oates", "Prince"))),
        ("The Machine", Song(artists=("Florence + the Machine",), sources={"artists": "Spotify"})),
        ("Tyler", Song(artists=("Tyler, The Creator",))),
        ("Jr", Song(artists=("Grover Washington, Jr.",))),
        ("His Orchestra", Song(artists=("Tito Puente & His Orchestra",))),
        ("DC", Song(artists=("AC/DC",))),
    ],
)
def test_an_artist_is_not_found_in_others(artist: str, song: Song) -> None:
    assert blocking(artists=(artist,)).blocked_song(song) is None


def test_the_services_that_write_several_artists_as_one_are_called_as_credits_calls_them() -> None:
    several = Song(artists=("Future & Drake",), sources={"artists": ITunesProvider.label})
    assert blocking(artists=("Drake",)).blocked_artist(several) == "Drake"


def test_a_song_is_blocked_for_a_word_in_what_is_shown() -> None:
    blocks = blocking("moist")
    assert blocks.blocked_song(Song(artists=("Moist",), title="Push")) == "moist"
    assert blocks.blocked_song(Song(title="Push", album="Moist Days")) == "moist"
    assert blocks.blocked_song(Song(title="Push", version="moist mix")) == "moist"
    assert blocks.blocked_song(Song(title="Push")) is None


def test_entries_come_and_go_however_they_are_typed() -> None:
    blocks = Blocks().added("word", "Naïve ").added("word", "naive").added("artist", "ABBA")
    assert blocks.as_dict() == {"word": ["Naïve"], "artist": ["ABBA"]}
    gone = blocks.removed("word", "NAIVE")
    assert gone.listed("word") == ()
    assert blocks.listed("word") == ("Naïve",)
    with pytest.raises(InputError, match='The word "naive" is not blocked: see the list of those that are'):
        gone.removed("word", "naive")


def test_there_are_only_so_many_entries() -> None:
    full = blocking(*(f"word{n}" for n in range(MAX_ENTRIES)))
    assert full.added("word", "word7") == full
    assert full.added("artist", "somebody") != full
    with pytest.raises(InputError, match="500 words are blocked already, which is the most: take one out first"):
        full.added("word", "one more")
    with pytest.raises(InputError, match="These are 501 blocked words, and 500 are the most"):
        blocking(*(f"word{n}" for n in range(MAX_ENTRIES + 1)))


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    blocks = blocking(*(f"{'ab ' * 30}{n}" for n in range(MAX_ENTRIES)))
    began = process_time()
    assert blocks.blocked_in("ab " * 30_000) is None
    assert process_time() - began < 5


@given(
    st.dictionaries(st.sampled_from(KINDS), st.lists(st.text(max_size=20), max_size=9))
    | st.recursive(st.none() | st.text(), st.lists)
)
def test_no_table_breaks_the_blocks(values: Any) -> None:
    try:
        blocks = Blocks.from_dict(values)
    except InputError:
        return
    assert Blocks.from_dict(json.loads(json.dumps(blocks.as_dict()))) == blocks


@given(st.text(max_size=MAX_LENGTH), st.text(max_size=40), st.text(max_size=40))
def test_what_is_blocked_is_found_and_taken_back(entry: str, before: str, after: str) -> None:
    try:
        blocks = Blocks().added("word", entry)
    except InputError:
        return
    text = f"{before} . {after}"
    assert blocks.blocked_in(entry) is not None
    assert blocks.blocked_in(f"{before} {entry} {after}") is not None
    assert blocks.blocked_in(text) is None or not set(fold(clean_text(entry, 999))).isdisjoint(fold(text))
    assert blocks.removed("word", entry) == Blocks()
