"""What a song is: clean texts, believable features, and what it says of itself."""

import json
import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.songs.song import MAX_NAMES, MAX_TITLE, AudioFeatures, Song, clean_text
from inference.conditions import FEATURES

shares = st.floats(0, 1)


@given(st.text(), st.integers(1, 60))
def test_clean_text_is_one_short_line_of_visible_characters(text: str, limit: int) -> None:
    clean = clean_text(text, limit)
    assert len(clean) <= limit
    assert clean == clean.strip()
    assert "  " not in clean
    assert not any(unicodedata.category(c)[0] == "C" or unicodedata.category(c) in {"Zl", "Zp"} for c in clean)
    assert clean_text(clean, limit) == clean


@pytest.mark.parametrize(
    ("hostile", "clean"),
    [
        ("Never\nGonna\r\n\tGive", "Never Gonna Give"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("evil\u202egnp.exe\u202c", "evilgnp.exe"),
        ("\u2066a\u2069\u200b\ufeffb", "ab"),
        ("line\u2028and\u2029paragraph", "line and paragraph"),
        ("\u3164\u2800\u115f", ""),
        ("\ud800lone \ue000private", "lone private"),
        ("Beyonce\u0301", "Beyoncé"),
        ("방탄소년단", "방탄소년단"),
        ("Sigur Rós — Hoppípolla", "Sigur Rós — Hoppípolla"),
    ],
)
def test_clean_text_of_hostile_and_of_foreign_text(hostile: str, clean: str) -> None:
    assert clean_text(hostile, 100) == clean


def test_a_song_cleans_every_text_and_drops_the_empty_ones() -> None:
    song = Song(
        title="Creep\u202e" + "x" * 500,
        artists=("Radio\nhead", "\u200b", "Radio head"),
        album=" \t ",
        ids={"spotify": "abc\n", "youtube": "\x00"},
        genres=tuple(f"genre {number}" for number in range(100)),
        sources={"title": "que\rry"},
    )
    assert song.title is not None
    assert song.title.startswith("Creepxxx")
    assert len(song.title) == MAX_TITLE
    assert song.artists == ("Radio head",)
    assert song.album is None
    assert song.ids == {"spotify": "abc"}
    assert len(song.genres) == MAX_NAMES
    assert song.sources == {"title": "que ry"}


def test_songs_are_values_that_nobody_can_change() -> None:
    ids = {"isrc": "GBARL9300135"}
    song, same = Song(title="A", ids=ids), Song(title="A", ids=ids)
    ids["isrc"] = "changed"
    assert song == same
    assert hash(song) == hash(same)
    assert song.ids == {"isrc": "GBARL9300135"}
    with pytest.raises(TypeError):
        song.ids["isrc"] = "changed"  # type: ignore[index]  # the point of the test
    with pytest.raises(AttributeError):
        song.title = "B"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("song", "line"),
    [
        (Song(title="Hips Don't Lie", artists=("Shakira", "Wyclef Jean")), "Shakira, Wyclef Jean — Hips Don't Lie"),
        (Song(title="Hurt"), "Hurt"),
        (Song(artists=("Enya",)), "Enya"),
        (Song(ids={"spotify": "x"}), "Unknown song"),
    ],
)
def test_line(song: Song, line: str) -> None:
    assert song.line == line


def test_unknown_names_what_is_missing() -> None:
    assert Song().unknown == ("artist", "title", "genres", "audio features")
    assert Song(title="Hurt", features=AudioFeatures(energy=0)).unknown == ("artist", "genres")
    assert Song(title="a", artists=("b",), genres=("c",), features=AudioFeatures(tempo=90)).unknown == ()


def test_as_dict_is_json_with_the_known_features_only() -> None:
    song = Song(title="Hurt", artists=("Johnny Cash",), features=AudioFeatures(tempo=91), sources={"title": "query"})
    assert json.loads(json.dumps(song.as_dict())) == {
        "kind": "track",
        "title": "Hurt",
        "version": None,
        "artists": ["Johnny Cash"],
        "album": None,
        "duration": None,
        "ids": {},
        "genres": [],
        "features": {"tempo": 91},
        "sources": {"title": "query"},
    }


@given(st.fixed_dictionaries({}, optional={"energy": shares, "valence": shares, "tempo": st.floats(20, 400)}))
def test_known_features_are_those_given(values: dict[str, float]) -> None:
    assert AudioFeatures(**values).known() == values


def test_the_features_are_those_the_model_knows_in_its_order() -> None:
    everything = AudioFeatures(**{name: 50.0 if name == "tempo" else 0.5 for name in FEATURES})
    assert tuple(everything.known()) == FEATURES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("danceability", 1.01),
        ("energy", -0.01),
        ("valence", math.nan),
        ("liveness", True),
        ("speechiness", "0.5"),
        ("acousticness", 10**400),
        ("tempo", 0),
        ("tempo", math.inf),
        ("loudness", -200),
    ],
)
def test_impossible_features_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"audio feature {name} is .* leave it out"):
        AudioFeatures(**{name: value})
